"""Lists in their order from an index: a branch for each kind and state, merged; as fast for the last page of a million.

A list that is narrowed by what only rows tell (a title, a custom field, a day) begins with those rows where they are
few, and sorts them; where they are many, one of them is never far, and the list walks its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.cursor import decode_cursor, encode_cursor
from db.errors import BadCursor
from db.filters import Sort, UserFilter
from db.narrowing import (
    Condition,
    Part,
    joined_since,
    parts_of,
    row_conditions,
    traits_with,
    values_by_field,
    within,
)
from db.sight import Sight
from db.tables import user_fields, users

FEW = 2_000
"""So many rows are sorted in no time."""
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
        try:
            return Place(None if value == _NULL else datetime.fromisoformat(value).astimezone(UTC), *key)
        except (ValueError, OverflowError):
            raise BadCursor from None


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
    narrowed = sight.narrowed(user_filter)
    statement = _from_named(order, narrowed, sight, place, limit)
    if statement is None:
        few = await _few(connection, narrowed, sight)
        if few is not None:
            statement = _from_few(order, few, narrowed, sight, place, limit)
        else:
            statement = _walk(order, narrowed, sight, place, limit)
    return [Place(*row) for row in await connection.execute(statement)], order


def _walk(
    order: Order, user_filter: UserFilter, sight: Sight, after: Place | None, limit: int
) -> sa.Select[tuple[Any, ...]]:
    """Go along the index of an order, in each kind and state, and look at rows where only they can tell."""
    rows = row_conditions(user_filter)
    return _merged(order, [(part, ()) for part in parts_of(user_filter, sight)], user_filter, rows, after, limit)


def _from_named(
    order: Order, user_filter: UserFilter, sight: Sight, after: Place | None, limit: int
) -> sa.Select[tuple[Any, ...]] | None:
    """Go along the names within a title, a zone or the value of a custom field, where no other of them is asked for.

    None for another order, or more values than branches are good.
    """
    parts, groups = parts_of(user_filter, sight), _named(user_filter)
    if order.descends or len(groups) != 1 or user_filter.joined_since:
        return None
    table, place, column, values = groups[0]
    if len(parts) * len(values) * (3 if after else 1) > _MOST_BRANCHES:
        return None
    begun = [(part, (*place, column == value)) for part, value in product(parts, values)]
    return _merged(order, begun, user_filter, [], after, limit, table)


def _named(user_filter: UserFilter) -> list[tuple[sa.Table, tuple[Condition, ...], sa.Column[str], list[str]]]:
    """Tell for each group that has an index in the order of names: its table, its place there, column and values."""
    found: list[tuple[sa.Table, tuple[Condition, ...], sa.Column[str], list[str]]] = []
    if user_filter.titles:
        found.append((users, (), users.c.title_key, sorted(user_filter.titles)))
    if user_filter.zones:
        found.append((users, (), users.c.tz, sorted(user_filter.zones)))
    for field_id, value_keys in values_by_field(user_filter).items():
        place = (user_fields.c.field_id == field_id,)
        found.append((user_fields, place, user_fields.c.value_key, value_keys))
    return found


def _merged(
    order: Order,
    begun: Sequence[tuple[Part, tuple[Condition, ...]]],
    user_filter: UserFilter,
    rows: Sequence[Condition],
    after: Place | None,
    limit: int,
    table: sa.Table = users,
) -> sa.Select[tuple[Any, ...]]:
    keys = order.keys_in(table)
    branches = [
        sa.select(*keys)
        .where(*part.place_in(table), *place, *stretch, part.traits_in(table), *within(user_filter, table), *rows)
        .order_by(*(key.desc() if order.descends else key for key in keys))
        .limit(limit)
        for part, place in begun
        for stretch in order.ranges(keys, after)
    ]
    every = sa.union_all(*(sa.select(*branch.subquery().c) for branch in branches)).subquery("every")
    return sa.select(*every.c).order_by(*order.sorted(list(every.c))).limit(limit)


async def _few(connection: AsyncConnection, user_filter: UserFilter, sight: Sight) -> sa.Select[tuple[Any, ...]] | None:
    """Tell from where to begin because there are few of them: the rows of a title, of a day, of a custom field."""
    starts = _starts(user_filter, sight)
    if not starts:
        return None
    counts = [_count_some(start, FEW + 1) for start in starts]
    found = (await connection.execute(sa.select(*counts))).one()
    least, start = min(zip(found, starts, strict=True), key=lambda each: each[0])
    return start if least <= FEW else None


def _count_some(start: sa.Select[tuple[Any, ...]], most: int) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(start.limit(most).subquery()).scalar_subquery()


def _starts(user_filter: UserFilter, sight: Sight) -> list[sa.Select[tuple[Any, ...]]]:
    """Tell for each group that has an index which rows it finds, by their key."""
    key = (users.c.team_id, users.c.id)
    kinds = users.c.kind.in_(sorted({part.kind.value for part in parts_of(user_filter, sight)}))
    states = users.c.state.in_(sorted({part.state.value for part in parts_of(user_filter, sight)}))
    found: list[sa.Select[tuple[Any, ...]]] = []
    if user_filter.titles:
        found.append(sa.select(*key).where(kinds, states, users.c.title_key.in_(sorted(user_filter.titles))))
    if user_filter.zones:
        found.append(sa.select(*key).where(kinds, states, users.c.tz.in_(sorted(user_filter.zones))))
    lacks = {part.lacks for part in parts_of(user_filter, sight)}
    if len(lacks) == 1 and lacks != {0}:
        found.append(sa.select(*key).where(kinds, states, users.c.traits.in_(traits_with(lacks.pop()))))
    if since := joined_since(user_filter):
        found.append(sa.select(*key).where(users.c.joined_at >= since))
    for field_id, value_keys in values_by_field(user_filter).items():
        has = (user_fields.c.field_id == field_id, user_fields.c.value_key.in_(value_keys))
        of_these = (
            user_fields.c.kind.in_(sorted({part.kind.value for part in parts_of(user_filter, sight)})),
            user_fields.c.state.in_(sorted({part.state.value for part in parts_of(user_filter, sight)})),
        )
        found.append(sa.select(user_fields.c.team_id, user_fields.c.id).where(*has, *of_these))
    return found


def _from_few(
    order: Order,
    start: sa.Select[tuple[Any, ...]],
    user_filter: UserFilter,
    sight: Sight,
    after: Place | None,
    limit: int,
) -> sa.Select[tuple[Any, ...]]:
    """Look at each of few rows, and sort those that fit.

    Joined from the left, and fenced off by an offset, so that no planner begins with everybody instead.
    """
    few = start.limit(FEW).subquery("few")
    is_theirs = sa.and_(users.c.team_id == few.c.team_id, users.c.id == few.c.id)
    fits = sa.or_(*(part.by_row for part in parts_of(user_filter, sight)))
    found = sa.select(*order.keys).join_from(few, users, is_theirs, isouter=True)
    found = found.where(fits, *within(user_filter, few), *row_conditions(user_filter))
    fitting = found.offset(0).subquery("fitting")
    keys = list(fitting.c)
    shown = sa.select(*keys)
    if after is not None:
        shown = shown.where(sa.or_(*(sa.and_(*stretch) for stretch in order.ranges(keys, after))))
    return shown.order_by(*order.sorted(keys)).limit(limit)
