"""Statements that follow each other and of which nobody reads an answer: on SQLite one trip to its thread for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects.one_trip import TOGETHER

Said = tuple[str, Sequence[tuple[Any, ...]]]
"""A statement as the driver takes it, and the rows to run it for."""

_AS_IT_IS: Sequence[tuple[Any, ...]] = ((),)


async def say_together(connection: AsyncConnection, statements: Sequence[Said]) -> None:
    """Run them in their order."""
    if connection.dialect.name == "sqlite":
        if statements:
            await connection.exec_driver_sql(TOGETHER, list(statements))
        return
    for sql, rows in statements:
        await connection.exec_driver_sql(sql, list(rows))


def rewriting(
    dialect: sa.Dialect, table: sa.Table, names: Sequence[str], update: str, rows: Sequence[Any]
) -> list[Said]:
    """Rewrite rows of `names`, which end in the key; `update` is the statement that does so for one of them.

    SQLite opens something for each statement that fires a trigger, and has the index of words written out for each.
    So many rows come by one statement, from a table beside, and in the order of their numbers, in which that index is
    written at once (sqlite.org/fts5.html).
    """
    if dialect.name != "sqlite" or len(rows) == 1:
        return [(update, rows)]
    keys, beside = list(table.primary_key), f"new_of_{table.name}"
    moved = [f'"{name}"' for name in names[: -len(keys)]]
    marks = [f"?{number}" for number in range(1, len(names) + 1)]
    is_key = " AND ".join(f"{key.name} = {mark}" for key, mark in zip(keys, marks[-len(keys) :], strict=True))
    told = f"SELECT rowid, {', '.join(marks[: -len(keys)])} FROM {table.name} WHERE {is_key}"  # noqa: S608 - our own names
    every = ", ".join(f'"{column.name}"' for column in table.columns)
    changed = ", ".join(f"{name} = n.{name}" for name in moved)
    # Without the sign, SQLite would take every row of the table and look whether it is among the new ones.
    is_it = f"{table.name}.rowid = +n.at"
    return [
        (f"CREATE TEMP TABLE IF NOT EXISTS {beside} (at INTEGER PRIMARY KEY, {every})", _AS_IT_IS),
        (f"INSERT INTO temp.{beside} (at, {', '.join(moved)}) {told}", rows),
        (f"UPDATE {table.name} SET {changed} FROM temp.{beside} AS n WHERE {is_it}", _AS_IT_IS),  # noqa: S608
        (f"DELETE FROM temp.{beside}", _AS_IT_IS),  # noqa: S608
    ]
