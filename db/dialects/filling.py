"""How each engine takes many new rows at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from itertools import repeat
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, DropIndex

IN_MEMORY = "PRAGMA temp_store=MEMORY"
"""What waits here to be inserted is not written to a second file on the way."""
_WHILE_SORTING = -1024
"""The size of the cache meanwhile, in KiB where it is below zero (sqlite.org/pragma.html, cache_size)."""

Columns = Mapping[str, Sequence[Any]]
"""By the name of each column, what all rows have in it, as the driver takes it; one row at least."""


async def fill(connection: AsyncConnection, table: sa.Table, columns: Columns, shared: Mapping[str, Any]) -> None:
    """Insert rows, given by column, and what all of them share.

    SQLite ends a piece of its index of words with each statement that may fail in the middle, so all of them come by
    one statement, from a table that has neither indexes nor triggers. What none of them has is not told.
    """
    if connection.dialect.name == "sqlite":
        told = {name: values for name, values in columns.items() if _is_any_there(values)}
        await _fill_at_once(connection, table, told, shared)
        return
    rows = zip(*columns.values(), *map(repeat, shared.values()), strict=False)
    await connection.exec_driver_sql(insert_of(connection.dialect, table, (*columns, *shared)), list(rows))


async def _fill_at_once(
    connection: AsyncConnection, table: sa.Table, columns: Columns, shared: Mapping[str, Any]
) -> None:
    """The table where rows wait stays with the connection: each new one would have every statement compiled anew."""
    waiting = f"temp.new_{table.name}"
    named, marks = ", ".join(columns), ", ".join("?" * len(columns))
    told, of_all = ", ".join((*columns, *shared)), ", ".join((*columns, *("?" * len(shared))))
    wait = f"INSERT INTO {waiting} ({named}) VALUES ({marks})"  # noqa: S608 - our own names, here and below
    come_in = f"INSERT INTO {table.name} ({told}) SELECT {of_all} FROM {waiting}"  # noqa: S608
    await connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {waiting} ({', '.join(table.columns.keys())})")
    await connection.exec_driver_sql(wait, list(zip(*columns.values(), strict=True)))
    await connection.exec_driver_sql(come_in, tuple(shared.values()))
    await connection.exec_driver_sql(f"DELETE FROM {waiting}")  # noqa: S608


def _is_any_there(values: Sequence[Any]) -> bool:
    return values[0] is not None or values.count(None) < len(values)


async def weigh(connection: AsyncConnection, table: sa.Table) -> None:
    """Let PostgreSQL measure a table that it never measured, or that has grown tenfold since.

    It takes such a table for small, and walks through a workspace for each page of a run. Its own autovacuum looks once
    a minute where it runs at all, and a first run is over by then (postgresql.org/docs/current/routine-vacuuming.html).
    """
    if connection.dialect.name != "postgresql":
        return
    is_unknown = sa.text(
        "SELECT reltuples < 0 OR relpages * 10.0 * current_setting('block_size')::int < pg_relation_size(oid)"
        " FROM pg_class WHERE oid = CAST(:name AS regclass)"
    )
    if (await connection.execute(is_unknown, {"name": table.name})).scalar_one():
        await connection.exec_driver_sql(f"ANALYZE {table.name}")


async def put_off_indexes(connection: AsyncConnection, table: sa.Table) -> None:
    """Take the indexes from an empty table on SQLite; `make_index` makes them again once rows are in it.

    To keep ten of them while rows come in costs SQLite more than all the rest of a first fill: each row has its place
    in another page of each of them, and every commit writes those pages anew. Servers write down what changed in them.
    """
    if connection.dialect.name == "sqlite" and not await connection.scalar(sa.select(sa.exists().select_from(table))):
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            await connection.execute(DropIndex(index, if_exists=True))


async def make_index(connection: AsyncConnection, table: sa.Table) -> bool:
    """Make one of the indexes that were put off; False where none is missing. About 100 ms for 100,000 rows."""
    if connection.dialect.name != "sqlite":
        return False
    missing = await connection.run_sync(_missing, table)
    for index in missing[:1]:
        async with _with_little_cache(connection):
            await connection.execute(CreateIndex(index))
    return bool(missing)


@asynccontextmanager
async def _with_little_cache(connection: AsyncConnection) -> AsyncIterator[None]:
    """Give the memory of SQLite's cache to what is sorted for an index, which reads each page of its table once."""
    kept = (await connection.exec_driver_sql("PRAGMA cache_size")).scalar_one()
    await connection.exec_driver_sql(f"PRAGMA cache_size={_WHILE_SORTING}")
    try:
        yield
    finally:
        await connection.exec_driver_sql(f"PRAGMA cache_size={kept}")


def _missing(connection: sa.Connection, table: sa.Table) -> list[sa.Index]:
    """Name the indexes that SQLite has not, in the order of their names."""
    named = sa.text("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = :name")
    there = set(connection.scalars(named, {"name": table.name}))
    return sorted((index for index in table.indexes if index.name not in there), key=lambda index: str(index.name))


@lru_cache(maxsize=64)
def insert_of(dialect: sa.Dialect, table: sa.Table, names: tuple[str, ...]) -> str:
    """Write the statement, once: to compile one of eighty columns takes as long as a page of it."""
    columns = [sa.column(name, table.c[name].type) for name in names]
    return str(sa.insert(sa.table(table.name, *columns)).compile(dialect=dialect))
