"""From where a narrowed list begins: of all that it is narrowed by, the group that finds fewest."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.filters import TITLES, ZONES, UserFilter
from db.narrowing import joined_since, parts_of, traits_with, values_by_field
from db.sight import Sight
from db.tables import user_fields, users

FEW, SOME = 2_000, 20_000
"""So many rows are looked at and sorted in no time; so many still in a fraction of a second."""
COUNTED = 60_000
"""So far groups are told apart by their size."""
LACKS, JOINED = "lacks", "joined"
"""Names of the groups that are no values, beside `TITLES`, `ZONES` and the ids of custom fields."""


class Start(NamedTuple):
    """The rows of one group by their keys (`team_id`, `id`), and how many they are, at most one beyond `COUNTED`."""

    group: str
    keys: sa.Select[tuple[Any, ...]]
    size: int


async def least_start(connection: AsyncConnection, user_filter: UserFilter, sight: Sight) -> Start | None:
    """Find the group with the fewest rows; None where nothing narrows that an index tells."""
    groups = groups_of(user_filter, sight)
    if not groups:
        return None
    counts = (_count_some(keys) for keys in groups.values())
    found = (await connection.execute(sa.select(*counts))).one()
    starts = (Start(group, keys, count) for (group, keys), count in zip(groups.items(), found, strict=True))
    return min(starts, key=lambda each: each.size)


def groups_of(user_filter: UserFilter, sight: Sight) -> dict[str, sa.Select[tuple[Any, ...]]]:
    """Tell for each group that has an index which rows it finds, by their key."""
    parts = parts_of(user_filter, sight)
    key, kinds, states = (users.c.team_id, users.c.id), {each.kind for each in parts}, {each.state for each in parts}
    found: dict[str, sa.Select[tuple[Any, ...]]] = {}

    def among(table: sa.Table) -> tuple[sa.ColumnElement[bool], ...]:
        return (table.c.kind.in_(sorted(kinds)), table.c.state.in_(sorted(states)))

    if user_filter.titles:
        found[TITLES] = sa.select(*key).where(*among(users), users.c.title_key.in_(sorted(user_filter.titles)))
    if user_filter.zones:
        found[ZONES] = sa.select(*key).where(*among(users), users.c.tz.in_(sorted(user_filter.zones)))
    lacks = {part.lacks for part in parts}
    if len(lacks) == 1 and lacks != {0}:
        found[LACKS] = sa.select(*key).where(*among(users), users.c.traits.in_(traits_with(lacks.pop())))
    if since := joined_since(user_filter):
        found[JOINED] = sa.select(*key).where(users.c.joined_at >= since)
    for field_id, value_keys in values_by_field(user_filter).items():
        has = (user_fields.c.field_id == field_id, user_fields.c.value_key.in_(value_keys))
        found[field_id] = sa.select(user_fields.c.team_id, user_fields.c.id).where(*has, *among(user_fields))
    return found


def rows_from(start: Start, *columns: sa.ColumnElement[Any]) -> sa.Select[tuple[Any, ...]]:
    """Select from the rows of a group; conditions on them must hold for no row that is not there.

    Joined from the left, so that no planner begins with everybody instead.
    """
    keys = start.keys.limit(start.size).subquery("start") if start.size <= COUNTED else start.keys.subquery("start")
    is_theirs = sa.and_(users.c.team_id == keys.c.team_id, users.c.id == keys.c.id)
    return sa.select(*columns).join_from(keys, users, is_theirs, isouter=True)


def _count_some(keys: sa.Select[tuple[Any, ...]]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(keys.limit(COUNTED + 1).subquery()).scalar_subquery()
