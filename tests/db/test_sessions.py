"""Sessions that ended: one, or all that began before; kept until every copy is too old."""

from __future__ import annotations

from datetime import timedelta

from db import Store
from db.sessions import EVERYWHERE
from tests.support.factories import TEAM
from tests.support.memory import NOW

LATER = NOW + timedelta(days=30)
AN_HOUR = timedelta(hours=1)


async def end(store: Store, session_id: str, user_id: str = "U1", at: timedelta = timedelta()) -> None:
    async with store.transaction() as tx:
        await tx.sessions.end(TEAM, user_id, session_id, now=NOW + at, forget_at=LATER + at)


async def is_ended(store: Store, session_id: str, user_id: str = "U1", begun: timedelta = timedelta()) -> bool:
    async with store.reading() as rx:
        return await rx.sessions.is_ended(TEAM, user_id, session_id, begun_at=NOW + begun)


async def test_one_session_ends_and_no_other(store: Store) -> None:
    await end(store, "aB")
    await end(store, "aB", at=AN_HOUR)

    assert await is_ended(store, "aB")
    assert not [each for each in ("ab", "AB", "", "a") if await is_ended(store, each)]
    assert not await is_ended(store, "aB", user_id="U2")


async def test_everywhere_ends_what_began_before_and_nothing_later(store: Store) -> None:
    await end(store, EVERYWHERE)

    assert [True, True, False] == [await is_ended(store, "x", begun=each * AN_HOUR) for each in (-1, 0, 1)]
    assert not await is_ended(store, "x", user_id="U2", begun=-AN_HOUR)
    await end(store, EVERYWHERE, at=2 * AN_HOUR)
    assert await is_ended(store, "x", begun=AN_HOUR)


async def test_they_are_forgotten_when_every_copy_is_too_old(store: Store) -> None:
    await end(store, "a")
    async with store.transaction() as tx:
        await tx.sessions.prune(now=LATER)
    kept = await is_ended(store, "a")
    async with store.transaction() as tx:
        await tx.sessions.prune(now=LATER + AN_HOUR)

    assert kept
    assert not await is_ended(store, "a")
