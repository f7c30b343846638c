"""Where Homes wait while Slack asks to: one behind the other, so that not all of them come back at once.

Facts: docs.slack.dev, Rate limits (tier 4: about 100 a minute; `Retry-After`). On a Monday at nine more people than
that open a Home.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot.slack_calls import CallFailed

LONGEST_WAIT_S = 60
"""Slack counts by the minute; whoever is asked to wait for longer does not."""
IN_LINE_S = 600
"""After so long a first try is the last one."""


class Line:
    """Lets calls through: at once, or while somebody waits, in the order in which they came."""

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._turn = asyncio.Lock()
        self._quiet_until = 0.0

    async def through(self, call: Callable[[], Awaitable[object]]) -> None:
        """Call, and again after as long a wait as Slack asks for. Raises CallFailed."""
        gives_up_at = self._monotonic() + IN_LINE_S
        if not self._turn.locked() and await self._is_through(call, gives_up_at):
            return
        async with self._turn:
            is_through = False
            while not is_through:
                await asyncio.sleep(max(0.0, self._quiet_until - self._monotonic()))
                is_through = await self._is_through(call, gives_up_at)

    async def _is_through(self, call: Callable[[], Awaitable[object]], gives_up_at: float) -> bool:
        """Call once; tell whether Slack took it, or asks to wait. Raises CallFailed for all else."""
        try:
            await call()
        except CallFailed as failure:
            if not 0 < failure.wait_s <= LONGEST_WAIT_S or self._monotonic() >= gives_up_at:
                raise
            self._quiet_until = self._monotonic() + failure.wait_s
            return False
        return True
