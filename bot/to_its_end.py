"""Work that must not be broken off in the middle: a transaction that is cancelled may hold its lock for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE_S = 4
"""Longer than SQLite ever waits, and short enough for a process that was told to end."""


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Do it whole: whoever is cancelled meanwhile waits for its end first, though not for a server that fell silent.

    A cancelled statement of aiosqlite leaves a connection behind that keeps the write lock until it is collected.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(lambda late: late.cancelled() or late.exception())  # nobody is left to hear it
        try:
            await asyncio.wait([task], timeout=PATIENCE_S)
        finally:  # also for whoever is cancelled a second time
            task.cancel()
        raise
