"""Lists in their order from an index: a branch for each kind and state, merged; as fast for the last page of a million.

A list that is narrowed begins with the group that finds fewest (a title, a custom field, a day): those rows are sorted
where they are few, and walked in the order of names where they are many. In another order one of many is seldom far, so
that order is walked for a stretch first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.cursor import decode_cursor, decode_time, encode_cursor
from db.errors import BadCursor
from db.filters import TITLES, ZONES, Sort, UserFilter
from db.narrowing import Condition, Part, at_hand_by_row, parts_of, row_conditions, values_by_field, within
from db.sight import Sight
from db.starts import FEW, LACKS, SOME, Start, groups_of, least_start, rows_from
from db.tables import user_fields, users

STRETCH = 20_000
"""So far of each kind and state a list is looked for along its order, row by row."""
_MOST_BRANCHES = 90
"""SQLite takes 500 in one statement, and every one costs a server's planner something."""
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


async def find_places(
    connection: AsyncConnection, user_filter: UserFilter, sight: Sight, *, after: str | None, limit: int
) -> tuple[list[Place], Order]:
    """Find where those stand whom a filter finds, from behind the cursor, in their order. Raises BadCursor."""
    order = ORDERS[user_filter.sort]
    place = order.place(after) if after is not None else None
    places = await _Finder(connection, order, sight.narrowed(user_filter), sight, place, limit).places()
    return places, order


class _Finder:
    """One page of one list."""

    def __init__(
        self,
        connection: AsyncConnection,
        order: Order,
        user_filter: UserFilter,
        sight: Sight,
        after: Place | None,
        limit: int,
    ) -> None:
        self._connection = connection
        self._order = order
        self._filter = user_filter
        self._sight = sight
        self._after = after
        self._limit = limit

    async def places(self) -> list[Place]:
        """Choose the way that is short: the group that finds fewest where they are few, else the order itself."""
        named = _named(self._filter)
        groups = groups_of(self._filter, self._sight)
        if not groups.keys() - {LACKS}:
            return await self._read(self._walk())  # an index of the order tells what is lacking, too
        if len(groups) == 1 and named and (statement := self._along_names(named[0])) is not None:
            return await self._read(statement)
        least = await least_start(self._connection, self._filter, self._sight)
        if least is None or least.size <= (SOME if self._order.descends else FEW):
            return await self._read(self._walk() if least is None else self._sorted(least))
        shortest = next((each for each in named if each.name == least.group), None)
        if shortest is not None and (statement := self._along_names(shortest)) is not None:
            return await self._read(statement)
        return await self._within_a_stretch(least)

    async def _within_a_stretch(self, least: Start) -> list[Place]:
        """Walk the order as far as that is short, for one of many is seldom far; else sort the group after all."""
        is_timeless = self._after is not None and self._after.value is None
        bound = None if is_timeless else (await self._connection.execute(self._bound())).first()
        found = await self._read(self._walk(until=Place(*bound) if bound else None))
        if bound is None or len(found) == self._limit:
            return found
        return await self._read(self._sorted(least))

    def _walk(self, until: Place | None = None) -> sa.Select[tuple[Any, ...]]:
        """Go along the index of an order, in each kind and state, and look at rows where only they can tell."""
        begun: list[tuple[Part, tuple[Condition, ...]]] = [(part, ()) for part in self._parts]
        return self._merged(begun, row_conditions(self._filter), until=until)

    def _bound(self) -> sa.Select[tuple[Any, ...]]:
        """Find the place before which every row of the order is within the stretch of its kind and state."""
        keys = self._order.keys
        ahead = self._order.ahead(keys, self._after)
        branches = [
            sa.select(*keys).where(*part.place, *ahead).order_by(*self._order.backwards(keys)).offset(STRETCH).limit(1)
            for part in self._parts
        ]
        every = sa.union_all(*(sa.select(*branch.subquery().c) for branch in branches)).subquery("every")
        return sa.select(*every.c).order_by(*self._order.sorted(list(every.c))).limit(1)

    def _along_names(self, named: _Named) -> sa.Select[tuple[Any, ...]] | None:
        """Go along the names within a title, a zone or the value of a custom field; its index tells most of the rest.

        None for another order, or more values than branches are good.
        """
        if self._order.descends or len(self._parts) * len(named.values) * (3 if self._after else 1) > _MOST_BRANCHES:
            return None
        begun = [(part, (*named.place, named.column == value)) for part, value in product(self._parts, named.values)]
        rest = row_conditions(self._filter, but=named.name)
        if named.table is users or not rest:
            return self._merged(begun, rest, named.table)
        return self._merged(begun, rest, named.table, joins_rows=True)

    def _merged(
        self,
        begun: Sequence[tuple[Part, tuple[Condition, ...]]],
        rows: Sequence[Condition],
        table: sa.Table = users,
        *,
        until: Place | None = None,
        joins_rows: bool = False,
    ) -> sa.Select[tuple[Any, ...]]:
        keys = self._order.keys_in(table)
        selected = sa.select(*keys)
        if joins_rows:
            is_theirs = sa.and_(users.c.team_id == table.c.team_id, users.c.id == table.c.id)
            selected = selected.join_from(table, users, is_theirs, isouter=True)
        ending = self._order.not_behind(keys[0], until)
        always = (*ending, *within(self._filter, table), *rows)
        branches = [
            selected.where(*part.place_in(table), *place, *stretch, part.traits_in(table), *always)
            .order_by(*self._order.backwards(keys))
            .limit(self._limit)
            for part, place in begun
            for stretch in self._order.ranges(keys, self._after)
        ]
        every = sa.union_all(*(sa.select(*branch.subquery().c) for branch in branches)).subquery("every")
        return sa.select(*every.c).order_by(*self._order.sorted(list(every.c))).limit(self._limit)

    def _sorted(self, start: Start) -> sa.Select[tuple[Any, ...]]:
        """Look at each row of a group, and sort those that fit; an offset fences them off from the rest."""
        found = rows_from(start, *self._order.keys).where(*at_hand_by_row(self._filter, self._sight))
        fitting = found.offset(0).subquery("fitting")
        keys = list(fitting.c)
        shown = sa.select(*keys)
        if self._after is not None:
            shown = shown.where(sa.or_(*(sa.and_(*stretch) for stretch in self._order.ranges(keys, self._after))))
        return shown.order_by(*self._order.sorted(keys)).limit(self._limit)

    @property
    def _parts(self) -> tuple[Part, ...]:
        return parts_of(self._filter, self._sight)

    async def _read(self, statement: sa.Select[tuple[Any, ...]]) -> list[Place]:
        return [Place(*row) for row in await self._connection.execute(statement)]


class _Named(NamedTuple):
    """A group that has an index in the order of names: its table, its place there, the column and the values."""

    name: str
    table: sa.Table
    place: tuple[Condition, ...]
    column: sa.Column[str]
    values: list[str]


def _named(user_filter: UserFilter) -> list[_Named]:
    found: list[_Named] = []
    if user_filter.titles:
        found.append(_Named(TITLES, users, (), users.c.title_key, sorted(user_filter.titles)))
    if user_filter.zones:
        found.append(_Named(ZONES, users, (), users.c.tz, sorted(user_filter.zones)))
    for field_id, value_keys in values_by_field(user_filter).items():
        place = (user_fields.c.field_id == field_id,)
        found.append(_Named(field_id, user_fields, place, user_fields.c.value_key, value_keys))
    return found
