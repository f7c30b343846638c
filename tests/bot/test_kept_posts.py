"""Which messages tell of alerts is written down, and a later process finds what it may still have to edit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.alerts_left import look_around
from bot.telling.kept_posts import KeptPosts, Key, told_of
from bot.telling.steps import Told
from db import Store, Transaction
from db.records import Alert, AlertKind
from tests.support.waiting import eventually

NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
KEY = ("T1", "C1")
AN_HOUR = timedelta(hours=1)


def kept_posts(store: Store, *, is_away: bool = False) -> KeptPosts:
    return KeptPosts(store, is_away=lambda: is_away)


async def found_by_the_next(store: Store) -> list[tuple[Key, Told]]:
    return told_of((await look_around(store, "the next", [], NOW)).left, NOW, calm_s=600)


async def an_episode(store: Store, until: datetime | None = None, kind: AlertKind = AlertKind.DISK) -> Alert:
    alert = Alert(0, kind, "It is nearly full.", NOW - 2 * AN_HOUR, until)
    async with store.transaction() as tx:
        return replace(alert, alert_id=await tx.alerts.begin(alert))


async def keep(store: Store, alert: Alert, *, told_over: bool) -> None:
    kept = kept_posts(store)
    kept.keep(KEY, Told(alert if told_over else replace(alert, until=None), NOW, "12.5"))
    await kept.write()


async def test_a_later_process_finds_what_lasts_what_is_over_untold_and_what_may_come_back(store: Store) -> None:
    lasts = await an_episode(store)
    untold_end = await an_episode(store, NOW - AN_HOUR)
    lately = await an_episode(store, NOW - timedelta(minutes=9))
    long_ago = await an_episode(store, NOW - timedelta(minutes=11))
    for alert, told_over in ((lasts, False), (untold_end, False), (lately, True), (long_ago, True)):
        await keep(store, alert, told_over=told_over)

    found = await found_by_the_next(store)

    assert [(KEY, "12.5")] * 3 == [(key, told.ts) for key, told in found]
    assert [each.alert_id for each in (lasts, untold_end, lately)] == [told.alert.alert_id for _, told in found]
    assert [False, False, True] == [told.is_over for _, told in found]


async def test_a_later_process_knows_what_came_back_into_the_message_of_the_one_before(store: Store) -> None:
    before, back = await an_episode(store, NOW - timedelta(minutes=9), AlertKind.LAG), await an_episode(store)
    await keep(store, before, told_over=True)
    await keep(store, back, told_over=False)

    _, (_, told) = await found_by_the_next(store)

    assert (1, before.since, before.until) == (told.times_back, told.since, told.back_after)


async def test_an_episode_without_a_number_waits_until_it_has_one(store: Store) -> None:
    kept = kept_posts(store)
    kept.keep(KEY, Told(Alert(0, AlertKind.DATABASE, "Away.", NOW), NOW, "12.5"))
    await kept.write()

    async with store.reading() as rx:
        assert () == await rx.alert_posts.list_unfinished()


async def test_of_an_alert_that_went_with_somebody_nothing_is_kept(store: Store) -> None:
    alert = await an_episode(store, NOW - AN_HOUR)
    async with store.transaction() as tx:
        await tx.alerts.prune(before=NOW)

    await keep(store, alert, told_over=False)

    async with store.reading() as rx:
        assert () == await rx.alert_posts.list_unfinished()


async def test_nobody_waits_for_a_database_that_is_known_to_be_away(store: Store) -> None:
    alert = await an_episode(store)
    away = [True]
    kept = KeptPosts(store, is_away=lambda: away[0])
    kept.keep(KEY, Told(alert, NOW, "12.5"))
    await kept.write()
    async with store.reading() as rx:
        assert () == await rx.alert_posts.list_unfinished()

    away[0] = False
    await kept.write()

    async with store.reading() as rx:
        assert 1 == len(await rx.alert_posts.list_unfinished())


class Watched:
    """A store that tells of its transactions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.under_way = self.most = self.begun = 0
        self.may_commit = asyncio.Event()
        self.may_commit.set()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        self.begun += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            async with self._store.transaction() as tx:
                yield tx
                await self.may_commit.wait()
        finally:
            self.under_way -= 1


async def test_several_who_write_at_once_write_one_after_the_other(store: Store) -> None:
    """Two that put the same message at once would collide on its key."""
    watched = Watched(store)
    kept = KeptPosts(watched, is_away=lambda: False)  # type: ignore[arg-type]
    kept.keep(KEY, Told(await an_episode(store), NOW, "12.5"))
    await asyncio.gather(*(kept.write() for _ in range(5)))

    assert (1, 1) == (watched.most, watched.begun)
    async with store.reading() as rx:
        assert 1 == len(await rx.alert_posts.list_unfinished())


async def test_a_transaction_under_way_is_not_broken_off(store: Store) -> None:
    watched = Watched(store)
    kept = KeptPosts(watched, is_away=lambda: False)  # type: ignore[arg-type]
    kept.keep(KEY, Told(await an_episode(store), NOW, "12.5"))
    watched.may_commit.clear()
    writing = asyncio.create_task(kept.write())
    await eventually(lambda: watched.under_way, of="the transaction")
    writing.cancel()
    watched.may_commit.set()
    with pytest.raises(asyncio.CancelledError):
        await writing

    async with store.reading() as rx:
        assert 1 == len(await rx.alert_posts.list_unfinished())
