"""The orders of a list: where a user stands in one, as a word for a URL, and as ranges of the index that holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from db.cursor import decode_cursor, decode_time, encode_cursor
from db.errors import BadCursor
from db.filters import Sort
from db.narrowing import Condition
from db.tables import users

_NULL = "-"


class Place(NamedTuple):
    """Where a user stands in an order: a name's key or a time, then the key of the row."""

    value: str | datetime | None
    team_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order by one column, then by the key: names upwards, times downwards, with those that have none at the end."""

    name: str
    column: sa.Column[Any]
    descends: bool = True

    @property
    def keys(self) -> tuple[sa.ColumnElement[Any], ...]:
        """The columns of an index that has this order."""
        return self.column, users.c.team_id, users.c.id

    def keys_in(self, table: sa.Table) -> tuple[sa.ColumnElement[Any], ...]:
        """The same columns of another table."""
        return tuple(table.c[key.name] for key in (self.column, users.c.team_id, users.c.id))

    def sorted(self, columns: Sequence[sa.ColumnElement[Any]]) -> list[sa.ColumnElement[Any]]:
        """Sort by these columns where no index has done it yet."""
        if not self.descends:
            return list(columns)
        return [columns[0].is_(None), *(column.desc() for column in columns)]

    def backwards(self, columns: Sequence[sa.ColumnElement[Any]]) -> tuple[sa.ColumnElement[Any], ...]:
        """Order by these columns along an index, whose own order this is."""
        return tuple(column.desc() if self.descends else column for column in columns)

    def not_behind(self, value: sa.ColumnElement[Any], until: Place | None) -> tuple[Condition, ...]:
        """Say that a row does not stand behind a place; those of the same value may."""
        if until is None or until.value is None:
            return ()
        return (value >= until.value if self.descends else value <= until.value,)

    def ahead(self, columns: Sequence[sa.ColumnElement[Any]], after: Place | None) -> tuple[Condition, ...]:
        """Say that a row has a value and comes after a place: one range of the index, and what only rows tell."""
        has_value = (columns[0].is_not(None),) if self.descends else ()
        if after is None or after.value is None:
            return has_value
        of_index = columns[0] <= after.value if self.descends else columns[0] >= after.value
        return (*has_value, of_index, sa.or_(*(sa.and_(*stretch) for stretch in self.ranges(columns, after))))

    def ranges(self, columns: Sequence[sa.ColumnElement[Any]], after: Place | None) -> list[tuple[Condition, ...]]:
        """Tell what comes after a place as stretches that follow one another, each of them one range of the index.

        One comparison of all three at once is no range on MariaDB, and an OR of them is none anywhere.
        """
        value, team_id, user_id = columns
        is_timeless = (value.is_(None),)
        if after is None:
            return [(value.is_not(None),), is_timeless] if self.descends else [()]
        ties: tuple[Condition, ...] = is_timeless if after.value is None else (value == after.value,)
        same = (*ties, team_id == after.team_id)
        if not self.descends:
            return [
                (*same, user_id > after.user_id), (*ties, team_id > after.team_id), (value > after.value,)
            ]  # fmt: skip
        found = [(*same, user_id < after.user_id), (*ties, team_id < after.team_id)]
        return found if after.value is None else [*found, (value < after.value,), is_timeless]

    def cursor(self, place: Place) -> str:
        """Write a place as a word for a URL."""
        value = place.value.isoformat() if isinstance(place.value, datetime) else place.value
        return encode_cursor(self.name, _NULL if value is None else value, place.team_id, place.user_id)

    def place(self, cursor: str) -> Place:
        """Read it back. Raises BadCursor, also for one of another order."""
        name, value, *key = decode_cursor(cursor, parts=4)
        if name != self.name:
            raise BadCursor
        if not self.descends:
            return Place(value, *key)
        return Place(None if value == _NULL else decode_time(value), *key)


_BY_NAME = Order("name", users.c.sort_key, descends=False)
ORDERS = {
    Sort.BEST: _BY_NAME,
    Sort.NAME: _BY_NAME,
    Sort.NEWEST: Order("newest", users.c.first_seen_at),
    Sort.CHANGED: Order("changed", users.c.changed_at),
}
