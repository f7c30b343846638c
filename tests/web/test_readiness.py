"""Readiness: each thing amiss is a reason with its remedy, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from web.ports import Status, Walk
from web.readiness import judge

NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
WELL = Status(
    sockets=2,
    sockets_wanted=2,
    connected_since=NOW - timedelta(hours=1),
    last_heard_at=NOW - timedelta(seconds=3),
    walked_at=NOW - timedelta(hours=5),
    is_backfilled=True,
    reconcile_every_s=6 * 3600,
)


def reasons(*, database_answers: bool = True, **differently: Any) -> tuple[str, ...]:
    return judge(replace(WELL, **differently), NOW, database_answers=database_answers).reasons


@pytest.mark.parametrize(
    ("differently", "words"),
    [
        ({"database_answers": False}, "database does not answer"),
        ({"sockets": 0}, "No connection to Slack is open"),
        ({"sockets": 0, "last_heard_at": None, "connected_since": None}, "No connection to Slack is open"),
        ({"sockets": 0, "trouble": "Switch on Socket Mode."}, "Switch on Socket Mode."),
        ({"is_backfilled": False, "walked_at": None}, "first run has not ended"),
        ({"is_backfilled": False, "walked_at": None, "walk": Walk(1200, NOW)}, "1,200 people so far"),
        ({"last_heard_at": NOW - timedelta(minutes=6)}, "not heard for 6 minutes"),
        ({"last_heard_at": None}, "not heard for 60 minutes"),
        ({"walked_at": NOW - timedelta(hours=13)}, "last finished run is 13 hours old"),
        ({"rejected": "Slack refuses SLACK_BOT_TOKEN (token_revoked)."}, "SLACK_BOT_TOKEN"),
    ],
)
def test_one_thing_amiss_is_one_reason(differently: dict[str, Any], words: str) -> None:
    (reason,) = reasons(**differently)

    assert words in reason


def test_everything_amiss_is_told_together_and_nothing_twice() -> None:
    refused = "Slack refuses SLACK_APP_TOKEN (invalid_auth)."
    found = reasons(database_answers=False, sockets=0, is_backfilled=False, rejected=refused, trouble=refused)

    assert 4 == len(found)
    assert 1 == " ".join(found).count(refused)


def test_a_service_that_has_just_begun_is_not_ready() -> None:
    assert not judge(Status(), NOW, database_answers=True).is_ready


@pytest.mark.parametrize(
    "differently",
    [
        {},
        {"sockets": 1},
        {"walked_at": NOW - timedelta(hours=11)},
        {"last_heard_at": NOW - timedelta(minutes=4)},
        {"reconcile_every_s": None, "walked_at": NOW - timedelta(days=9)},
        {"trouble": "A reading failed once."},
    ],
)
def test_it_is_ready_where_people_are_whole_and_fresh(differently: dict[str, Any]) -> None:
    assert () == reasons(**differently)


def test_the_facts_are_figures_and_times() -> None:
    assert {
        "sockets": 2,
        "sockets_wanted": 2,
        "sockets_elsewhere": 0,
        "backfilled": True,
        "last_heard_at": "2026-11-23T16:41:57+00:00",
        "last_run_at": "2026-11-23T11:42:00+00:00",
    } == judge(WELL, NOW, database_answers=True).facts


def test_where_nobody_follows_slack_that_is_said_once() -> None:
    nobody = "Nobody follows Slack right now, so changes do not arrive. Start one."
    found = reasons(sockets=0, sockets_wanted=0, is_followed=False, trouble=nobody, is_backfilled=False, walked_at=None)

    assert nobody == found[0]
    assert 1 == " ".join(found).count("changes do not arrive")
    assert "people are missing" in found[1]
    assert "It comes by itself once that is mended." in found[1]


def test_a_trouble_that_has_several_consequences_is_told_with_the_first() -> None:
    trouble = "Switch on Socket Mode."
    found = reasons(sockets=0, trouble=trouble, walked_at=NOW - timedelta(hours=13))

    assert 2 == len(found)
    assert 1 == " ".join(found).count(trouble)
