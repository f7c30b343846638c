"""The statements by which a page of a search is found: in order, from a group, or tier after tier. Pure.

Each is written once for all searches that are typed alike: words, places and numbers are told with the question.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from itertools import product
from typing import Any

import sqlalchemy as sa

from db.blanks import Kept, kept
from db.dialects import Match, has_more, indexed, indexed_few
from db.filters import UserFilter
from db.narrowing import aside, beside_kind_and_state, if_there
from db.ranking import Ranking, ranking_of
from db.records import Kind, State
from db.sight import Sight
from db.starts import FEW, Start, rows_from
from db.tables import users

STRETCH = 20_000
"""So far of each kind and state a tier is looked for along the order."""
CROWD = 5_000
"""Of more, even among a million, a page is sooner met along the order than all of them are read and sorted."""
Row = Sequence[Any]

_AT_MOST = "at_most"
_LIMIT = sa.bindparam(_AT_MOST, type_=sa.Integer)
_BEHIND, _BOUND = "behind", "bound"


class Tiers:
    """One search of one reader, wherever in its order a page is. Rows are the number of their tier, then columns."""

    def __init__(self, ranking: Ranking, user_filter: UserFilter, sight: Sight) -> None:
        """Take a filter that is not narrowed to the sight."""
        self.ranking = ranking
        self._kinds = sorted(user_filter.kinds or Kind)
        self._states = sorted(user_filter.states or State)
        self._where = beside_kind_and_state(user_filter, sight)
        self._kept: dict[Hashable, Kept] = {}

    def few(self, place: tuple[int, Row] | None) -> Kept:
        """Take everybody from the index, and sort them; nobody where they are more than a few."""
        return self._once(("few", place and place[0]), lambda: self._few(place and place[0]))

    def has_more(self, many: int, match: Match) -> Kept:
        """Say whether the index finds more than so many: of the search, or of a tier."""
        return self._once(("has_more", many, match), lambda: sa.select(has_more(match, users.c.search_text, many=many)))

    def by_index(self, number: int, *, is_behind: bool) -> Kept:
        """Take those of a tier from the index, and sort them."""
        return self._once(("by_index", number, is_behind), lambda: self._by_index(number, is_behind=is_behind))

    def bound(self, number: int, *, is_behind: bool) -> Kept:
        """Find the place of which every row of the order before it is within the stretch of its kind and state."""
        return self._once(("bound", number, is_behind), lambda: self._bound(number, is_behind=is_behind))

    def along_the_order(self, number: int, *, is_behind: bool, is_bound: bool) -> Kept:
        """Look along the order until there are enough of a tier, or until the bound is met."""
        key = ("along", number, is_behind, is_bound)
        return self._once(key, lambda: self._along_the_order(number, is_behind=is_behind, is_bound=is_bound))

    def from_group(self, start: Start, place: tuple[int, Row] | None) -> Kept:
        """Take everybody from what the search is narrowed by, which is less than it finds, and sort them."""
        tier = self.ranking.number.label("tier")
        narrowed = if_there(sa.and_(*self._narrowed(), self.ranking.is_found, *self._after(place and place[0])))
        return kept(self._sorted(rows_from(start, tier, *self.ranking.columns).where(narrowed), tier))

    def told(self, limit: int, place: tuple[int, Row] | None = None, bound: Row | None = None) -> dict[str, Any]:
        """Tell how many are wanted, behind which place, and up to which bound."""
        told: dict[str, Any] = {_AT_MOST: limit}
        for name, values in ((_BEHIND, place and place[1]), (_BOUND, bound)):
            told |= {f"{name}_{at}": value for at, value in enumerate(values or ())}
        return told

    def _once(self, key: Hashable, make: Callable[[], sa.Select[Any]]) -> Kept:
        if key not in self._kept:
            self._kept[key] = kept(make())
        return self._kept[key]

    def _few(self, here: int | None) -> sa.Select[Any]:
        narrowed = [*self._narrowed(), self.ranking.may_be_found, *self._after(here)]
        tier = self.ranking.number.label("tier")
        found = indexed_few(self.ranking.found, users.c.search_text, many=FEW)
        return self._sorted(self._rows(tier, found, aside(*narrowed)), tier)

    def _by_index(self, number: int, *, is_behind: bool) -> sa.Select[Any]:
        match = self.ranking.tiers[number].match or self.ranking.found
        narrowed = aside(*self._narrowed(), *self._of(number, is_behind=is_behind))
        return self._sorted(self._rows(_said(number), indexed(match, users.c.search_text), narrowed))

    def _along_the_order(self, number: int, *, is_behind: bool, is_bound: bool) -> sa.Select[Any]:
        until = (sa.not_(self._passed(number, _BOUND)),) if is_bound else ()
        where = (*self._where, *self._of(number, is_behind=is_behind), *until)
        return self._together(self._rows(_said(number), *where).limit(_LIMIT), self.ranking.columns).limit(_LIMIT)

    def _bound(self, number: int, *, is_behind: bool) -> sa.Select[Any]:
        tier = self.ranking.tiers[number]
        where = (tier.is_stored, *self._behind(number, is_behind=is_behind))
        return self._together(sa.select(*tier.after).where(*where).offset(STRETCH).limit(1), tier.after).limit(1)

    def _together(self, rows: sa.Select[Any], columns: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
        """Read each kind and state along its own index, and join them in one order."""
        branches = [
            sa.select(rows.where(users.c.kind == kind.value, users.c.state == state.value).order_by(*order).subquery())
            for kind, state in product(self._kinds, self._states)
            for order in (self.ranking.ordered(columns),)
        ]
        together = sa.union_all(*branches).subquery()
        names = [together.c[str(column.key)] for column in columns]
        return sa.select(together).order_by(*self.ranking.ordered(names))

    def _rows(self, tier: sa.ColumnElement[int], *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return sa.select(tier.label("tier"), *self.ranking.columns).where(*where)

    def _sorted(self, rows: sa.Select[Any], *tier: sa.ColumnElement[int]) -> sa.Select[Any]:
        return rows.order_by(*tier, *self.ranking.ordered(self.ranking.columns)).limit(_LIMIT)

    def _of(self, number: int, *, is_behind: bool) -> tuple[sa.ColumnElement[bool], ...]:
        return (self.ranking.alone(number), *self._behind(number, is_behind=is_behind))

    def _behind(self, number: int, *, is_behind: bool) -> tuple[sa.ColumnElement[bool], ...]:
        return (self._passed(number, _BEHIND),) if is_behind else ()

    def _after(self, here: int | None) -> tuple[sa.ColumnElement[bool], ...]:
        if here is None:
            return ()
        number = self.ranking.number
        return (sa.or_(number > here, sa.and_(number == here, self._passed(here, _BEHIND))),)

    def _passed(self, number: int, name: str) -> sa.ColumnElement[bool]:
        """Say that a row of a tier is told behind a place that is told with the question."""
        columns = enumerate(self.ranking.tiers[number].after)
        return self.ranking.behind(number, [sa.bindparam(f"{name}_{at}", type_=each.type) for at, each in columns])

    def _narrowed(self) -> tuple[sa.ColumnElement[bool], ...]:
        kinds = users.c.kind.in_([kind.value for kind in self._kinds])
        states = users.c.state.in_([state.value for state in self._states])
        return (kinds, states, *self._where)


@lru_cache(maxsize=16)
def tiers_of(user_filter: UserFilter, sight: Sight) -> Tiers | None:
    """Make them once for all searches that are typed alike; None for what holds neither letter nor digit."""
    ranking = ranking_of(user_filter.q, sight, user_filter.sort)
    return Tiers(ranking, user_filter, sight) if ranking else None


def _said(number: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(number), sa.Integer)
