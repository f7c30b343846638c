"""Finds whom a search means, a page at a time.

Few who match are all taken from the index of words and put in order; and so are few by whom the search is narrowed,
from an index of theirs. Of many, tier after tier is asked, each by the way that is short for it: where it has some,
from the index of words again; where it has a crowd, along the order, which is an index as well and soon meets enough of
them. If it does not, since they all stand far behind, the crowd is sorted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.blanks import Kept, Words, shared
from db.dialects import gathers_all_first
from db.filters import UserFilter
from db.search import apart
from db.sight import Sight
from db.starts import FEW, SOME, least_start
from db.tiers import CROWD, Row, Tiers, tiers_of


@dataclass(frozen=True, slots=True)
class Finding:
    """The keys (`team_id`, `id`) of a page of users, in their order; `next_cursor` as on a Page."""

    keys: tuple[tuple[str, str], ...] = ()
    next_cursor: str | None = None


async def find(
    connection: AsyncConnection, user_filter: UserFilter, *, after: str | None, limit: int, sight: Sight
) -> Finding:
    """Find a page behind a cursor. Raises BadCursor."""
    q, words = apart(user_filter.q)
    tiers = shared(tiers_of, words)(replace(user_filter, q=q), sight)
    if tiers is None:
        return Finding()
    place = tiers.ranking.place(after) if after is not None else None
    rows = await _Seeker(connection, tiers, words, sight.narrowed(user_filter), sight).rows_after(place, limit + 1)
    shown = rows[:limit]
    return Finding(
        tuple((row.team_id, row.id) for row in shown),
        tiers.ranking.cursor(shown[-1]) if len(rows) > limit else None,
    )


class _Seeker:
    """One search of one page."""

    def __init__(
        self, connection: AsyncConnection, tiers: Tiers, words: Words, user_filter: UserFilter, sight: Sight
    ) -> None:
        self._connection = connection
        self._tiers = tiers
        self._words = words
        self._filter = user_filter
        """As the sight has narrowed it."""
        self._sight = sight

    async def rows_after(self, place: tuple[int, Row] | None, limit: int) -> list[sa.Row[Any]]:
        if (few := await self._few_after(place, limit)) is not None:
            return few
        least = await least_start(self._connection, self._filter, self._sight)
        if least is not None and least.size <= SOME:
            return await self._read(self._tiers.from_group(least, place), limit, place)
        rows: list[sa.Row[Any]] = []
        start, _ = place or (0, ())
        for number in range(start, len(self._tiers.ranking.tiers)):
            rows += await self._of_tier(number, place if place and number == start else None, limit - len(rows))
            if len(rows) >= limit:
                break
        return rows

    async def _few_after(self, place: tuple[int, Row] | None, limit: int) -> list[sa.Row[Any]] | None:
        """Give the page where the search finds few in all; None where they are more."""
        few, are_more = self._tiers.few(place), self._tiers.has_more(FEW, self._tiers.ranking.found)
        if gathers_all_first(self._connection.dialect.name):
            return None if await self._is(are_more) else await self._read(few, limit, place)
        rows = await self._read(few, limit, place)
        return None if not rows and await self._is(are_more) else rows

    async def _of_tier(self, number: int, place: tuple[int, Row] | None, limit: int) -> list[sa.Row[Any]]:
        is_behind, match = place is not None, self._tiers.ranking.tiers[number].match
        if match is None or await self._is(self._tiers.has_more(CROWD, match)):
            bound = next(iter(await self._read(self._tiers.bound(number, is_behind=is_behind), 1, place)), None)
            along = self._tiers.along_the_order(number, is_behind=is_behind, is_bound=bound is not None)
            rows = await self._read(along, limit, place, bound)
            if len(rows) == limit or bound is None:
                return rows
        return await self._read(self._tiers.by_index(number, is_behind=is_behind), limit, place)

    async def _is(self, asked: Kept) -> bool:
        return bool(await self._connection.scalar(asked.statement, asked.told(self._words)))

    async def _read(
        self, asked: Kept, limit: int, place: tuple[int, Row] | None = None, bound: Row | None = None
    ) -> list[sa.Row[Any]]:
        told = asked.told(self._words) | self._tiers.told(limit, place, bound)
        return list(await self._connection.execute(asked.statement, told))
