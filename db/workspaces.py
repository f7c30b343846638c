"""The questions about workspaces, and the lock that makes each of them a one-writer affair."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects import Said, say_together
from db.errors import UnknownWorkspace
from db.records import Position, Workspace
from db.tables import workspaces

COLUMNS = [
    workspaces.c[name]
    for name in (
        "team_id",
        "name",
        "domain",
        "enterprise_id",
        "app_id",
        "bot_id",
        "bot_user_id",
        "rev",
        "backfilled_at",
        "walked_at",
    )
]
_LOCK = sa.select(*COLUMNS).where(workspaces.c.team_id == sa.bindparam("locked")).with_for_update()
"""Made once: each commit of an event says it, and to make it anew took SQLAlchemy longer than SQLite to do it."""
LAST_SEQ = 2**31 - 1
"""A position after everything of a `rev`: a commit is seen whole or not at all."""


@lru_cache(maxsize=8)
def _set_rev(dialect: sa.Dialect) -> str:
    is_key = workspaces.c.team_id == sa.bindparam("counted")
    return str(sa.update(workspaces).where(is_key).values(rev=sa.bindparam("to_rev")).compile(dialect=dialect))


class WorkspaceReader:
    """What can be asked of the workspaces."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list_workspaces(self) -> tuple[Workspace, ...]:
        """List all, oldest id first."""
        rows = await self._connection.execute(sa.select(*COLUMNS).order_by(workspaces.c.team_id))
        return tuple(Workspace(*row) for row in rows)

    async def find_workspace(self, team_id: str) -> Workspace | None:
        """Find one, if it has installed us."""
        row = (await self._connection.execute(sa.select(*COLUMNS).where(workspaces.c.team_id == team_id))).first()
        return Workspace(*row) if row else None

    async def find_position(self) -> Position:
        """Tell the place in the change log after everything that this snapshot holds."""
        rows = await self._connection.execute(sa.select(workspaces.c.team_id, workspaces.c.rev))
        return Position({team_id: (rev, LAST_SEQ) for team_id, rev in rows})


def position_of(workspaces: Iterable[Workspace]) -> Position:
    """Tell the place in the change log after everything that was committed of these workspaces, as they are."""
    return Position({each.team_id: (each.rev, LAST_SEQ) for each in workspaces})


class WorkspaceWriter(WorkspaceReader):
    """What can be done to the workspaces."""

    async def lock(self, team_id: str) -> Workspace:
        """Take the workspace for this transaction, as its first statement. Raises UnknownWorkspace."""
        row = (await self._connection.execute(_LOCK, {"locked": team_id})).first()
        if row is None:
            raise UnknownWorkspace(f"({team_id})")
        return Workspace(*row)

    async def save_workspace(self, workspace: Workspace) -> None:
        """Insert it, or refresh what Slack says of it; its `rev` and its passes stay as they are."""
        said: dict[str, Any] = {
            name: getattr(workspace, name)
            for name in ("name", "domain", "enterprise_id", "app_id", "bot_id", "bot_user_id")
        }
        known = {name: value for name, value in said.items() if value is not None}
        if await self.find_workspace(workspace.team_id) is None:
            await self._connection.execute(sa.insert(workspaces).values(team_id=workspace.team_id, rev=0, **said))
        elif known:
            await self._update(workspace.team_id, **known)

    async def set_rev(self, team_id: str, rev: int) -> None:
        """Count a commit that changed a field. Call it under the lock."""
        await say_together(self._connection, self.counting(team_id, rev))

    def counting(self, team_id: str, rev: int) -> list[Said]:
        """Say what counts such a commit."""
        return [(_set_rev(self._connection.dialect), [(rev, team_id)])]

    async def mark_walked(self, team_id: str, *, at: datetime) -> None:
        """Note that a pass over `users.list` has reached its end."""
        await self._update(
            team_id, walked_at=at, backfilled_at=sa.func.coalesce(workspaces.c.backfilled_at, sa.bindparam("at", at))
        )

    async def set_kept_from(self, team_ids: Collection[str], column: str, rev: int) -> None:
        """Note that changes up to `rev` are no longer kept (`changes_from_rev`) or told live (`live_from_rev`)."""
        kept = workspaces.c[column]
        await self._connection.execute(
            sa.update(workspaces).where(workspaces.c.team_id.in_(team_ids), kept < rev).values({column: rev})
        )

    async def _update(self, team_id: str, **values: Any) -> None:
        await self._connection.execute(sa.update(workspaces).where(workspaces.c.team_id == team_id).values(**values))
