"""What a move from one engine to another needs of each: held still, nobody else at it, and numbers that go on."""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects.connections import LOCK_WAIT_S

ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mariadb": "MariaDB", "mysql": "MariaDB"}
"""The engines as their makers write them."""
NOT_IN_TABLES = frozenset({"row_id"})
"""Columns that an engine's index needs, beside those that all of them have."""
_DEAD_MANS_SWITCH = 128
"""The byte of the file beside a SQLite file that everybody locks who has it open (SQLite's os_unix.c, UNIX_SHM_DMS)."""


def is_open_elsewhere(file: Path) -> bool:
    """Say whether another process has a SQLite file open, as a service has it all the time.

    Ask before this process opens it: whoever closes a file lets go of all that its process had locked of it.
    """
    try:
        with Path(f"{file}-shm").open("r+b") as beside:
            fcntl.lockf(beside, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _DEAD_MANS_SWITCH)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


async def count_others(connection: AsyncConnection) -> int:
    """Count who else is connected to a server's database: every usersync; on MariaDB whoever has the same user."""
    name = connection.dialect.name
    if name == "postgresql":
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = 'usersync' AND pid <> pg_backend_pid()"
        )
    elif name in ("mysql", "mariadb"):
        others = "SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
    else:
        return 0
    return int(await connection.scalar(sa.text(others)) or 0)


async def hold_still(connection: AsyncConnection, tables: Iterable[str]) -> None:
    """Let nobody write these tables while the connection reads them, nor itself; others may read on.

    On SQLite the connection's own `BEGIN IMMEDIATE` keeps others from writing.
    """
    name = connection.dialect.name
    if name == "sqlite":
        await connection.execute(sa.text("PRAGMA query_only=ON"))
    elif name == "postgresql":
        await connection.execute(sa.text("SET TRANSACTION READ ONLY"))
        await connection.execute(sa.text(f"LOCK TABLE {', '.join(tables)} IN SHARE MODE"))
    else:
        await connection.execute(sa.text(f"SET SESSION lock_wait_timeout={LOCK_WAIT_S}"))
        await connection.execute(sa.text(f"LOCK TABLES {', '.join(f'{table} READ' for table in tables)}"))


def behind(name: str, columns: Sequence[sa.Column[Any]], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Select what comes behind a key in the order of its columns, so that the key's index finds where to begin.

    Where several columns are compared at once MariaDB reads from the first row on; spelt out it does not.
    """
    told = [sa.literal(value, column.type) for column, value in zip(columns, values, strict=True)]
    if name not in ("mysql", "mariadb"):
        return sa.tuple_(*columns) > sa.tuple_(*told)
    *_, last = range(len(columns))
    found: sa.ColumnElement[bool] = columns[last] > told[last]
    for column, value in reversed(list(zip(columns[:last], told[:last], strict=True))):
        found = sa.or_(column > value, sa.and_(column == value, found))
    return found


async def settle(connection: AsyncConnection, tables: Iterable[sa.Table]) -> None:
    """Let new rows be numbered behind those that were written with a number, and let the engine know its tables.

    SQLite and MariaDB go on behind the highest number by themselves; PostgreSQL would begin with one.
    """
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        column = table.autoincrement_column
        if column is not None:
            highest = f"(SELECT max({column.name}) FROM {table.name})"  # noqa: S608 - our own names
            sequence = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
            number_on = f"SELECT setval({sequence}, coalesce({highest}, 1), {highest} IS NOT NULL)"
            await connection.execute(sa.text(number_on))
        await connection.execute(sa.text(f"ANALYZE {table.name}"))
