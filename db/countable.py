"""Statements that count people: whom a filter finds, and how many have a value, each by the index that tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from db.filters import COUNTED_TO, TITLES, ZONES, UserFilter
from db.narrowing import (
    Condition,
    Part,
    at_hand,
    at_hand_by_row,
    by_row,
    joined_since,
    parts_of,
    place_conditions,
    row_conditions,
    values_by_field,
    within,
)
from db.search import matches
from db.sight import Sight
from db.starts import Start, rows_from
from db.tables import user_fields, users

LISTED = 200
"""Values of a group, at most."""
COLUMNS: Mapping[str, sa.Column[Any]] = {TITLES: users.c.title_key, ZONES: users.c.tz}
IS_THEIRS = sa.and_(user_fields.c.team_id == users.c.team_id, user_fields.c.id == users.c.id)

Figure = sa.ScalarSelect[int]


def is_told_by_index(user_filter: UserFilter) -> bool:
    """Say whether nothing is asked that only rows tell."""
    return not (row_conditions(user_filter) or user_filter.q.strip())


def is_told_whole(user_filter: UserFilter) -> bool:
    """Say whether one index tells all that a filter asks: of titles, zones and days, or of one custom field alone."""
    if user_filter.q.strip():
        return False
    others = user_filter.titles or user_filter.zones or user_filter.joined_since
    return not user_filter.fields or (len(values_by_field(user_filter)) == 1 and not others)


def found_by(
    user_filter: UserFilter, sight: Sight, *names: str, start: Start | None = None
) -> sa.Select[tuple[Any, ...]]:
    """Take these columns of whom a filter finds; with a `start`, from those of whom that is a part."""
    user_filter = sight.narrowed(user_filter)
    if start is not None:
        return rows_from(start, *_columns(users, names)).where(*at_hand_by_row(user_filter, sight))
    if user_filter.q.strip():
        return sa.select(*_columns(users, names)).where(*at_hand(user_filter, sight))
    if fields := values_by_field(user_filter):
        return _found_by_field(user_filter, sight, names, *next(iter(fields.items())))
    if user_filter.titles or user_filter.zones:
        return _found_by_value(user_filter, sight, names)
    fits = sa.or_(*(part.by_row for part in parts_of(user_filter, sight)))
    since = joined_since(user_filter)
    joined = () if since is None else (users.c.joined_at >= since,)
    teams = [by_row(users.c.team_id).in_(sorted(user_filter.team_ids))] if user_filter.team_ids else []
    return sa.select(*_columns(users, names)).where(*joined, fits, *teams)


def _found_by_field(
    user_filter: UserFilter, sight: Sight, names: tuple[str, ...], field_id: str, value_keys: list[str]
) -> sa.Select[tuple[Any, ...]]:
    has = (user_fields.c.field_id == field_id, user_fields.c.value_key.in_(value_keys))
    found = sa.select(*_columns(user_fields, names))
    found = found.where(*has, *place_conditions(user_filter, sight, user_fields))
    rest = row_conditions(user_filter, but=field_id)
    if rest or not all(name in user_fields.c for name in names):
        found = found.join_from(user_fields, users, IS_THEIRS)
    return found.where(*rest)


def _found_by_value(user_filter: UserFilter, sight: Sight, names: tuple[str, ...]) -> sa.Select[tuple[Any, ...]]:
    """Take each kind and state by itself: for all of them at once SQLite prefers an index that tells less."""
    group = TITLES if user_filter.titles else ZONES
    values = user_filter.titles or user_filter.zones
    rest = (COLUMNS[group].in_(sorted(values)), *row_conditions(user_filter, but=group))
    every = sa.union_all(
        *(
            sa.select(*_columns(users, names)).where(*part.place, part.traits, *within(user_filter), *rest)
            for part in parts_of(user_filter, sight)
        )
    ).subquery()
    return sa.select(*every.c)


def _columns(table: sa.Table, names: Sequence[str]) -> list[sa.ColumnElement[Any]]:
    """Name columns of a table, or else of the user's row; without any, something that can be counted."""
    if not names:
        return [sa.literal(1).label("one")]
    return [table.c[name] if name in table.c else users.c[name] for name in names]


def of_part(part: Part, user_filter: UserFilter) -> Figure:
    """Count those of one kind and state who lack what is asked for."""
    return capped(sa.select(sa.literal(1)).where(*part.place, part.listed_traits, *within(user_filter)))


def rows_of_value(
    part: Part, user_filter: UserFilter, sight: Sight, group: str, key: str, column: sa.ColumnElement[Any]
) -> sa.Select[tuple[Any, ...]]:
    """Take the rows of one kind and state with one value of a group, and whatever else a filter asks."""
    found = sa.select(column).where(*_in_group(part, user_filter, group), _column_of(group) == key)
    rest = row_conditions(user_filter, but=group)
    if user_filter.q.strip():
        rest.append(matches(user_filter.q, sight))
    if rest and group not in COLUMNS:
        found = found.join_from(user_fields, users, IS_THEIRS)
    return found.where(*rest)


def values_of_part(part: Part, user_filter: UserFilter, group: str) -> sa.Select[tuple[Any, ...]]:
    """Count the values of a group in one kind and state, along its index; the most frequent ones first."""
    column, count = _column_of(group), sa.func.count()
    counted = sa.select(column, count).where(*_in_group(part, user_filter, group), column > "")
    return counted.group_by(column).order_by(count.desc(), column).limit(LISTED)


def _in_group(part: Part, user_filter: UserFilter, group: str) -> tuple[Condition, ...]:
    """Say who of one kind and state stands in the index of a group."""
    if group in COLUMNS:
        return (*part.place, part.traits, *within(user_filter))
    place = (user_fields.c.field_id == group, *part.place_in(user_fields))
    return (*place, part.traits_in(user_fields), *within(user_filter, user_fields))


def _column_of(group: str) -> sa.Column[Any]:
    return COLUMNS.get(group, user_fields.c.value_key)


def capped(rows: sa.Select[Any]) -> Figure:
    """Count rows, no further than one beyond `COUNTED_TO`."""
    some = rows.limit(COUNTED_TO + 1).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


def bounded(count: int) -> int:
    """Let one more than `COUNTED_TO` stand for all that are beyond."""
    return min(count, COUNTED_TO + 1)
