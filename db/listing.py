"""Lists in their order from an index: a branch for each kind and state, merged; as fast for the last page of a million.

A list that is narrowed begins with the group that finds fewest (a title, a custom field, a day): those rows are sorted
where they are few, and walked in the order of names where they are many. In another order one of many is seldom far, so
that order is walked for a stretch first.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.filters import TITLES, ZONES, UserFilter
from db.narrowing import Condition, row_conditions, values_by_field
from db.ordering import ORDERS, Place
from db.records import User
from db.sight import Sight
from db.starts import FEW, LACKS, SOME, Start, groups_of, least_start
from db.tables import user_fields, users
from db.ways import Ways

STRETCH = 20_000
"""So far of each kind and state a list is looked for along its order, row by row."""
_MOST_BRANCHES = 90
"""SQLite takes 500 in one statement, and every one costs a server's planner something."""
_PARTS_KEPT = 4
"""A statement of so many kinds and states is kept: one of all of them weighs more than a megabyte, and few ask it."""


class Listing:
    """One page of one list, from behind the cursor, in its order. Raises BadCursor."""

    def __init__(
        self, connection: AsyncConnection, user_filter: UserFilter, sight: Sight, *, after: str | None, limit: int
    ) -> None:
        self.order = ORDERS[user_filter.sort]
        place = self.order.place(after) if after is not None else None
        self._connection = connection
        self._ways = Ways(self.order, sight.narrowed(user_filter), sight, place, limit)
        self._groups = groups_of(self._ways.user_filter, sight)

    @property
    def is_kept(self) -> bool:
        """Whether it goes along an index of its order, by a statement that is kept."""
        return self._is_along_its_order and len(self._ways.parts) <= _PARTS_KEPT

    @property
    def _is_along_its_order(self) -> bool:
        """Whether nothing narrows it that its index does not tell, and that tells what is lacking, too."""
        return not self._groups.keys() - {LACKS}

    def cursor_behind(self, user: User) -> str:
        """Write where a user of it stands as a word for a URL."""
        return self.order.cursor(Place(getattr(user, self.order.column.name), user.team_id, user.id))

    async def rows(self, names: Sequence[str]) -> Sequence[sa.Row[tuple[Any, ...]]]:
        """Read these columns of the rows themselves, of a list that `is_kept`."""
        ways = self._ways
        found = await self._connection.execute(_rows_along(ways.from_any_place(), tuple(names)), ways.place())
        rows: Sequence[sa.Row[tuple[Any, ...]]] = found.all()
        return rows

    async def places(self) -> list[Place]:
        """Find where they stand, and no more, by the way that is short: a group that finds few, or else the order."""
        ways, groups = self._ways, self._groups
        named = _named(ways.user_filter)
        if self._is_along_its_order:
            return await self._read(ways.walk())
        if len(groups) == 1 and named and (statement := _along_names(ways, named[0])) is not None:
            return await self._read(statement)
        least = await least_start(self._connection, ways.user_filter, ways.sight)
        if least is None or least.size <= (SOME if ways.order.descends else FEW):
            return await self._read(ways.walk() if least is None else ways.sorted(least))
        shortest = next((each for each in named if each.name == least.group), None)
        if shortest is not None and (statement := _along_names(ways, shortest)) is not None:
            return await self._read(statement)
        return await self._within_a_stretch(least)

    async def _within_a_stretch(self, least: Start) -> list[Place]:
        """Walk the order as far as that is short, for one of many is seldom far; else sort the group after all."""
        after = self._ways.after
        is_timeless = after is not None and after.value is None
        bound = None if is_timeless else (await self._connection.execute(self._ways.bound(STRETCH))).first()
        found = await self._read(self._ways.walk(until=Place(*bound) if bound else None))
        if bound is None or len(found) == self._ways.limit:
            return found
        return await self._read(self._ways.sorted(least))

    async def _read(self, statement: sa.Select[tuple[Any, ...]]) -> list[Place]:
        return [Place(*row) for row in await self._connection.execute(statement)]


@lru_cache(maxsize=16)
def _rows_along(ways: Ways, names: tuple[str, ...]) -> sa.Select[tuple[Any, ...]]:
    """Make it once for all pages of a list: to write it takes SQLAlchemy longer than SQLite to find a page."""
    return ways.rows_along(names)


def _along_names(ways: Ways, named: _Named) -> sa.Select[tuple[Any, ...]] | None:
    """Go along the names within a title, a zone or the value of a custom field; its index tells most of the rest.

    None for another order, or more values than branches are good.
    """
    after, parts = ways.after, ways.parts
    if ways.order.descends or len(parts) * len(named.values) * (3 if after else 1) > _MOST_BRANCHES:
        return None
    begun = [(part, (*named.place, named.column == value)) for part, value in product(parts, named.values)]
    rest = row_conditions(ways.user_filter, but=named.name)
    return ways.merged(begun, rest, named.table, joins_rows=named.table is not users and bool(rest))


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
