"""How each engine is made to forget the bytes of what was deleted, and what it cannot reach."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import aiosqlite
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects.connections import LOCK_WAIT_S


async def rewrite_file(file: Path, *, patience_s: float) -> bool:
    """Rewrite a SQLite file without what was deleted, and empty its log, beside whoever uses it.

    False where the log stays, since it is read without end. Each try to empty it holds up writers, so it is a short
    one; between two of them they get on. Raises sqlite3.Error.
    """
    last_try = time.monotonic() + patience_s
    async with aiosqlite.connect(file, timeout=LOCK_WAIT_S, isolation_level=None) as connection:
        try:
            await _forget_words(connection)
            if not await _patiently(_is_vacuumed, connection, last_try):
                await connection.execute("VACUUM")  # once more, to hear why not
            await connection.execute("PRAGMA busy_timeout=200")
            return await _patiently(_is_log_empty, connection, last_try)
        except asyncio.CancelledError:
            await connection.interrupt()
            raise


_PAGES_AT_ONCE = 500
"""Of the index of words: a step takes some hundredths of a second, in which writers wait."""


async def _forget_words(connection: aiosqlite.Connection) -> None:
    """Merge the index of words into one piece, step by step: what was taken out of it stands in the pieces till then.

    The first step says that all are to become one; a step that wrote next to nothing was the last
    (sqlite.org/fts5.html, The 'merge' Command).
    """
    found = await connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'users_search'")
    if await found.fetchone() is None:
        return
    await connection.execute("PRAGMA secure_delete=ON")
    step = -_PAGES_AT_ONCE
    while True:
        before = connection.total_changes
        await connection.execute("INSERT INTO users_search (users_search, rank) VALUES ('merge', ?)", (step,))
        if step > 0 and connection.total_changes - before < 2:
            return
        step = _PAGES_AT_ONCE
        await asyncio.sleep(0)


_BETWEEN_TRIES_S = 0.3


async def _patiently(
    attempt: Callable[[aiosqlite.Connection], Awaitable[bool]], connection: aiosqlite.Connection, last_try: float
) -> bool:
    while not await attempt(connection):
        if time.monotonic() >= last_try:
            return False
        await asyncio.sleep(_BETWEEN_TRIES_S)
    return True


async def _is_vacuumed(connection: aiosqlite.Connection) -> bool:
    try:
        await connection.execute("VACUUM")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


async def _is_log_empty(connection: aiosqlite.Connection) -> bool:
    """Move the log into the file and cut it to nothing; readers that still need it are in the way of that."""
    row = await (await connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")).fetchone()
    return row is not None and row[0] == 0


async def rewrite_tables(connection: AsyncConnection, tables: Sequence[str]) -> str | None:
    """Let a server free what was deleted, outside any transaction; tell what it says against it.

    PostgreSQL frees the space, and overwrites it when it needs it: `VACUUM FULL` would lock everybody out meanwhile.
    MariaDB makes each table anew.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(sa.text(f"VACUUM {', '.join(tables)}"))
        return None
    await connection.execute(sa.text(f"SET SESSION lock_wait_timeout={LOCK_WAIT_S}"))
    rows = (await connection.execute(sa.text(f"OPTIMIZE TABLE {', '.join(tables)}"))).all()
    return next((f"{row[0]}: {row[3]}" for row in rows if str(row[2]).lower() == "error"), None)


_OUT_OF_REACH_ANYWHERE = (
    "backups, snapshots of disks, and replicas of your own",
    "what people exported, downloaded or queried",
    "what the app posted in Slack: digests, Homes as they were shown last, alerts, answers",
    "Slack itself",
)
_OUT_OF_REACH = {
    "sqlite": ("blocks of the disk that the file no longer uses",),
    "postgresql": (
        "the server's write-ahead log and its archive",
        "bytes of the tables that the server has not used again (VACUUM FULL wipes them, and locks everybody out)",
    ),
}
_OUT_OF_REACH_OF_MARIADB = ("the server's binary, redo and undo logs",)


def out_of_reach(url: sa.URL) -> tuple[str, ...]:
    """Name what an erasure cannot reach."""
    return (*_OUT_OF_REACH.get(url.get_backend_name(), _OUT_OF_REACH_OF_MARIADB), *_OUT_OF_REACH_ANYWHERE)
