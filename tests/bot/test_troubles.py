"""What is wrong: each sign of trouble is one kind of alert, in words that say what it costs and how to mend it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.lag import Lag
from bot.scopes import SCOPES, lacking
from bot.troubles import LETTERS_LAST, SOCKETS_MAY_TAKE_S, Signs, troubles, untold
from db.records import AlertKind, RunState

NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
WELL = Signs(now=NOW, last_run=RunState.DONE)
AGO = NOW - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("signs", "kind", "words"),
    [
        ({"database_trouble": "It is away.", "database_away_since": AGO}, AlertKind.DATABASE, "It is away."),
        ({"not_committed": True}, AlertKind.NOT_COMMITTED, "did not take in time"),
        ({"rejected": "Slack refuses SLACK_BOT_TOKEN."}, AlertKind.TOKEN, "SLACK_BOT_TOKEN"),
        ({"rejected_elsewhere": "Another says so."}, AlertKind.TOKEN, "Another says so."),
        ({"rejected": "Ours.", "rejected_elsewhere": "Another's."}, AlertKind.TOKEN, "Ours."),
        ({"sockets": 0, "sockets_lost_since": AGO}, AlertKind.SOCKETS, "usersync doctor"),
        (
            {"sockets": 0, "sockets_lost_since": AGO, "sockets_trouble": "Switch it on."},
            AlertKind.SOCKETS,
            "Switch it on.",
        ),
        ({"runs_trouble": "It failed.", "last_run": RunState.FAILED}, AlertKind.RUN_FAILED, "It failed."),
        ({"runs_trouble": "It failed.", "last_run": None}, AlertKind.RUN_FAILED, "It failed."),
        ({"runs_trouble": "It was held.", "last_run": RunState.HELD}, AlertKind.RUN_HELD, "It was held."),
        ({"runs_trouble": "No id.", "last_run": RunState.DONE}, AlertKind.RUN_INCOMPLETE, "No id."),
        ({"events_dropped_at": AGO}, AlertKind.EVENTS_DROPPED, "dropped events"),
        ({"letters": 3, "newest_letter_at": AGO}, AlertKind.DEAD_LETTERS, "3 unreadable events"),
        ({"late_s": 90.0}, AlertKind.LAG, "1 min 30 s"),
        ({"crowded": "Somebody else is there."}, AlertKind.OTHER_INSTANCE, "Somebody else"),
        ({"disk_trouble": "It is nearly full."}, AlertKind.DISK, "nearly full"),
        ({"lacking": SCOPES[:2]}, AlertKind.SCOPE, "users:read and commands"),
    ],
)
def test_each_sign_is_one_trouble_in_words(signs: dict[str, Any], kind: AlertKind, words: str) -> None:
    (found,) = troubles(replace(WELL, **signs))

    assert kind is found.kind
    assert words in found.words


def test_where_all_is_well_there_is_no_trouble() -> None:
    assert [] == troubles(WELL)
    assert [] == troubles(replace(WELL, last_run=None))


def test_a_trouble_began_when_its_sign_says() -> None:
    for signs in (
        {"sockets": 0, "sockets_lost_since": AGO},
        {"events_dropped_at": AGO},
        {"letters": 1, "newest_letter_at": AGO},
    ):
        assert [AGO] == [each.since for each in troubles(replace(WELL, **signs))]


def test_connections_may_take_a_few_seconds_before_it_is_told() -> None:
    young = replace(WELL, sockets=0, sockets_lost_since=NOW - timedelta(seconds=SOCKETS_MAY_TAKE_S - 1))

    assert [] == troubles(young)
    assert 1 == len(troubles(replace(young, sockets_lost_since=NOW - timedelta(seconds=SOCKETS_MAY_TAKE_S))))


def test_dead_letters_are_news_for_an_hour_and_only_while_they_lie_there() -> None:
    old = replace(WELL, letters=3, newest_letter_at=NOW - LETTERS_LAST - timedelta(seconds=1))

    assert [] == troubles(old)
    assert [] == troubles(replace(WELL, letters=0, newest_letter_at=NOW))


def test_what_cannot_be_told_ends_no_episode() -> None:
    assert frozenset() == untold(WELL)
    assert {AlertKind.DEAD_LETTERS} == untold(replace(WELL, letters=None))
    assert {AlertKind.SOCKETS} == untold(replace(WELL, untold=frozenset({AlertKind.SOCKETS})))
    assert {AlertKind.RUN_FAILED, AlertKind.RUN_HELD, AlertKind.RUN_INCOMPLETE} == untold(replace(WELL, last_run=None))


def test_a_scope_is_missing_if_it_is_needed_and_slack_said_that_it_was_not_granted() -> None:
    def missing(granted: frozenset[str] | None, *wanted: str) -> list[str]:
        return [scope.name for scope in lacking(granted, wanted=frozenset(wanted))]

    every = frozenset(scope.name for scope in SCOPES)

    assert ["users:read"] == missing(every - {"users:read", "team:read"})
    assert ["commands"] == missing(every - {"commands"})
    assert [] == missing(every - {"chat:write"})
    assert ["chat:write"] == missing(every - {"chat:write"}, "chat:write")
    assert [] == missing(None, "chat:write")


def test_a_late_commit_is_remembered_for_a_minute_with_the_worst_of_it() -> None:
    now = [0.0]
    noted: list[float] = []
    lag = Lag(monotonic=lambda: now[0], on_note=noted.append)

    lag.note(-0.4)
    assert (0.0, None) == (lag.last_s, lag.late_s)
    lag.note(200.0)
    lag.note(70.0)
    lag.note(0.1)
    assert (0.1, 200.0) == (lag.last_s, lag.late_s)
    now[0] = 61.0
    assert lag.late_s is None
    lag.note(65.0)
    assert 65.0 == lag.late_s
    assert [0.0, 200.0, 70.0, 0.1, 65.0] == noted
