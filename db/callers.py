"""What the door asks of the memory at every request, in one statement: who somebody is, where, and if signed in yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.records import User, Workspace
from db.rows import COLUMNS as OF_USER
from db.rows import user_of
from db.sessions import SessionReader, has_ended
from db.tables import ended_sessions, users, workspaces
from db.workspaces import COLUMNS as OF_WORKSPACE

_WIDTH = len(OF_WORKSPACE)
_AT_ID = _WIDTH + [column.name for column in OF_USER].index("id")
_TEAM_ID, _USER_ID = (sa.bindparam(f"their_{name}", type_=sa.String) for name in ("team_id", "user_id"))
_IS_THEIRS = sa.and_(users.c.team_id == workspaces.c.team_id, users.c.team_id == _TEAM_ID, users.c.id == _USER_ID)
_HAS_ENDED = has_ended(
    _TEAM_ID,
    _USER_ID,
    sa.bindparam("their_session_id", type_=sa.String),
    sa.bindparam("their_begun_at", type_=ended_sessions.c.ended_at.type),
)
_CALL = (
    sa.select(*OF_WORKSPACE, *OF_USER, _HAS_ENDED)
    .join_from(workspaces, users, _IS_THEIRS, isouter=True)
    .order_by(workspaces.c.team_id)
)


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody with a session at the door, as of one moment."""

    is_over: bool
    """Whether they signed out of it."""
    user: User | None = None
    workspaces: tuple[Workspace, ...] = ()
    """All there are, oldest id first."""


class CallerReader:
    """Looks at who calls."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, team_id: str, user_id: str, session_id: str, *, begun_at: datetime) -> Call:
        """Find whose session this is, whether it is over, and the workspaces."""
        asked = {"team_id": team_id, "user_id": user_id, "session_id": session_id, "begun_at": begun_at}
        rows = (await self._connection.execute(_CALL, {f"their_{name}": value for name, value in asked.items()})).all()
        if not rows:  # nobody has installed us: there is no row beside which a session could be told
            is_ended = await SessionReader(self._connection).is_ended(team_id, user_id, session_id, begun_at=begun_at)
            return Call(is_ended)
        theirs = next((row[_WIDTH:-1] for row in rows if row[_AT_ID] is not None), None)
        return Call(
            is_over=bool(rows[0][-1]),
            user=user_of(theirs) if theirs else None,
            workspaces=tuple(Workspace(*row[:_WIDTH]) for row in rows),
        )
