"""The statements by which one page of a list is found: along the index of its order, or by sorting a group. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from db.filters import UserFilter
from db.narrowing import Condition, Part, at_hand_by_row, parts_of, row_conditions, within
from db.ordering import ORDERS, Order, Place
from db.sight import Sight
from db.starts import Start, rows_from
from db.tables import users


def _open_place(value: sa.Column[Any] | None) -> Place:
    """Make a place that is told with each question; one of rows that have no value where there is no column."""
    told: Any = None if value is None else sa.bindparam("after_value", type_=value.type)
    team_id: Any = sa.bindparam("after_team_id", type_=users.c.team_id.type)
    user_id: Any = sa.bindparam("after_id", type_=users.c.id.type)
    return Place(told, team_id, user_id)


_BEHIND = {order.name: _open_place(order.column) for order in ORDERS.values()}
_BEHIND_TIMELESS = _open_place(None)


@dataclass(frozen=True, slots=True)
class Ways:
    """One page of one list: its order, what it is narrowed to, who looks, behind which place, and how many."""

    order: Order
    user_filter: UserFilter
    """As the sight has narrowed it."""
    sight: Sight
    after: Place | None
    limit: int

    def from_any_place(self) -> Ways:
        """Leave the place open, so that one statement serves all places that can be looked behind alike."""
        if self.after is None:
            return self
        has_value = self.after.value is not None
        return replace(self, after=_BEHIND[self.order.name] if has_value else _BEHIND_TIMELESS)

    def place(self) -> Mapping[str, Any]:
        """Tell the place, for a statement that left it open."""
        if self.after is None:
            return {}
        value, team_id, user_id = self.after
        key = {"after_team_id": team_id, "after_id": user_id}
        return key if value is None else {"after_value": value, **key}

    def walk(self, until: Place | None = None) -> sa.Select[tuple[Any, ...]]:
        """Go along the index of an order, in each kind and state, and look at rows where only they can tell."""
        begun: list[tuple[Part, tuple[Condition, ...]]] = [(part, ()) for part in self.parts]
        return self.merged(begun, row_conditions(self.user_filter), until=until)

    def rows_along(self, names: Sequence[str]) -> sa.Select[tuple[Any, ...]]:
        """Walk, and read these columns of the rows that stand there, in the same order."""
        found = self.walk().subquery("found")
        value, team_id, user_id = found.c
        is_there = sa.and_(users.c.team_id == team_id, users.c.id == user_id)
        rows = sa.select(*(users.c[name] for name in names)).join_from(found, users, is_there)
        return rows.order_by(*self.order.sorted([value, team_id, user_id]))

    def bound(self, stretch: int) -> sa.Select[tuple[Any, ...]]:
        """Find the place before which every row of the order is within the stretch of its kind and state."""
        keys = self.order.keys
        ahead = self.order.ahead(keys, self.after)
        branches = [
            sa.select(*keys).where(*part.place, *ahead).order_by(*self.order.backwards(keys)).offset(stretch).limit(1)
            for part in self.parts
        ]
        every = sa.union_all(*(sa.select(*branch.subquery().c) for branch in branches)).subquery("every")
        return sa.select(*every.c).order_by(*self.order.sorted(list(every.c))).limit(1)

    def merged(
        self,
        begun: Sequence[tuple[Part, tuple[Condition, ...]]],
        rows: Sequence[Condition],
        table: sa.Table = users,
        *,
        until: Place | None = None,
        joins_rows: bool = False,
    ) -> sa.Select[tuple[Any, ...]]:
        """Go along an index in stretches that each begin with a part, and put them in order; `rows` is told by rows."""
        keys = self.order.keys_in(table)
        selected = sa.select(*keys)
        if joins_rows:
            is_theirs = sa.and_(users.c.team_id == table.c.team_id, users.c.id == table.c.id)
            selected = selected.join_from(table, users, is_theirs, isouter=True)
        ending = self.order.not_behind(keys[0], until)
        always = (*ending, *within(self.user_filter, table), *rows)
        branches = [
            selected.where(*part.place_in(table), *place, *stretch, part.traits_in(table), *always)
            .order_by(*self.order.backwards(keys))
            .limit(self.limit)
            for part, place in begun
            for stretch in self.order.ranges(keys, self.after)
        ]
        every = sa.union_all(*(sa.select(*branch.subquery().c) for branch in branches)).subquery("every")
        return sa.select(*every.c).order_by(*self.order.sorted(list(every.c))).limit(self.limit)

    def sorted(self, start: Start) -> sa.Select[tuple[Any, ...]]:
        """Look at each row of a group, and sort those that fit; an offset fences them off from the rest."""
        found = rows_from(start, *self.order.keys).where(*at_hand_by_row(self.user_filter, self.sight))
        fitting = found.offset(0).subquery("fitting")
        keys = list(fitting.c)
        shown = sa.select(*keys)
        if self.after is not None:
            shown = shown.where(sa.or_(*(sa.and_(*stretch) for stretch in self.order.ranges(keys, self.after))))
        return shown.order_by(*self.order.sorted(keys)).limit(self.limit)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Each kind and state that the filter leaves."""
        return parts_of(self.user_filter, self.sight)
