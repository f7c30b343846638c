"""What a commit begins with: its workspace, locked, and the rows of its users as they are stored."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from db.dialects import WANTED, among_asked, asked_among, locks_as_it_begins
from db.errors import UnknownWorkspace
from db.rows import COLUMNS, user_of
from db.tables import users, workspaces

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from db.records import User
    from db.store import Transaction

_TEAM = "held_team"
_AT_ID = 1 + [column.name for column in COLUMNS].index("id")


async def hold(tx: Transaction, team_id: str, user_ids: Collection[str]) -> tuple[int, dict[str, User]]:
    """Take the workspace for this transaction; tell its `rev`, and users of it, by id. Raises UnknownWorkspace.

    Where a transaction holds the lock from its beginning, both are one question. Elsewhere the lock comes first: what
    is read before it may be no longer so.
    """
    if locks_as_it_begins(tx.connection.dialect.name):
        return await _held(tx.connection, team_id, user_ids)
    workspace = await tx.workspaces.lock(team_id)
    return workspace.rev, await tx.users.find_users(team_id, user_ids)


async def _held(connection: AsyncConnection, team_id: str, user_ids: Collection[str]) -> tuple[int, dict[str, User]]:
    engine = connection.dialect.name
    asked = {_TEAM: team_id, WANTED: asked_among(engine, user_ids)}
    rows = (await connection.execute(_both(engine), asked)).all()
    if not rows:
        raise UnknownWorkspace(f"({team_id})")
    found = [user_of(row[1:]) for row in rows if row[_AT_ID] is not None]
    return rows[0][0], {user.id: user for user in found}


@cache
def _both(engine: str) -> sa.Select[Any]:
    is_asked_for = sa.and_(users.c.team_id == workspaces.c.team_id, among_asked(engine, users.c.id))
    return (
        sa.select(workspaces.c.rev, *COLUMNS)
        .join_from(workspaces, users, is_asked_for, isouter=True)
        .where(workspaces.c.team_id == sa.bindparam(_TEAM))
    )
