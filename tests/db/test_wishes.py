"""A run that is asked for where none can be made is a wish: taken by one process, and by none when it is old."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import sqlalchemy as sa

from bot.housekeeping import prune
from db import Store
from db.tables import wishes
from db.wishes import KEPT, RunWish


async def ask(store: Store, *, confirms: int | None = None) -> RunWish:
    async with store.transaction() as tx:
        await tx.wishes.ask("T1", "UADA", confirms=confirms)
        return (await tx.wishes.list_wishes("T1"))[-1]


async def take(store: Store, wish: RunWish) -> bool:
    async with store.transaction() as tx:
        return await tx.wishes.take(wish)


async def test_a_wish_says_who_asked_for_what_in_which_workspace(store: Store) -> None:
    first, second = await ask(store), await ask(store, confirms=7)

    assert ("T1", "UADA", False, None) == (first.team_id, first.asked_by, first.is_confirmed, first.run_id)
    assert (True, 7) == (second.is_confirmed, second.run_id)
    async with store.reading() as rx:
        assert (first, second) == await rx.wishes.list_wishes("T1")
        assert () == await rx.wishes.list_wishes("T2")


async def test_of_several_that_want_to_take_a_wish_exactly_one_has_it(store: Store) -> None:
    wish = await ask(store)

    taken = await asyncio.gather(*(take(store, wish) for _ in range(3)))

    assert 1 == sum(taken)
    async with store.reading() as rx:
        assert () == await rx.wishes.list_wishes("T1")


async def test_a_wish_that_nobody_takes_is_not_kept(store: Store) -> None:
    wish = await ask(store)
    async with store.transaction() as tx:
        long_ago = wish.asked_at - KEPT - timedelta(seconds=1)
        await tx.wishes._connection.execute(sa.update(wishes).values(asked_at=long_ago))
    young = await ask(store)

    await prune(store, now=wish.asked_at, history_keep=timedelta(days=1))

    async with store.reading() as rx:
        assert (young,) == await rx.wishes.list_wishes("T1")


async def test_an_old_wish_is_dropped_and_taken_by_nobody(store: Store) -> None:
    wish = await ask(store)
    async with store.transaction() as tx:
        long_ago = wish.asked_at - KEPT - timedelta(seconds=1)
        await tx.wishes._connection.execute(sa.update(wishes).values(asked_at=long_ago))
        (wish,) = await tx.wishes.list_wishes("T1")

    assert not await take(store, wish)
    async with store.reading() as rx:
        assert () == await rx.wishes.list_wishes("T1")
