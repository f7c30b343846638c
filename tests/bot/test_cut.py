"""A task that is to end ends, also where something below it swallows the first cancellation."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from bot.cut import cut


async def deaf(times: int) -> None:
    """Swallow so many cancellations, as a library may."""
    for _ in range(times):
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
    await asyncio.sleep(60)


async def failing() -> None:
    try:
        await asyncio.sleep(60)
    finally:
        raise LookupError("on the way out")


@pytest.mark.parametrize("times", [0, 1, 2])
async def test_a_cancellation_that_was_swallowed_is_repeated(times: int) -> None:
    task = asyncio.create_task(deaf(times))
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await cut(task, again_s=0.05)

    assert task.done()


async def test_whoever_fails_on_the_way_out_and_whoever_is_over_already_hold_up_nobody() -> None:
    failed, over = asyncio.create_task(failing()), asyncio.create_task(asyncio.sleep(0))
    await asyncio.sleep(0)
    await over
    async with asyncio.timeout(10):
        await cut(failed, over, again_s=0.05)

    assert failed.done()
