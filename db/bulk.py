"""Many rows at once, new or written anew: tuples of what the driver takes, made without a look at each value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeDecorator

from db.dialects import Said, fill, insert_of, rewriting

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


def updating(
    dialect: sa.Dialect,
    table: sa.Table,
    rows: Sequence[object],
    names: Sequence[str],
    *,
    beside: Mapping[str, Iterable[Any]],
) -> list[Said]:
    """Say what rewrites in rows what they tell under these names, and in columns whose values are told beside them.

    An engine writes an index anew for each of its columns that is named, be it to what it was.
    """
    told = (*names, *(column.name for column in table.primary_key))
    statement = _update_of(dialect, table, told, tuple(beside))
    read = attrgetter(*told)
    readers = [(index, write) for index, name in enumerate(told) if (write := _writer(table.c[name], dialect, rows[0]))]
    more = [[_written(table.c[name], dialect, value) for value in values] for name, values in beside.items()]
    found = []
    for row, *of_beside in zip(rows, *more, strict=True):
        values: list[Any] = [*read(row), *of_beside]
        for index, write in readers:
            if (value := values[index]) is not None:
                values[index] = write(value)
        found.append(statement.in_order(values))
    return rewriting(dialect, table, statement.names, statement.text, found)


def inserting(dialect: sa.Dialect, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> list[Said]:
    """Say what inserts rows, each told as a mapping of the same names in the same order."""
    names = tuple(rows[0])
    writers = [_bound(table.c[name], dialect) for name in names]
    told = [tuple([_said(write, value) for write, value in zip(writers, row.values(), strict=True)]) for row in rows]
    return [(insert_of(dialect, table, names), told)]


class _Update(NamedTuple):
    """A statement, the columns that it takes values of, in its own order, and what brings them into it."""

    text: str
    names: tuple[str, ...]
    in_order: Callable[[Sequence[Any]], tuple[Any, ...]]


@lru_cache(maxsize=256)
def _update_of(dialect: sa.Dialect, table: sa.Table, told: tuple[str, ...], beside: tuple[str, ...]) -> _Update:
    """Write it once: to write and key so many columns anew takes SQLAlchemy longer than an engine to write a row."""
    keys = [column.name for column in table.primary_key]
    is_key = sa.and_(*(table.c[name] == sa.bindparam(f"key_{name}") for name in keys))
    values: dict[str, Any] = {name: sa.bindparam(name) for name in (*told[: -len(keys)], *beside)}
    compiled: Any = sa.update(table).where(is_key).values(values).compile(dialect=dialect)
    names = tuple(name.removeprefix("key_") for name in compiled.positiontup)
    return _Update(str(compiled), names, itemgetter(*((*told, *beside).index(name) for name in names)))


@lru_cache(maxsize=512)
def _bound(column: sa.Column[Any], dialect: sa.Dialect) -> Write | None:
    """Tell how SQLAlchemy would write a column's values; None where the driver takes them as they are."""
    if isinstance(column.type, sa.JSON | TypeDecorator):
        return column.type.dialect_impl(dialect).bind_processor(dialect)
    return None


def _writer(column: sa.Column[Any], dialect: sa.Dialect, row: object) -> Write | None:
    """Tell how a value has to be written for the driver; None where it takes it as it is.

    Drivers take true and false as they are, whatever SQLAlchemy makes of them.
    """
    return str if isinstance(getattr(row, column.name), StrEnum) else _bound(column, dialect)


def _written(column: sa.Column[Any], dialect: sa.Dialect, value: Any) -> Any:
    return _said(_bound(column, dialect), value)


def _said(write: Write | None, value: Any) -> Any:
    return value if write is None or value is None else write(value)
