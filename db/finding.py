"""Finds whom a search means, a page at a time, at a cost that does not grow with how many there are.

Few who match are all taken from the index and put in order. Of many, tier after tier is asked, each by the way that is
short for it: where few are of the tier, from the index again; else along the order itself, which is an index as well,
until a page is full, for many are met soon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects import Match, indexed
from db.filters import UserFilter
from db.ranking import Ranking, ranking_of
from db.records import Kind, State
from db.sight import Sight
from db.tables import users

FEW = 2_000
"""So many are sorted in a few milliseconds; of more, one in a few hundred is met soon along the order."""
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
    seeker = _Seeker(connection, ranking, user_filter, where)
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
    ) -> None:
        self._connection = connection
        self._ranking = ranking
        self._kinds = sorted(user_filter.kinds or Kind)
        self._states = sorted(user_filter.states or State)
        self._where = where

    async def rows_after(self, place: tuple[int, Row] | None, limit: int) -> list[sa.Row[Any]]:
        if await self._are_few(self._ranking.found):
            return await self._read(self.in_order(place, limit))
        start, _ = place or (0, ())
        rows: list[sa.Row[Any]] = []
        for number in range(start, len(self._ranking.tiers)):
            behind = place[1] if place and number == start else None
            rows += await self._read(await self._shortest(number, behind, limit - len(rows)))
            if len(rows) >= limit:
                break
        return rows

    async def _shortest(self, number: int, behind: Row | None, limit: int) -> sa.Select[Any]:
        match = self._ranking.tiers[number].match
        if match is not None and await self._are_few(match):
            return self.by_index(number, match, behind, limit)
        return self.along_the_order(number, behind, limit)

    def in_order(self, place: tuple[int, Row] | None, limit: int) -> sa.Select[Any]:
        """Take everybody from the index, and sort them."""
        number = self._ranking.number
        where = [indexed(self._ranking.found, users.c.search_text), self._ranking.may_be_found, *self._narrowed()]
        if place:
            here, values = place
            where.append(sa.or_(number > here, sa.and_(number == here, self._ranking.behind(here, values))))
        tier = number.label("tier")
        return self._rows(tier, *where).order_by(tier, *self._ranking.order).limit(limit)

    def by_index(self, number: int, match: Match, behind: Row | None, limit: int) -> sa.Select[Any]:
        """Take those of a tier from the index, and sort them."""
        where = (indexed(match, users.c.search_text), *self._narrowed(), *self._of_tier(number, behind))
        return self._rows(_said(number), *where).order_by(*self._ranking.order).limit(limit)

    def along_the_order(self, number: int, behind: Row | None, limit: int) -> sa.Select[Any]:
        """Look along the order, which is one index for each kind and state, until there are enough of a tier."""
        branches = []
        for kind, state in product(self._kinds, self._states):
            of_branch = (users.c.kind == kind.value, users.c.state == state.value)
            rows = self._rows(_said(number), *of_branch, *self._where, *self._of_tier(number, behind))
            branch = rows.order_by(*self._ranking.order).limit(limit).subquery()
            branches.append(sa.select(branch))
        together = sa.union_all(*branches).subquery()
        names = (together.c[str(column.key)] for column in self._ranking.columns)
        order = (name.desc() if self._ranking.is_backwards else name.asc() for name in names)
        return sa.select(together).order_by(*order).limit(limit)

    def _rows(self, tier: sa.ColumnElement[int], *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return sa.select(tier.label("tier"), *self._ranking.columns).where(*where)

    def _of_tier(self, number: int, behind: Row | None) -> tuple[sa.ColumnElement[bool], ...]:
        alone = self._ranking.alone(number)
        return (alone,) if behind is None else (alone, self._ranking.behind(number, behind))

    def _narrowed(self) -> tuple[sa.ColumnElement[bool], ...]:
        kinds = users.c.kind.in_([kind.value for kind in self._kinds])
        states = users.c.state.in_([state.value for state in self._states])
        return (kinds, states, *self._where)

    async def _are_few(self, match: Match) -> bool:
        count: int = (await self._connection.execute(counted(match))).scalar_one()
        return count <= FEW

    async def _read(self, statement: sa.Select[Any]) -> list[sa.Row[Any]]:
        return list(await self._connection.execute(statement))


def counted(match: Match) -> sa.Select[Any]:
    """Count those whom the index finds, a little beyond FEW at most."""
    found: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(users)
    some = found.where(indexed(match, users.c.search_text, at_most=FEW + 1)).limit(FEW + 1).subquery()
    return sa.select(sa.func.count()).select_from(some)


def _said(number: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(number), sa.Integer)
