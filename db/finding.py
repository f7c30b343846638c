"""Finds whom a search means, a page at a time.

Few who match are all taken from the index of words and put in order; and so are few by whom the search is narrowed,
from an index of theirs. Of many, tier after tier is asked, each by the way that is short for it: where it has some,
from the index of words again; where it has a crowd, along the order, which is an index as well and soon meets enough of
them. If it does not, since they all stand far behind, the crowd is sorted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects import Match, how_many, indexed, whole
from db.filters import UserFilter
from db.narrowing import aside, if_there
from db.ranking import Ranking, ranking_of
from db.records import Kind, State
from db.sight import Sight
from db.starts import FEW, SOME, Start, least_start, rows_from
from db.tables import users

STRETCH = 20_000
"""So far of each kind and state a tier is looked for along the order."""
CROWD = 5_000
"""Of more, even among a million, a page is sooner met along the order than all of them are read and sorted."""
Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """The keys (`team_id`, `id`) of a page of users, in their order; `next_cursor` as on a Page."""

    keys: tuple[tuple[str, str], ...] = ()
    next_cursor: str | None = None


async def find(
    connection: AsyncConnection,
    user_filter: UserFilter,
    where: Sequence[sa.ColumnElement[bool]],
    *,
    after: str | None,
    limit: int,
    sight: Sight,
) -> Finding:
    """Find a page behind a cursor. Raises BadCursor.

    `where` holds what the filter says beside what was typed, but for kinds and states.
    """
    ranking = ranking_of(user_filter.q, sight, user_filter.sort)
    if ranking is None:
        return Finding()
    seeker = _Seeker(connection, ranking, user_filter, where, sight)
    rows = await seeker.rows_after(ranking.place(after) if after is not None else None, limit + 1)
    shown = rows[:limit]
    return Finding(
        tuple((row.team_id, row.id) for row in shown),
        ranking.cursor(shown[-1]) if len(rows) > limit else None,
    )


class _Seeker:
    """One search of one page. Rows are the number of their tier, then the columns of the order."""

    def __init__(
        self,
        connection: AsyncConnection,
        ranking: Ranking,
        user_filter: UserFilter,
        where: Sequence[sa.ColumnElement[bool]],
        sight: Sight,
    ) -> None:
        self._connection = connection
        self._ranking = ranking
        self._filter = sight.narrowed(user_filter)
        self._sight = sight
        self._kinds = sorted(user_filter.kinds or Kind)
        self._states = sorted(user_filter.states or State)
        self._where = where

    async def rows_after(self, place: tuple[int, Row] | None, limit: int) -> list[sa.Row[Any]]:
        if await self._has_at_most(FEW, self._ranking.found):
            return await self._read(self.in_order(place, limit))
        least = await least_start(self._connection, self._filter, self._sight)
        if least is not None and least.size <= SOME:
            return await self._read(self.from_group(least, place, limit))
        start, _ = place or (0, ())
        rows: list[sa.Row[Any]] = []
        for number in range(start, len(self._ranking.tiers)):
            behind = place[1] if place and number == start else None
            rows += await self._of_tier(number, behind, limit - len(rows))
            if len(rows) >= limit:
                break
        return rows

    async def _of_tier(self, number: int, behind: Row | None, limit: int) -> list[sa.Row[Any]]:
        match = self._ranking.tiers[number].match
        if match is None or not await self._has_at_most(CROWD, match):
            bound = (await self._connection.execute(self.bound(number, behind))).first()
            rows = await self._read(self.along_the_order(number, behind, limit, bound=bound))
            if len(rows) == limit or bound is None:
                return rows
        return await self._read(self.by_index(number, match or self._ranking.found, behind, limit))

    def in_order(self, place: tuple[int, Row] | None, limit: int) -> sa.Select[Any]:
        """Take everybody from the index, and sort them."""
        narrowed = [*self._narrowed(), self._ranking.may_be_found, *self._after(place)]
        tier = self._ranking.number.label("tier")
        rows = self._rows(tier, indexed(self._ranking.found, users.c.search_text), aside(*narrowed))
        return rows.order_by(tier, *self._ranking.ordered(self._ranking.columns)).limit(limit)

    def from_group(self, start: Start, place: tuple[int, Row] | None, limit: int) -> sa.Select[Any]:
        """Take everybody from what the search is narrowed by, which is less than it finds, and sort them."""
        tier = self._ranking.number.label("tier")
        narrowed = if_there(sa.and_(*self._narrowed(), self._ranking.is_found, *self._after(place)))
        rows = rows_from(start, tier, *self._ranking.columns).where(narrowed)
        return rows.order_by(tier, *self._ranking.ordered(self._ranking.columns)).limit(limit)

    def by_index(self, number: int, match: Match, behind: Row | None, limit: int) -> sa.Select[Any]:
        """Take those of a tier from the index, and sort them."""
        narrowed = aside(*self._narrowed(), *self._of(number, behind))
        rows = self._rows(_said(number), indexed(match, users.c.search_text), narrowed)
        return rows.order_by(*self._ranking.ordered(self._ranking.columns)).limit(limit)

    def along_the_order(
        self, number: int, behind: Row | None, limit: int, *, bound: Row | None = None
    ) -> sa.Select[Any]:
        """Look along the order until there are enough of a tier, or until the bound is met."""
        until = () if bound is None else (sa.not_(self._ranking.behind(number, bound)),)
        where = (*self._where, *self._of(number, behind), *until)
        return self._together(self._rows(_said(number), *where).limit(limit), self._ranking.columns).limit(limit)

    def bound(self, number: int, behind: Row | None) -> sa.Select[Any]:
        """Find the place of which every row of the order before it is within the stretch of its kind and state."""
        tier = self._ranking.tiers[number]
        where = (tier.is_stored, *self._behind(number, behind))
        return self._together(sa.select(*tier.after).where(*where).offset(STRETCH).limit(1), tier.after).limit(1)

    def _together(self, rows: sa.Select[Any], columns: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
        """Read each kind and state along its own index, and join them in one order."""
        branches = [
            sa.select(rows.where(users.c.kind == kind.value, users.c.state == state.value).order_by(*order).subquery())
            for kind, state in product(self._kinds, self._states)
            for order in (self._ranking.ordered(columns),)
        ]
        together = sa.union_all(*branches).subquery()
        names = [together.c[str(column.key)] for column in columns]
        return sa.select(together).order_by(*self._ranking.ordered(names))

    def _rows(self, tier: sa.ColumnElement[int], *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return sa.select(tier.label("tier"), *self._ranking.columns).where(*where)

    def _of(self, number: int, behind: Row | None) -> tuple[sa.ColumnElement[bool], ...]:
        return (self._ranking.alone(number), *self._behind(number, behind))

    def _behind(self, number: int, behind: Row | None) -> tuple[sa.ColumnElement[bool], ...]:
        return () if behind is None else (self._ranking.behind(number, behind),)

    def _after(self, place: tuple[int, Row] | None) -> tuple[sa.ColumnElement[bool], ...]:
        if place is None:
            return ()
        (here, values), number = place, self._ranking.number
        return (sa.or_(number > here, sa.and_(number == here, self._ranking.behind(here, values))),)

    def _narrowed(self) -> tuple[sa.ColumnElement[bool], ...]:
        kinds = users.c.kind.in_([kind.value for kind in self._kinds])
        states = users.c.state.in_([state.value for state in self._states])
        return (kinds, states, *self._where)

    async def _has_at_most(self, many: int, match: Match) -> bool:
        """Count, whole words first: those are not gathered from many places of the index before the first is told."""
        counts = [counted(each, many) for each in dict.fromkeys((whole(match), match))]
        has_more = sa.case(*((count > many, True) for count in counts), else_=False)  # asked for one after the other
        return not (await self._connection.execute(sa.select(has_more))).scalar_one()

    async def _read(self, statement: sa.Select[Any]) -> list[sa.Row[Any]]:
        return list(await self._connection.execute(statement))


def counted(match: Match, many: int) -> sa.ColumnElement[int]:
    """Count those whom the index finds; one more than so many stands for all that are beyond."""
    return how_many(match, users.c.search_text, at_most=many + 1)


def _said(number: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(number), sa.Integer)
