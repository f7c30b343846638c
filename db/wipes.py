"""Which erasures are committed and not yet wiped: rows are gone at once, their bytes only once something rewrites them.

The note is of the same commit as the erasure, so a process that dies between the two leaves word for the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.tables import wipes


@dataclass(frozen=True, slots=True)
class Due:
    """An erasure whose bytes are still there."""

    team_id: str
    user_id: str
    erased_at: datetime


class WipeReader:
    """What can be asked of the wipes."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list_due(self) -> tuple[Due, ...]:
        """List them all, oldest first."""
        columns = (wipes.c.team_id, wipes.c.user_id, wipes.c.erased_at)
        rows = await self._connection.execute(sa.select(*columns).order_by(wipes.c.erased_at))
        return tuple(Due(*row) for row in rows)


class WipeWriter(WipeReader):
    """What can be done to the wipes."""

    async def note(self, team_id: str, user_id: str, *, erased_at: datetime) -> None:
        """Note that somebody was erased; once more is once."""
        await self._drop(team_id, user_id)
        await self._connection.execute(sa.insert(wipes).values(team_id=team_id, user_id=user_id, erased_at=erased_at))

    async def resolve(self, done: Sequence[Due]) -> None:
        """Note that these are wiped; one that was erased anew meanwhile stays."""
        for each in done:
            await self._drop(each.team_id, each.user_id, wipes.c.erased_at <= each.erased_at)

    async def _drop(self, team_id: str, user_id: str, *which: sa.ColumnElement[bool]) -> None:
        of_user = (wipes.c.team_id == team_id, wipes.c.user_id == user_id)
        await self._connection.execute(sa.delete(wipes).where(*of_user, *which))
