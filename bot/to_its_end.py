"""Work that must not be broken off in the middle: a transaction that is cancelled may hold its lock for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Do it whole: whoever is cancelled meanwhile waits for its end first.

    A cancelled statement of aiosqlite leaves a connection behind that keeps the write lock until it is collected.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # nobody is left to hear it
        raise
