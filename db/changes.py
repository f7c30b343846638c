"""The questions about the change log, the spine behind history, live page and feed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.bulk import inserting
from db.dialects import Said, say_together
from db.errors import PositionTooOld
from db.records import Change, Position, Source
from db.tables import changes, workspaces
from db.workspaces import LAST_SEQ

_NAMES = ("team_id", "rev", "seq", "user_id", "before", "after", "source", "at", "is_status")
_COLUMNS = [changes.c[name] for name in _NAMES]
_IS_LASTING = changes.c.is_status.is_(False)
_NEWEST_FIRST = (changes.c.at.desc(), changes.c.team_id.desc(), changes.c.rev.desc(), changes.c.seq.desc())
"""To the last row, so that whoever skips some skips the same ones; in the order of MariaDB's index, which ends in the
key."""


MOVES = frozenset({"title", "fields"})
"""What changes when somebody moves: the title, and among the custom fields perhaps a department."""


class ChangeReader:
    """What can be asked of the change log."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list_changes(
        self,
        after: Position,
        *,
        limit: int = 500,
        team_ids: Collection[str] | None = None,
        with_statuses: bool = True,
    ) -> tuple[Change, ...]:
        """List what came after a position, resets included, in order within each workspace.

        A workspace that the position does not name is read from its beginning. Raises PositionTooOld where something
        after the position is no longer kept, or where the position lies ahead: the database is an older copy. Custom
        statuses are kept for an hour alone, so whoever goes without them may have been away for longer.
        """
        columns = (workspaces.c.team_id, workspaces.c.rev, workspaces.c.changes_from_rev, workspaces.c.live_from_rev)
        found: list[Change] = []
        of_these = sa.select(*columns).where(_of(workspaces.c.team_id, team_ids))
        for team_id, rev, kept_from, live_from in await self._connection.execute(of_these):
            last_rev, last_seq = after.marks.get(team_id, (0, 0))
            if (last_rev, last_seq) == (rev, LAST_SEQ):  # a commit may have been read in part
                continue
            if last_rev < (max(kept_from, live_from) if with_statuses else kept_from) or last_rev > rev:
                raise PositionTooOld
            behind = sa.tuple_(changes.c.rev, changes.c.seq) > sa.tuple_(last_rev, last_seq)
            found += await self._list(
                sa.select(*_COLUMNS)
                .where(changes.c.team_id == team_id, behind, sa.true() if with_statuses else _IS_LASTING)
                .order_by(changes.c.rev, changes.c.seq)
                .limit(limit - len(found))
            )
            if len(found) >= limit:
                break
        return tuple(found)

    async def list_recent(
        self, limit: int, *, skip: int = 0, team_ids: Collection[str] | None = None
    ) -> tuple[Change, ...]:
        """List the newest, newest first; resets are left out."""
        where = (changes.c.user_id.is_not(None), _of(changes.c.team_id, team_ids))
        return await self.list_newest(*where, limit=limit, skip=skip)

    async def list_newest(self, *where: sa.ColumnElement[bool], limit: int, skip: int = 0) -> tuple[Change, ...]:
        """List the newest of those that conditions find, newest first."""
        newest_first = sa.select(*_COLUMNS).where(*where).order_by(*_NEWEST_FIRST)
        return tuple(await self._list(newest_first.limit(limit).offset(skip)))

    async def list_history(self, team_id: str, user_id: str, limit: int, *, skip: int = 0) -> tuple[Change, ...]:
        """List what changed about one user, newest first; custom statuses are no part of a history."""
        of_user = (changes.c.team_id == team_id, changes.c.user_id == user_id, changes.c.is_status.is_(False))
        statement = sa.select(*_COLUMNS).where(*of_user)
        newest_first = statement.order_by(changes.c.rev.desc(), changes.c.seq.desc())
        return tuple(await self._list(newest_first.limit(limit).offset(skip)))

    async def list_of(self, team_id: str, user_ids: Collection[str], *, since: datetime) -> tuple[Change, ...]:
        """List what changed about some users since then, oldest first, without custom statuses."""
        of_users = (changes.c.team_id == team_id, changes.c.user_id.in_(sorted(user_ids)), changes.c.at >= since)
        found = await self._list(sa.select(*_COLUMNS).where(*of_users, _IS_LASTING))
        # Asked for in order, SQLite would rather read the whole log of the workspace in the order of its key.
        return tuple(sorted(found, key=lambda each: (each.rev, each.seq)))

    async def _list(self, statement: sa.Select[Any]) -> list[Change]:
        return [_change(row) for row in await self._connection.execute(statement)]


class ChangeWriter(ChangeReader):
    """What can be done to the change log."""

    async def append(self, rows: Sequence[Change]) -> None:
        """Append the changes of a commit."""
        await say_together(self._connection, self.appending(rows))

    def appending(self, rows: Sequence[Change]) -> list[Said]:
        """Say what appends the changes of a commit."""
        return inserting(self._connection.dialect, changes, [_values(change) for change in rows]) if rows else []

    async def prune(self, team_id: str, *, before: datetime, is_status: bool) -> int | None:
        """Drop what is older than `before`: custom statuses, or everything else. Tell the newest `rev` that went."""
        old = (changes.c.team_id == team_id, changes.c.at < before, changes.c.is_status.is_(is_status))
        newest: int | None = await self._connection.scalar(sa.select(sa.func.max(changes.c.rev)).where(*old))
        if newest is not None:
            await self._connection.execute(sa.delete(changes).where(*old))
        return newest


def is_move(change: Change) -> bool:
    """Say whether a change may tell that somebody moved: their title or a custom field is another one."""
    return bool(change.before) and not MOVES.isdisjoint(change.after)


def _of(column: sa.Column[str], team_ids: Collection[str] | None) -> sa.ColumnElement[bool]:
    return sa.true() if team_ids is None else column.in_(sorted(team_ids))


def _change(row: Sequence[Any]) -> Change:
    values = dict(zip(_NAMES, row, strict=True))
    return Change(**values | {"source": Source(values["source"])})


def _values(change: Change) -> dict[str, Any]:
    values = {name: getattr(change, name) for name in _NAMES}
    return values | {
        "source": change.source.value,
        "before": _storable(change.before),
        "after": _storable(change.after),
        "is_move": is_move(change) or None,
    }


def _storable(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
