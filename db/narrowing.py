"""What a filter asks: of each kind and state, what an index tells by itself; of each row, all the rest."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

import sqlalchemy as sa

from db.derive import HIDDEN, LACKS
from db.dialects import NOWHERE
from db.filters import Lack, UserFilter
from db.records import Kind, State
from db.search import matches, matches_row
from db.sight import Sight
from db.tables import user_fields, users

EVERYTHING = Sight(sees_contact_of_gone=True)
_ALL_TRAITS = range(2 << len(LACKS))
_OF_GONE = frozenset({Lack.EMAIL, Lack.PHONE})

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Part:
    """The users of one kind in one state who lack what is asked; each index of a list begins with these."""

    kind: Kind
    state: State
    lacks: int
    """The bits that have to be set."""

    @property
    def place(self) -> tuple[Condition, ...]:
        """Where an index has them together."""
        return self.place_in(users)

    def place_in(self, table: sa.Table) -> tuple[Condition, ...]:
        """The same in `user_fields`."""
        return (table.c.kind == self.kind.value, table.c.state == self.state.value)

    @property
    def by_row(self) -> Condition:
        """All of it, told from the row where something else leads to it; not so of a row that is not there."""
        bits = by_row(users.c.traits, 0).bitwise_and(self.lacks | HIDDEN) == self.lacks
        return sa.and_(by_row(users.c.kind) == self.kind.value, by_row(users.c.state) == self.state.value, bits)

    @property
    def traits(self) -> Condition:
        """Told from the index of any list, row by row: nobody hidden, and what is lacking."""
        return self.traits_in(users)

    def traits_in(self, table: sa.Table) -> Condition:
        """The same in `user_fields`."""
        found: Condition = table.c.traits.bitwise_and(self.lacks | HIDDEN) == self.lacks
        return found

    @property
    def listed_traits(self) -> Condition:
        """The same as values that the index of traits can look up."""
        return users.c.traits.in_(traits_with(self.lacks))


def traits_with(lacks: int) -> list[int]:
    """List what `traits` may be of somebody who is not hidden and lacks at least this."""
    return [bits for bits in _ALL_TRAITS if bits & (lacks | HIDDEN) == lacks]


def bits_of(lacks: frozenset[Lack], state: State, sight: Sight) -> int:
    """Write lacks as bits; contact data that is not seen of whoever left is lacked by all of them."""
    told = lacks if state is State.ACTIVE or sight.sees_contact_of_gone else lacks - _OF_GONE
    return sum(LACKS[lack] for lack in told)


def parts_of(user_filter: UserFilter, sight: Sight) -> tuple[Part, ...]:
    """Take a filter apart by kind and state."""
    kinds = user_filter.kinds or frozenset(Kind)
    states = user_filter.states or frozenset(State)
    return tuple(
        Part(kind, state, bits_of(user_filter.lacks, state, sight))
        for kind in Kind
        if kind in kinds
        for state in State
        if state in states
    )


def within(user_filter: UserFilter, table: sa.FromClause = users) -> tuple[Condition, ...]:
    """Keep to the workspaces that a narrowed filter names; every index of a list tells the workspace."""
    match sorted(user_filter.team_ids):
        case []:
            return ()
        case [team_id]:  # of a list SQLAlchemy writes the statement anew each time that it is asked
            return (table.c.team_id == team_id,)
        case team_ids:
            return (table.c.team_id.in_(team_ids),)


def values_by_field(user_filter: UserFilter) -> dict[str, list[str]]:
    """Gather the wanted values of each custom field."""
    found: dict[str, list[str]] = defaultdict(list)
    for field_id, value_key in sorted(user_filter.fields):
        found[field_id].append(value_key)
    return dict(found)


def has_field(field_id: str, value_keys: list[str]) -> Condition:
    """Say that a user has one of these values, looked up by the user; the offset keeps it from becoming a join."""
    is_theirs = (user_fields.c.team_id == users.c.team_id, user_fields.c.id == users.c.id)
    has = sa.select(sa.literal(1)).where(
        *is_theirs, user_fields.c.field_id == field_id, by_row(user_fields.c.value_key).in_(value_keys)
    )
    return has.correlate(users).offset(0).exists()


def joined_since(user_filter: UserFilter) -> datetime | None:
    """Tell the first moment of the day since which somebody joined."""
    day = user_filter.joined_since
    return datetime.combine(day, time.min, UTC) if day else None


def row_conditions(user_filter: UserFilter, *, but: str = "") -> list[Condition]:
    """Tell what only the row says, in a form that no index is chosen for, leaving out the group named by `but`."""
    found: list[Condition] = []
    if user_filter.titles and but != "titles":
        found.append(by_row(users.c.title_key).in_(sorted(user_filter.titles)))
    if user_filter.zones and but != "zones":
        found.append(by_row(users.c.tz).in_(sorted(user_filter.zones)))
    if since := joined_since(user_filter):
        found.append(by_row(users.c.joined_at, _NEVER) >= since)
    for field_id, value_keys in values_by_field(user_filter).items():
        if but != field_id:
            found.append(has_field(field_id, value_keys))
    return found


def by_row(column: sa.ColumnElement[Any], without: object = "") -> sa.ColumnElement[Any]:
    """Read a column from the row: an engine that thinks an index of it best would read all that it holds."""
    return sa.func.coalesce(column, sa.literal(without, column.type))


_NEVER = datetime(1, 1, 2, tzinfo=UTC)


def at_hand(
    user_filter: UserFilter, sight: Sight = EVERYTHING, *, behind: sa.ColumnElement[int] = NOWHERE
) -> list[Condition]:
    """Turn a whole filter into conditions for rows that an index of words gives; nobody hidden is found.

    Of rows that have numbers, those up to `behind` are left out.
    """
    groups = ((users.c.kind, user_filter.kinds), (users.c.state, user_filter.states))
    place = [by_row(column).in_(sorted(values)) for column, values in groups if values]
    found = aside(*place, *beside_kind_and_state(user_filter, sight))
    return [matches(user_filter.q, sight, behind=behind), found] if user_filter.q.strip() else [found]


def aside(*conditions: Condition) -> Condition:
    """Ask conditions of rows that the index of words gives, and of no other index: planners guess otherwise."""
    return sa.and_(*conditions).is_(sa.true())


def at_hand_by_row(user_filter: UserFilter, sight: Sight = EVERYTHING) -> list[Condition]:
    """Turn a whole filter into conditions for rows that something else gives; none holds of a row that is not there."""
    teams = [by_row(users.c.team_id).in_(sorted(user_filter.team_ids))] if user_filter.team_ids else []
    fits = sa.or_(*(part.by_row for part in parts_of(user_filter, sight)))
    found = [fits, *teams, *row_conditions(user_filter)]
    return [*found, if_there(matches_row(user_filter.q, sight))] if user_filter.q.strip() else found


def if_there(condition: Condition) -> Condition:
    """Ask a condition of rows that may not be there, in a form that lets no planner join from the other side."""
    return sa.func.coalesce(condition, sa.false(), type_=sa.Boolean())


def beside_kind_and_state(user_filter: UserFilter, sight: Sight = EVERYTHING) -> list[Condition]:
    """Turn what a filter says beside kind, state and what was typed into conditions for rows that are at hand."""
    user_filter = sight.narrowed(user_filter)
    return [_traits(user_filter.lacks, sight, users), *within(user_filter), *row_conditions(user_filter)]


def place_conditions(user_filter: UserFilter, sight: Sight, table: sa.Table = users) -> list[Condition]:
    """Tell what `users` and `user_fields` both know; every kind and state is named, for their indexes begin so."""
    kinds, states = user_filter.kinds or frozenset(Kind), user_filter.states or frozenset(State)
    return [
        table.c.kind.in_(sorted(kind.value for kind in kinds)),
        table.c.state.in_(sorted(state.value for state in states)),
        _traits(user_filter.lacks, sight, table),
        *within(user_filter, table),
    ]


def _traits(lacks: frozenset[Lack], sight: Sight, table: sa.Table) -> Condition:
    of_active, of_gone = (bits_of(lacks, state, sight) for state in (State.ACTIVE, State.DEACTIVATED))
    bits: Condition = table.c.traits.bitwise_and(of_active | HIDDEN) == of_active
    if of_active == of_gone:
        return bits
    is_active = table.c.state == State.ACTIVE.value
    of_gone_bits = table.c.traits.bitwise_and(of_gone | HIDDEN) == of_gone
    return sa.or_(sa.and_(is_active, bits), sa.and_(sa.not_(is_active), of_gone_bits))
