"""Locks and clocks that processes on one database share, and what is asked of its tables before they are ours."""

from __future__ import annotations

import asyncio
import fcntl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects.columns import Utc

_MIGRATION_LOCK = 0x75737273  # "usrs": any number will do, as long as every usersync takes the same

_BETWEEN_TRIES_S = 0.3
_WIPING_NAME = "CONCAT('usersync-wiping-', MD5(DATABASE()))"
_GET_LOCK = f"SELECT GET_LOCK({_WIPING_NAME}, 0)"
_WIPING_LOCKS = {
    "postgresql": f"SELECT pg_try_advisory_xact_lock({_MIGRATION_LOCK + 1})",
    "mariadb": _GET_LOCK,
    "mysql": _GET_LOCK,
}


async def journal_mode(connection: AsyncConnection) -> str | None:
    """Tell the journal mode of a file; a server has none."""
    is_file = connection.dialect.name == "sqlite"
    return await connection.scalar(sa.text("PRAGMA journal_mode")) if is_file else None


async def dirty_a_page(connection: AsyncConnection) -> None:
    """Make sure that the commit to come writes to the file: SQLite skips rows that stay as they are. A server does not.

    Nobody reads `user_version` here, and it keeps the value that it has.
    """
    if connection.dialect.name == "sqlite":
        version = await connection.scalar(sa.text("PRAGMA user_version"))
        await connection.execute(sa.text(f"PRAGMA user_version = {int(version or 0)}"))


def engine_now(name: str) -> sa.ColumnElement[datetime]:
    """The time that all processes on one database agree on: the server's own; for a file, this machine's."""
    if name == "postgresql":
        return sa.type_coerce(sa.func.clock_timestamp(), Utc)
    if name in ("mysql", "mariadb"):
        return sa.type_coerce(sa.func.utc_timestamp(6), Utc)
    return sa.literal(datetime.now(UTC), Utc)


def is_shared(name: str) -> bool:
    """Say whether several processes are meant to work on one database; a file has one."""
    return name != "sqlite"


def locks_as_it_begins(name: str) -> bool:
    """Say whether a transaction that writes holds everything from its beginning, as SQLite's BEGIN IMMEDIATE does."""
    return name == "sqlite"


@contextmanager
def run_lock(url: sa.URL, team_id: str) -> Iterator[bool]:
    """Hold the runs of a workspace for this process, as far as the engine knows a lock that dies with it.

    Yields whether we are alone for certain: on SQLite a file beside the database is locked, so whoever is still named
    in the row is dead. Elsewhere only the row tells. Raises BlockingIOError where another process holds it.
    """
    if url.get_backend_name() != "sqlite":
        yield False
        return
    with Path(f"{url.database}-run-{team_id}").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True


async def has_tables(connection: AsyncConnection) -> set[str]:
    """Name the tables of the schema we would write to."""
    return set(await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()))


def has_column(connection: sa.Connection, table: str, column: str) -> bool:
    """Say whether a table has a column: not every engine can be told to add it only where it is missing."""
    return any(each["name"] == column for each in sa.inspect(connection).get_columns(table))


@asynccontextmanager
async def wiping_lock(connection: AsyncConnection, *, patience_s: float) -> AsyncIterator[bool]:
    """Let one process at a time make the tables of a server anew; yields whether it is this one.

    A server that is asked to wait itself keeps what is deleted meanwhile for whoever waits, so it is asked again and
    again. The lock is the transaction's on PostgreSQL, which a pooler hands on whole; on MariaDB the session's, and its
    names are of the whole server.
    """
    taken = _WIPING_LOCKS[connection.dialect.name]
    last_try = time.monotonic() + patience_s
    is_ours = bool(await connection.scalar(sa.text(taken)))
    while not is_ours and time.monotonic() < last_try:
        await asyncio.sleep(_BETWEEN_TRIES_S)
        is_ours = bool(await connection.scalar(sa.text(taken)))
    try:
        yield is_ours
    finally:
        if is_ours and connection.dialect.name != "postgresql":
            await connection.execute(sa.text(f"SELECT RELEASE_LOCK({_WIPING_NAME})"))


@asynccontextmanager
async def migration_lock(connection: AsyncConnection) -> AsyncIterator[None]:
    """Let one process at a time migrate. On SQLite the connection's own `BEGIN IMMEDIATE` is the lock."""
    name = connection.dialect.name
    if name == "postgresql":
        await connection.execute(sa.text("SET LOCAL lock_timeout = '60s'"))
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
    elif name in ("mysql", "mariadb"):  # a session lock, for DDL commits there
        has_lock = await connection.scalar(sa.select(sa.func.get_lock("usersync-migration", 60)))
        if has_lock != 1:
            raise TimeoutError("another usersync has been migrating for a minute")
    try:
        yield
    finally:
        if name in ("mysql", "mariadb"):
            await connection.execute(sa.select(sa.func.release_lock("usersync-migration")))
