"""Alerts in the memory: episodes with a beginning and, one day, an end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from db import Store
from db.records import Alert, AlertKind
from tests.support.memory import NOW


def an_alert(kind: AlertKind = AlertKind.DATABASE, **values: Any) -> Alert:
    filled: dict[str, Any] = {"alert_id": 0, "words": "It is away.", "since": NOW}
    return Alert(kind=kind, **filled | values)


async def begin(store: Store, *alerts: Alert) -> list[Alert]:
    async with store.transaction() as tx:
        return [replace(each, alert_id=await tx.alerts.begin(each)) for each in alerts]


async def newest(store: Store) -> tuple[Alert, ...]:
    async with store.reading() as rx:
        return await rx.alerts.list_newest(10)


async def test_an_episode_is_kept_as_it_began(store: Store) -> None:
    (kept,) = await begin(store, an_alert(team_id="T1"))

    assert kept.alert_id > 0
    assert (kept,) == await newest(store)


async def test_only_what_lasts_is_open(store: Store) -> None:
    first, second, _ = await begin(
        store, an_alert(), an_alert(AlertKind.SOCKETS), an_alert(AlertKind.LAG, until=NOW + timedelta(minutes=1))
    )

    async with store.reading() as rx:
        assert (first, second) == await rx.alerts.list_open()


async def test_an_episode_goes_on_with_other_words_and_ends(store: Store) -> None:
    (kept,) = await begin(store, an_alert())
    ended = replace(kept, words="It was away.", until=NOW + timedelta(minutes=3))

    async with store.transaction() as tx:
        await tx.alerts.go_on(ended)

    assert (ended,) == await newest(store)


async def test_what_ended_long_ago_is_dropped_and_what_lasts_is_not(store: Store) -> None:
    _, lasts, late = await begin(
        store,
        an_alert(until=NOW - timedelta(days=2)),
        an_alert(since=NOW - timedelta(days=9)),
        an_alert(until=NOW),
    )
    async with store.transaction() as tx:
        await tx.alerts.prune(before=NOW - timedelta(days=1))

    assert (late, lasts) == await newest(store)


async def test_an_episode_of_a_kind_that_lasts_at_others_is_found(store: Store) -> None:
    async with store.transaction() as tx:
        numbers = [
            await tx.alerts.begin(an_alert(), instance="one"),
            await tx.alerts.begin(an_alert(until=NOW), instance="two"),
            await tx.alerts.begin(an_alert(AlertKind.LAG), instance="two"),
        ]

    async with store.reading() as rx:
        found = await rx.alerts.find_open(AlertKind.DATABASE, {"one", "two"})
        assert found is not None
        assert numbers[0] == found.alert_id
        assert await rx.alerts.find_open(AlertKind.DATABASE, {"two"}) is None
        assert await rx.alerts.find_open(AlertKind.DATABASE, set()) is None


async def test_of_a_kind_the_episode_that_ended_last_is_found_if_that_was_lately(store: Store) -> None:
    _, late, _, _ = await begin(
        store,
        an_alert(until=NOW - timedelta(minutes=9)),
        an_alert(until=NOW),
        an_alert(until=NOW - timedelta(minutes=5)),
        an_alert(),
    )

    async with store.reading() as rx:
        assert late == await rx.alerts.find_last_ended(AlertKind.DATABASE, since=NOW - timedelta(hours=1))
        assert await rx.alerts.find_last_ended(AlertKind.DATABASE, since=NOW + timedelta(seconds=1)) is None
        assert await rx.alerts.find_last_ended(AlertKind.LAG, since=NOW - timedelta(hours=1)) is None
