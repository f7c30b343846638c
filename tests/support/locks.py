"""Others who write to a database, or hold its write lock: beside the loop, on which a service may be writing."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from db.tables import metadata


class Lock:
    """The write lock of a database, held by somebody else: everybody may read, and nobody may write."""

    def __init__(self, connection: Any, let_go: Callable[[], object]) -> None:
        self.connection = connection
        self.rollback = let_go


@asynccontextmanager
async def held(where: Path | str) -> AsyncIterator[Lock]:
    """Hold the lock of a file or of the database at a URL; `rollback` lets go. It is taken beside the loop."""
    async with _held_tables(str(where)) if _is_server(where) else _held_file(file_at(where)) as lock:
        yield lock


def _is_server(where: Path | str) -> bool:
    return str(where).startswith("postgresql:")


def file_at(where: Path | str) -> Path:
    """Name the file of a SQLite URL."""
    return where if isinstance(where, Path) else Path(str(make_url(where).database))


@asynccontextmanager
async def _held_file(file: Path) -> AsyncIterator[Lock]:
    connection = sqlite3.connect(file, isolation_level=None, timeout=10, check_same_thread=False)
    try:
        await asyncio.to_thread(connection.execute, "BEGIN EXCLUSIVE")
        yield Lock(connection, connection.rollback)
    finally:
        connection.close()


@asynccontextmanager
async def _held_tables(url: str) -> AsyncIterator[Lock]:
    """PostgreSQL has a lock for each table; this kind lets readers pass, as that of a file does."""
    connection = await asyncpg.connect(url)
    try:
        await _lock_all(connection)
        yield Lock(connection, connection.terminate)
    finally:
        connection.terminate()


async def _lock_all(connection: asyncpg.Connection) -> None:
    while True:
        try:
            await connection.execute(f"BEGIN; LOCK TABLE {', '.join(metadata.tables)} IN EXCLUSIVE MODE")
        except asyncpg.DeadlockDetectedError:  # a writer had one table and wanted another
            await connection.execute("ROLLBACK")
        else:
            return


async def written(where: Path | str, script: str) -> None:
    """Write in one transaction, as another process would. The lock comes first: who begins by reading may be refused.

    On the loop itself it would wait for a transaction of the service that waits for the loop.
    """
    if _is_server(where):
        connection = await asyncpg.connect(str(where))
        try:
            await connection.execute(script)  # several statements at once are one transaction
        finally:
            await connection.close()
    else:
        await asyncio.to_thread(_write, file_at(where), script)


def _write(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None, timeout=20)) as connection:
        connection.executescript(f"BEGIN IMMEDIATE; {script}; COMMIT")
