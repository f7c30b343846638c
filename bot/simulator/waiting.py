"""Waiting for something to become true without looking for it every so often."""

import asyncio
from collections.abc import Callable


class Watch:
    """Wakes whoever waits each time something has moved; everything happens in one event loop."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[None]] = set()

    def moved(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, met: Callable[[], bool], *, within: float, or_say: Callable[[], str]) -> None:
        """Return as soon as `met`; after `within` seconds raise TimeoutError with the words of `or_say`."""
        try:
            async with asyncio.timeout(within):
                while not met():
                    await self._next_move()
        except TimeoutError:
            raise TimeoutError(or_say()) from None

    async def _next_move(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
