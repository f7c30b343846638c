"""Others who write to a SQLite file, or hold its write lock: beside the loop, on which a service may be writing."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
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


async def written(file: Path, script: str) -> None:
    """Write in one transaction, as another process would. The lock comes first: who begins by reading may be refused.

    On the loop itself it would wait for a transaction of the service that waits for the loop.
    """
    await asyncio.to_thread(_write, file, script)


def _write(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None, timeout=20)) as connection:
        connection.executescript(f"BEGIN IMMEDIATE; {script}; COMMIT")
