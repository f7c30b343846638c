"""Another process that holds a SQLite file's write lock, until it rolls back."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def held(file: Path) -> AsyncIterator[sqlite3.Connection]:
    """Hold the lock; `rollback` lets go. It is taken beside the loop, on which a service may be writing right now."""
    connection = sqlite3.connect(file, isolation_level=None, timeout=10, check_same_thread=False)
    try:
        await asyncio.to_thread(connection.execute, "BEGIN EXCLUSIVE")
        yield connection
    finally:
        connection.close()
