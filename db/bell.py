"""The bell: an in-process wake-up after a commit. It carries no data; a lost ring costs a second, not a change."""

from __future__ import annotations

import asyncio


class Bell:
    """Rings after commits; whoever waits reads what changed from the change log."""

    def __init__(self) -> None:
        self._generation = 0
        self._rung = asyncio.Event()

    @property
    def generation(self) -> int:
        """How often it has rung; remember it before reading, and wait for the next one."""
        return self._generation

    def ring(self) -> None:
        """Wake everybody who waits."""
        self._generation += 1
        rung, self._rung = self._rung, asyncio.Event()
        rung.set()

    async def wait(self, *, after: int, timeout_s: float) -> bool:
        """Wait until it has rung more than `after` times, or the time is over; say which."""
        if self._generation > after:
            return True
        try:
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        except TimeoutError:
            return False
        return True
