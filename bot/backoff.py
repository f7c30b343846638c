"""Pauses that grow and jitter, so that many who were thrown out do not all knock at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable


class Backoff:
    """Pauses of 0.5 s, 1 s, 2 s … up to `longest_s`, each shortened by chance to between half and whole."""

    def __init__(
        self,
        *,
        first_s: float = 0.5,
        longest_s: float = 30,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._sleep = sleep
        self._chance = chance
        self._tries = 0

    def reset(self) -> None:
        """Begin again with the shortest pause."""
        self._tries = 0

    async def pause(self, *, at_least_s: float = 0) -> None:
        """Sleep; the next pause is twice as long."""
        whole_s = min(self._first_s * 2**self._tries, self._longest_s)
        self._tries = min(self._tries + 1, 30)
        await self._sleep(max(whole_s * (0.5 + self._chance() / 2), at_least_s))
