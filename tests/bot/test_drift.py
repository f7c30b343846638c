"""Drift: told by user and by field, and only where no event can still be on its way."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.entries import Entry, entry_of_member
from bot.runs.drift import EVENT_MAY_COME_S, drift_of
from bot.runs.words import found
from bot.simulator import Simulator
from db import Store
from db.records import Change, Run, RunKind, RunState, Source
from tests.support.factories import TEAM, a_user_payload
from tests.support.runs import a_run

NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
ASKED_AT_S = NOW.timestamp()


def an_entry(user_id: str, *, age_s: float) -> Entry:
    payload = a_user_payload(user_id, updated=int(ASKED_AT_S - age_s))
    return entry_of_member(payload, team_id=TEAM, moment=0, now_s=ASKED_AT_S)


def a_change(user_id: str | None, before: dict[str, Any], after: dict[str, Any], seq: int = 0) -> Change:
    return Change(TEAM, 1, seq, user_id, before, after, Source.RUN, NOW)


def drift(entries: list[Entry], *changes: Change) -> tuple[int, Counter[str]]:
    return drift_of(entries, changes, asked_at_s=ASKED_AT_S)


def test_users_and_fields_are_counted_each_once() -> None:
    entries = [an_entry(user_id, age_s=3600) for user_id in ("U1", "U2", "U3")]
    title = a_change("U1", {"title": "A"}, {"title": "B"})
    status = a_change("U1", {"status_text": ""}, {"status_text": "away"}, seq=1)
    both = a_change("U2", {"title": "A", "email": "a"}, {"title": "B", "email": "b"}, seq=2)

    assert (2, Counter(title=2, status_text=1, email=1)) == drift(entries, title, status, both)


def test_a_user_who_was_unknown_counts_as_new_and_not_once_a_field() -> None:
    assert (1, Counter(new=1)) == drift([an_entry("U1", age_s=3600)], a_change("U1", {}, {"title": "B", "name": "b"}))


@pytest.mark.parametrize(("age_s", "users"), [(EVENT_MAY_COME_S, 0), (EVENT_MAY_COME_S + 1, 1)])
def test_what_is_younger_than_a_minute_may_still_have_its_event_to_come(age_s: float, users: int) -> None:
    change = a_change("U1", {"title": "A"}, {"title": "B"})

    assert users == drift([an_entry("U1", age_s=age_s)], change)[0]


def test_a_reset_is_nobodys_drift() -> None:
    assert (0, Counter()) == drift([an_entry("U1", age_s=3600)], a_change(None, {}, {}))


@pytest.fixture
def clock() -> list[float]:
    """Slack's time, to be moved on by a test; epoch seconds."""
    return [datetime.now(UTC).timestamp()]


@pytest.fixture
async def aging_slack(clock: list[float]) -> Any:
    async with Simulator(clock=lambda: clock[0]) as simulator:
        yield simulator


async def test_a_run_tells_what_no_event_had_told_and_the_next_one_finds_none(
    aging_slack: Simulator, clock: list[float], store: Store
) -> None:
    slack = aging_slack
    ada, grace, alan = slack.adds("Ada Lovelace"), slack.adds("Grace Hopper"), slack.adds("Alan Turing")
    await a_run(slack, store)
    clock[0] += 10
    slack.changes(ada, title="Countess", quietly=True)
    slack.changes(grace, title="Admiral", phone="+1 555 0100", quietly=True)
    slack.adds("Mary Somerville")
    clock[0] += 120
    slack.changes(alan, title="Cryptanalyst", quietly=True)

    first = (await a_run(slack, store)).run
    second = (await a_run(slack, store)).run

    assert (3, {"title": 2, "phone": 1, "new": 1}) == (first.drift, first.drift_fields)
    assert (0, None) == (second.drift, second.drift_fields)
    assert "corrected 3 people that events had not told us (title 2, new 1, phone 1)" in found(first)


def a_run_with(fields: dict[str, int] | None) -> Run:
    return Run(
        1, TEAM, RunKind.RECONCILE, RunState.DONE, None, None, False, NOW, NOW, NOW, drift=9, drift_fields=fields
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (None, "Corrected 9 people that events had not told us."),
        ({"b": 1, "a": 1, "c": 3}, "Corrected 9 people that events had not told us (c 3, a 1, b 1)."),
        (
            dict.fromkeys("abcdef", 1),
            "Corrected 9 people that events had not told us (a 1, b 1, c 1, d 1, e 1, and 1 other field).",
        ),
    ],
)
def test_the_words_name_the_fields_that_differed_most_first(fields: dict[str, int] | None, words: str) -> None:

    assert words == found(a_run_with(fields))
