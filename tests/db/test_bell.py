"""The bell wakes whoever waits, and only says *look*."""

from __future__ import annotations

import asyncio

from db import Bell


async def test_a_ring_wakes_everybody_who_waits() -> None:
    bell = Bell()
    waiting = [asyncio.create_task(bell.wait(after=0, timeout_s=5)) for _ in range(3)]
    await asyncio.sleep(0)

    bell.ring()

    assert [True, True, True] == await asyncio.gather(*waiting)


async def test_a_ring_before_the_waiting_is_not_missed() -> None:
    bell = Bell()
    seen = bell.generation
    bell.ring()

    assert await bell.wait(after=seen, timeout_s=0)


async def test_an_old_ring_wakes_nobody() -> None:
    bell = Bell()
    bell.ring()

    assert not await bell.wait(after=bell.generation, timeout_s=0.01)


async def test_each_ring_is_counted() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()

    assert 2 == bell.generation


async def test_somebody_who_gave_up_does_not_disturb_the_others() -> None:
    bell = Bell()
    one = asyncio.create_task(bell.wait(after=0, timeout_s=5))
    other = asyncio.create_task(bell.wait(after=0, timeout_s=5))
    await asyncio.sleep(0)
    one.cancel()
    bell.ring()

    assert await other
    assert [True] == [
        isinstance(each, asyncio.CancelledError) for each in await asyncio.gather(one, return_exceptions=True)
    ]
