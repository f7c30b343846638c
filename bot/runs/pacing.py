"""No more calls than Slack grants: so many within a sliding minute, counted by method (docs.slack.dev, Rate limits)."""

from __future__ import annotations

import asyncio
import math
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

    async def turn(self, *, on_wait: Callable[[str], None] = lambda _: None) -> None:
        """Return when a call may be made; `on_wait` hears why that takes a while."""
        async with self._turn:
            if len(self._recent) >= self._calls:
                wait_s = self._recent.popleft() + self._within_s - self._monotonic()
                if wait_s > 0:
                    on_wait(f"Slack grants {self._calls} calls a minute, so it goes on in {math.ceil(wait_s)} s.")
                    await self._sleep(wait_s)
                    on_wait("")
            self._recent.append(self._monotonic())

    def left_s(self, calls: int) -> float:
        """Tell how long so many more calls take at the least; seconds."""
        if calls <= 0:
            return 0.0
        granted = [*self._recent]
        now_s = self._monotonic()
        for _ in range(calls):
            at_s = max(now_s, granted[-self._calls] + self._within_s) if len(granted) >= self._calls else now_s
            granted.append(at_s)
        return granted[-1] - now_s
