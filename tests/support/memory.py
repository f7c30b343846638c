"""Short words for tests of the memory: write observations, look at rows, also past our own questions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from db import Recorded, Store, record
from db.records import Change, DeadLetter, Observation, Position, Source, User, Workspace
from tests.support.factories import TEAM, an_observation

NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)


async def install(store: Store, *team_ids: str) -> None:
    """Make workspaces known."""
    async with store.transaction() as tx:
        for team_id in team_ids:
            await tx.workspaces.save_workspace(Workspace(team_id))


async def keep(store: Store, *observations: Observation, now: datetime = NOW, is_backfill: bool = False) -> Recorded:
    """Record observations of one workspace in one transaction."""
    async with store.transaction() as tx:
        return await record(tx, observations[0].team_id, observations, now=now, is_backfill=is_backfill)


async def keep_people(store: Store, names: dict[str, str | None], team_id: str = TEAM) -> None:
    """Record users by id and real name."""
    people = [an_observation(user_id, real_name=name, team_id=team_id) for user_id, name in names.items()]
    await keep(store, *people)


async def put_aside(store: Store, *letters: DeadLetter) -> None:
    """Put letters aside."""
    async with store.transaction() as tx:
        for letter in letters:
            await tx.dead_letters.put_aside(letter)


def a_letter(key: str = "event:Ev1", **values: Any) -> DeadLetter:
    """Make a letter as it is before it is kept."""
    filled = {
        "letter_id": 0, "key": key, "team_id": TEAM, "user_id": "U1", "reason": "there is no user in it",
        "payload": "{}", "source": Source.EVENT, "put_aside_at": NOW,
    }  # fmt: skip
    return DeadLetter(**filled | values)


async def find_user(store: Store, user_id: str = "U1", team_id: str = TEAM) -> User | None:
    """Look a user up."""
    async with store.reading() as rx:
        return await rx.users.find_user(team_id, user_id)


async def get_user(store: Store, user_id: str = "U1", team_id: str = TEAM) -> User:
    """Look up a user who must be there."""
    user = await find_user(store, user_id, team_id)
    assert user is not None
    return user


async def rev_of(store: Store, team_id: str = TEAM) -> int:
    """Tell the workspace's rev."""
    async with store.reading() as rx:
        workspace = await rx.workspaces.find_workspace(team_id)
    assert workspace is not None
    return workspace.rev


async def all_changes(store: Store, after: dict[str, tuple[int, int]] | None = None) -> tuple[Change, ...]:
    """List the whole change log."""
    async with store.reading() as rx:
        return await rx.changes.list_changes(Position(after or {}))


async def stored_bytes(store: Store, table: sa.Table) -> list[tuple[Any, ...]]:
    """Read every column of every row as the engine holds it."""
    columns = ", ".join(f"{column.name}" for column in table.columns if column.name not in ("before", "after"))
    async with store._writer.begin() as connection:
        return sorted(
            (tuple(row) for row in await connection.execute(sa.text(f"SELECT {columns} FROM {table.name}"))), key=str
        )
