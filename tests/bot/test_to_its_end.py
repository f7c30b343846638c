"""Work done whole: whoever is cancelled meanwhile waits, and what it ends with then surprises nobody."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest

from bot.to_its_end import to_its_end


@pytest.fixture
def unheard() -> list[dict[str, Any]]:
    """Errors that nobody waited for."""
    return []


async def cancelled_in_the_middle(work: Callable[[asyncio.Event], Any], *, times: int) -> asyncio.Event:
    """Cancel the one that waits for work, then let the work go on."""
    may_go_on = asyncio.Event()
    waiting = asyncio.create_task(to_its_end(work(may_go_on)))
    for _ in range(times):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting.cancel()
    await asyncio.sleep(0)
    may_go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    return may_go_on


async def test_whoever_is_cancelled_waits_for_the_end() -> None:
    done: list[str] = []

    async def work(may_go_on: asyncio.Event) -> None:
        await may_go_on.wait()
        done.append("whole")

    await cancelled_in_the_middle(work, times=1)

    assert ["whole"] == done


@pytest.mark.parametrize("times", [1, 2])
async def test_work_that_fails_after_whoever_wanted_it_has_gone_is_no_error_of_nobody(
    unheard: list[dict[str, Any]], times: int
) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))

    async def work(may_go_on: asyncio.Event) -> None:
        try:
            await may_go_on.wait()
        except asyncio.CancelledError:
            raise LookupError("no answer") from None
        raise LookupError("no answer")

    await cancelled_in_the_middle(work, times=times)
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()

    assert [] == unheard
