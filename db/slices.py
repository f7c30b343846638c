"""A table read by its key, slice by slice, and compared with the same rows elsewhere, value by value."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects import behind, json_text
from db.tables import metadata

SLICE = 500
"""Rows in hand at once, however many there are."""

Row = Sequence[Any]
Key = tuple[Any, ...]


def exact_tables() -> list[sa.Table]:
    """Give all tables, with JSON as the text it is: whoever reads it and writes it anew may change it."""
    exact = sa.MetaData()
    tables = [table.to_metadata(exact) for table in metadata.sorted_tables]
    for column in (column for table in tables for column in table.columns if isinstance(column.type, sa.JSON)):
        column.type = json_text()
    return tables


async def slices(connection: AsyncConnection, table: sa.Table) -> AsyncIterator[Sequence[Row]]:
    """Read a table in the order of its key."""
    columns = tuple(table.primary_key.columns)
    read = sa.select(*table.columns).order_by(*columns).limit(SLICE)
    rows = (await connection.execute(read)).all()
    while rows:
        yield rows
        if len(rows) < SLICE:
            return
        last = key_of(table, rows[-1])
        rows = (await connection.execute(read.where(behind(connection.dialect.name, columns, last)))).all()


async def find_same(connection: AsyncConnection, table: sa.Table, rows: Sequence[Row]) -> dict[Key, Row]:
    """Find the rows with the keys of these, and perhaps a few more: engines order text differently, so no range does.

    Each column of the key is asked by itself, which every engine answers from the key's index.
    """
    places = _places(table)
    among = [
        column.in_(list(dict.fromkeys(row[place] for row in rows)))
        for column, place in zip(table.primary_key.columns, places, strict=True)
    ]
    found = await connection.execute(sa.select(*table.columns).where(*among))
    return {key_of(table, row): row for row in found}


def differing(table: sa.Table, here: Row, there: Row) -> list[str]:
    """Name the columns in which two rows differ."""
    pairs = zip(table.columns, here, there, strict=True)
    return [column.name for column, one, other in pairs if type(one) is not type(other) or one != other]


def key_of(table: sa.Table, row: Row) -> Key:
    """Tell the key of a row."""
    return tuple(row[place] for place in _places(table))


def told_key(table: sa.Table, row: Row) -> str:
    """Write the key of a row: `team_id T…, id U…`. Keys are ids, numbers and digests; no key is a personal value."""
    pairs = zip(table.primary_key.columns, key_of(table, row), strict=True)
    return ", ".join(f"{column.name} {value}" for column, value in pairs)


async def count(connection: AsyncConnection, table: sa.Table) -> int:
    """Count the rows of a table."""
    return await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def _places(table: sa.Table) -> list[int]:
    names = list(table.columns.keys())
    return [names.index(column.name) for column in table.primary_key.columns]
