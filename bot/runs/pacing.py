"""No more calls than Slack grants: so many within a sliding minute, counted by method (docs.slack.dev, Rate limits)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

TIER_2, TIER_4 = 20, 100
"""Calls a minute: `users.list` is of the second tier, `users.info` of the fourth."""
WINDOW_S = 61
"""A minute, and what two calls may differ in on their way to Slack."""


class Pacer:
    """Lets one caller after the other through; a short list is read at once, a long one at Slack's pace."""

    def __init__(
        self,
        calls: int,
        *,
        within_s: float = WINDOW_S,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._calls = calls
        self._within_s = within_s
        self._monotonic = monotonic
        self._sleep = sleep
        self._recent: deque[float] = deque()
        self._turn = asyncio.Lock()

    async def turn(self) -> None:
        """Return when a call may be made."""
        async with self._turn:
            if len(self._recent) >= self._calls:
                wait_s = self._recent.popleft() + self._within_s - self._monotonic()
                if wait_s > 0:
                    await self._sleep(wait_s)
            self._recent.append(self._monotonic())
