"""The questions about sessions: nothing is kept of one until it ends; then that it did, until every copy is too old."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.tables import ended_sessions

EVERYWHERE = "*"
"""Stands for all sessions of a user that began before."""


Said = str | sa.BindParameter[str]


def has_ended(
    team_id: Said, user_id: Said, session_id: Said, begun_at: datetime | sa.BindParameter[datetime]
) -> sa.Exists:
    """Say whether somebody signed out of a session, or of all that began by then."""
    ended = ended_sessions.c
    is_it = sa.or_(ended.session_id == session_id, sa.and_(ended.session_id == EVERYWHERE, ended.ended_at >= begun_at))
    theirs = (ended.team_id == team_id, ended.user_id == user_id, is_it)
    return sa.select(ended.session_id).where(*theirs).exists()


class SessionReader:
    """What can be asked of the sessions."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def is_ended(self, team_id: str, user_id: str, session_id: str, *, begun_at: datetime) -> bool:
        """Say whether somebody signed out of this session, or of all that began by then."""
        return bool(await self._connection.scalar(sa.select(has_ended(team_id, user_id, session_id, begun_at))))


class SessionWriter(SessionReader):
    """What can be done to the sessions."""

    async def end(self, team_id: str, user_id: str, session_id: str, *, now: datetime, forget_at: datetime) -> None:
        """End one for good, or with EVERYWHERE all. Raises RowRefused where another does the same at this moment."""
        key = {"team_id": team_id, "user_id": user_id, "session_id": session_id}
        times = {"ended_at": now, "forget_at": forget_at}
        is_it = sa.and_(*(ended_sessions.c[name] == value for name, value in key.items()))
        if (await self._connection.execute(sa.select(ended_sessions.c.session_id).where(is_it))).first():
            await self._connection.execute(sa.update(ended_sessions).where(is_it).values(**times))
        else:
            await self._connection.execute(sa.insert(ended_sessions).values(**key, **times))

    async def prune(self, *, now: datetime) -> None:
        """Drop those of which every copy is too old to be one."""
        await self._connection.execute(sa.delete(ended_sessions).where(ended_sessions.c.forget_at < now))
