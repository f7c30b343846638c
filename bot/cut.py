"""Ending tasks for certain: a library below may swallow a cancellation that comes at a bad moment, so it recurs."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.to_its_end import PATIENCE_S

AGAIN_S = PATIENCE_S + 1
"""Later than a task that was cancelled waits for its transaction: a second cancellation would break that off."""


async def cut(*tasks: asyncio.Task[Any], again_s: float = AGAIN_S) -> None:
    """Cancel tasks, again and again, until they are over; how each ended is nobody's business any more."""
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=again_s)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # or its failure would be logged as never retrieved
