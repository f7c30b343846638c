"""What is new, by an index at any size: who joined, left, moved, and whose years are full. Gives keys, never rows.

What an index cannot be asked for is compared as an expression (`told_apart`), so that no engine takes another index
for it: SQLite, which knows nothing of how often a value occurs, would read everybody who is active.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.changes import ChangeReader
from db.derive import HIDDEN, days_kept_on
from db.filters import COUNTED_TO
from db.records import Change, Kind, State
from db.tables import changes, users

Key = tuple[str, str]
TeamIds = Collection[str] | None
OWN = (Kind.MEMBER, Kind.GUEST)
"""Of whom news are told: bots have none, and people of other companies join and leave elsewhere."""
_KEY = (users.c.team_id, users.c.id)
_IS_SEEN = users.c.traits.op("&")(HIDDEN) == 0


class NewsReader:
    """What can be asked of what is new; `team_ids` None is every workspace."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list_joined(self, since: datetime, *, limit: int, team_ids: TeamIds = None) -> list[Key]:
        """List who joined since then and is active, newest first; whoever was there before us never joined."""
        newest_first = (users.c.joined_at.desc(), users.c.team_id.desc(), users.c.id.desc())
        return await self._keys(sa.select(*_KEY).where(*_joined(since, team_ids)).order_by(*newest_first).limit(limit))

    async def count_joined(self, since: datetime, *, team_ids: TeamIds = None) -> int:
        """Count them, up to one more than `COUNTED_TO`."""
        found = sa.select(users.c.id).where(*_joined(since, team_ids)).limit(COUNTED_TO + 1).subquery()
        return await self._connection.scalar(sa.select(sa.func.count()).select_from(found)) or 0

    async def list_left(self, since: datetime, *, limit: int, team_ids: TeamIds = None) -> list[Key]:
        """List who may have left since then: so say their rows, and the change log has the last word.

        Most recently changed first, `limit` of each kind and state.
        """
        went = {
            State.DEACTIVATED: users.c.updated >= int(since.timestamp()),
            State.MISSING: users.c.missing_since >= since,
        }
        found: list[Key] = []
        for kind in OWN:
            for state, is_recent in went.items():
                of_these = (users.c.kind == kind.value, users.c.state == state.value, users.c.changed_at >= since)
                statement = sa.select(*_KEY).where(*of_these, is_recent, _IS_SEEN, _of(users.c.team_id, team_ids))
                found += await self._keys(statement.order_by(users.c.changed_at.desc()).limit(limit))
        return found

    async def list_anniversaries(self, on: date, *, limit: int, team_ids: TeamIds = None) -> list[Key]:
        """List the active whose first day was on this day of an earlier year, in name order."""
        found: list[Key] = []
        for day in days_kept_on(on):
            began = (users.c.start_day == day, users.c.start_date < f"{on.year:04}")
            statement = sa.select(*_KEY).where(*began, *_are_here(team_ids))
            found += await self._keys(statement.order_by(users.c.sort_key, *_KEY).limit(limit))
        return found[:limit]

    async def list_moves(
        self, since: datetime, *, limit: int, skip: int = 0, team_ids: TeamIds = None
    ) -> tuple[Change, ...]:
        """List the changes of titles and custom fields since then, newest first."""
        moved = (changes.c.is_move == sa.true(), changes.c.at >= since, _of(changes.c.team_id, team_ids))
        return await ChangeReader(self._connection).list_newest(*moved, limit=limit, skip=skip)

    async def list_changes(self, keys: Sequence[Key], since: datetime) -> tuple[Change, ...]:
        """List what changed of some users since then, oldest first within each workspace, without custom statuses."""
        reader, found = ChangeReader(self._connection), list[Change]()
        for team_id in sorted({key[0] for key in keys}):
            found += await reader.list_of(team_id, [key[1] for key in keys if key[0] == team_id], since=since)
        return tuple(found)

    async def _keys(self, statement: sa.Select[Any]) -> list[Key]:
        return [(row[0], row[1]) for row in await self._connection.execute(statement)]


def told_apart(column: sa.Column[str]) -> sa.ColumnElement[str]:
    """Say a column as an expression, which no index answers."""
    return column.concat("")


def _of(column: sa.Column[str], team_ids: TeamIds) -> sa.ColumnElement[bool]:
    return sa.true() if team_ids is None else told_apart(column).in_(sorted(team_ids))


def _joined(since: datetime, team_ids: TeamIds) -> list[sa.ColumnElement[bool]]:
    return [users.c.joined_at >= since, *_are_here(team_ids)]


def _are_here(team_ids: TeamIds) -> list[sa.ColumnElement[bool]]:
    kinds = sorted(kind.value for kind in OWN)
    return [
        told_apart(users.c.kind).in_(kinds),
        told_apart(users.c.state) == State.ACTIVE.value,
        _IS_SEEN,
        _of(users.c.team_id, team_ids),
    ]
