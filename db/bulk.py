"""Many rows at once, new or written anew: tuples of what the driver takes, made without a look at each value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeDecorator

from db.dialects import fill

Write = Callable[[Any], Any]


async def insert_rows(
    connection: AsyncConnection,
    table: sa.Table,
    rows: Sequence[object],
    names: Iterable[str],
    *,
    shared: Mapping[str, Any],
    last: tuple[str, Iterable[Any]],
) -> None:
    """Insert what rows say under these names, what all of them share, and a last column that is no part of a row.

    A value at a time through SQLAlchemy costs a first pass more than all the rest of it.
    """
    dialect = connection.dialect
    columns: dict[str, Sequence[Any]] = {}
    for name in names:
        if name in shared:
            continue
        values: list[Any] = [*map(attrgetter(name), rows)]
        if write := _writer(table.c[name], dialect, rows[0]):
            values = [value if value is None else write(value) for value in values]
        columns[name] = values
    columns[last[0]] = list(last[1])
    of_all = {name: _written(table.c[name], dialect, value) for name, value in shared.items()}
    await fill(connection, table, columns, of_all)


async def update_rows(
    connection: AsyncConnection,
    table: sa.Table,
    rows: Sequence[object],
    names: Sequence[str],
    *,
    last: tuple[str, Iterable[Any]],
) -> None:
    """Rewrite what rows say under these names, and a last column that is no part of a row, where the key is theirs.

    An engine writes an index anew for each of its columns that is named, be it to what it was.
    """
    dialect, keys = connection.dialect, [column.name for column in table.primary_key]
    told, (last_name, values) = (*names, *keys), last
    writers = {name: write for name in told if (write := _writer(table.c[name], dialect, rows[0]))}
    text, order = await _update_of(connection, table, (*names, last_name), keys)
    readers = [(index, writers[name]) for index, name in enumerate(told) if name in writers]
    read, at = attrgetter(*told), [(*told, last_name).index(name) for name in order]
    found = []
    for row, value_of_last in zip(rows, values, strict=True):
        values_of_row = [*read(row), value_of_last]
        for index, write in readers:
            if (value := values_of_row[index]) is not None:
                values_of_row[index] = write(value)
        found.append(tuple([values_of_row[index] for index in at]))
    await connection.exec_driver_sql(text, found)


async def _update_of(
    connection: AsyncConnection, table: sa.Table, names: Sequence[str], keys: Sequence[str]
) -> tuple[str, list[str]]:
    """Write the statement, once for each connection, and tell which columns it takes its values from, in order."""
    raw = await connection.get_raw_connection()
    known = raw.info.setdefault("updates of rows", {})
    if (key := (table.name, tuple(names))) not in known:
        is_key = sa.and_(*(table.c[name] == sa.bindparam(f"key_{name}") for name in keys))
        statement = sa.update(table).where(is_key).values({name: sa.bindparam(name) for name in names})
        compiled: Any = statement.compile(dialect=connection.dialect)
        known[key] = str(compiled), [name.removeprefix("key_") for name in compiled.positiontup]
    found: tuple[str, list[str]] = known[key]
    return found


def _writer(column: sa.Column[Any], dialect: sa.Dialect, row: object) -> Write | None:
    """Tell how a value has to be written for the driver; None where it takes it as it is.

    Drivers take true and false as they are, whatever SQLAlchemy makes of them.
    """
    if isinstance(getattr(row, column.name), StrEnum):
        return str
    if isinstance(column.type, sa.JSON | TypeDecorator):
        return column.type.dialect_impl(dialect).bind_processor(dialect)
    return None


def _written(column: sa.Column[Any], dialect: sa.Dialect, value: Any) -> Any:
    write = column.type.dialect_impl(dialect).bind_processor(dialect)
    return value if write is None or value is None else write(value)
