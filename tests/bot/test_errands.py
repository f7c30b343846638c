"""Errands: kept until they end, told when they fail, and not left behind at the end of the service."""

from __future__ import annotations

import asyncio
import gc

from bot.errands import Errands
from tests.support.waiting import eventually


class Listener:
    """Hears that an errand failed."""

    def __init__(self) -> None:
        self.heard = 0

    async def hear(self) -> None:
        self.heard += 1


async def test_an_errand_that_nobody_else_holds_comes_to_its_end() -> None:
    errands, listener, done = Errands(), Listener(), asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0)
        done.set()

    errands.start(work(), name="a test", on_failed=listener.hear)
    gc.collect()

    await eventually(done.is_set)
    await eventually(lambda: errands.under_way == 0)
    assert 0 == listener.heard


async def test_whoever_waits_for_an_errand_that_fails_is_told() -> None:
    errands, listener = Errands(), Listener()

    async def work() -> None:
        raise LookupError("nobody expected this")

    errands.start(work(), name="a test", on_failed=listener.hear)

    await eventually(lambda: listener.heard == 1)
    await eventually(lambda: errands.under_way == 0)


async def test_the_end_waits_for_an_errand_a_moment_and_then_no_longer() -> None:
    errands, listener, go = Errands(), Listener(), asyncio.Event()
    ended: list[str] = []

    async def quick() -> None:
        await go.wait()
        ended.append("quick")

    async def endless() -> None:
        await asyncio.Event().wait()
        ended.append("endless")

    errands.start(quick(), name="quick", on_failed=listener.hear)
    errands.start(endless(), name="endless", on_failed=listener.hear)
    asyncio.get_running_loop().call_soon(go.set)
    await errands.close(timeout_s=0.5)

    assert ["quick"] == ended
    assert (0, 0) == (errands.under_way, listener.heard)


async def test_the_end_without_errands_is_at_once() -> None:
    await Errands().close(timeout_s=60)
