"""Work that began with an ack and outlives it: kept, watched to its end, and not left behind at shutdown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class Errands:
    """The errands under way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def under_way(self) -> int:
        """Count them."""
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, None], *, name: str, on_failed: Callable[[], Awaitable[None]]) -> None:
        """Do some work in a task of its own; `on_failed` tells whoever waits for it that it went wrong."""
        task = asyncio.create_task(_do(work, name, on_failed), name=name)
        self._tasks.add(task)  # the loop itself keeps only a weak reference
        task.add_done_callback(self._tasks.discard)

    async def close(self, *, timeout_s: float) -> None:
        """Give those under way a moment to end by themselves; what is still under way then is cancelled."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=timeout_s)
        if late:
            log.warning("some answers were cut short", answers=len(late))
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _do(work: Coroutine[Any, Any, None], name: str, on_failed: Callable[[], Awaitable[None]]) -> None:
    try:
        await work
    except Exception:  # the edge of a supervised task: the service goes on, the log and the person hear of it
        log.exception("an errand failed", errand=name)
        await on_failed()
