"""The questions about processes on one database: which are alive, by the database's own clock, and what each says."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects import engine_now, is_shared
from db.tables import instances

SILENT_FOR = timedelta(seconds=15)
"""Whoever has been silent for as long is taken for dead, and what it had is anybody's."""
_FORGOTTEN_AFTER = timedelta(minutes=1)
"""After that a row goes with the next that comes; whoever had it and lives makes it anew."""


class ProcessRole(StrEnum):
    """Which part of the work a process does."""

    ALL = "all"
    BOT = "bot"
    """It follows Slack, and shows no directory."""
    WEB = "web"
    """It shows the directory, and follows nothing."""

    @property
    def follows_slack(self) -> bool:
        return self is not ProcessRole.WEB

    @property
    def shows_directory(self) -> bool:
        return self is not ProcessRole.BOT


@dataclass(frozen=True, slots=True)
class Instance:
    """What a living process says of itself."""

    instance: str
    role: ProcessRole = ProcessRole.ALL
    started_at: datetime | None = None
    """By the database's clock; None before it was written."""
    sockets: int = 0
    """Open connections to Slack."""
    connections: int = 0
    """All that Slack may count: those being opened, and those that are replaced, among them."""
    sockets_wanted: int = 0
    """How many its settings ask for."""
    connected_since: datetime | None = None
    app_id: str | None = None
    heard_at: datetime | None = None
    """Slack's last sign of life."""
    trouble: str | None = None
    """What is wrong there, as a sentence with its remedy."""
    version: str | None = None
    settings_marks: str | None = None
    """JSON: for settings that all should have alike, what tells whether they do."""
    refusal: str | None = None
    """Why nothing can be asked or told with its bot token, as a sentence; None while Slack takes it."""


_SAID = tuple(each.name for each in fields(Instance))


class InstanceReader:
    """What can be asked of them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._is_shared = is_shared(connection.dialect.name)

    async def list_living(self) -> frozenset[str]:
        """Name those that were heard of within the last 15 s; a file has one process, so nobody beside who asks."""
        return frozenset(row.instance for row in await self._living())

    async def list_said(self) -> tuple[Instance, ...]:
        """List the living that say what they are, in the order in which they started; nobody on a file."""
        said = [row for row in await self._living() if row.started_at and row.role in set(ProcessRole)]
        return tuple(_instance(row) for row in sorted(said, key=lambda row: (row.started_at, row.instance)))

    async def _living(self) -> list[sa.Row[Any]]:
        if not self._is_shared:
            return []
        heard = instances.c.heartbeat_at > await self._now() - SILENT_FOR
        return list(await self._connection.execute(sa.select(instances).where(heard)))

    async def _now(self) -> datetime:
        found = await self._connection.execute(sa.select(engine_now(self._connection.dialect.name)))
        now: datetime = found.scalar_one()
        return now


class InstanceWriter(InstanceReader):
    """What can be done to them."""

    async def beat(self, instance: str, says: Instance | None = None) -> None:
        """Say that a process is alive, and perhaps what it is.

        One of a file need not: whoever comes next knows that it is gone.
        """
        if not self._is_shared:
            return
        now = await self._now()
        said: dict[str, Any] = {name: getattr(says, name) for name in _SAID} if says else {}
        values = said | {"instance": instance, "heartbeat_at": now}
        if says:
            values["started_at"] = says.started_at or sa.func.coalesce(instances.c.started_at, now)
        ours = instances.c.instance == instance
        done = await self._connection.execute(sa.update(instances).where(ours).values(values))
        if not done.rowcount:
            old = instances.c.heartbeat_at < now - _FORGOTTEN_AFTER
            await self._connection.execute(sa.delete(instances).where(old))
            begun = values | ({"started_at": says.started_at or now} if says else {})
            await self._connection.execute(sa.insert(instances).values(begun))

    async def lock(self) -> None:
        """Let no other process that does the same be between here and its commit: one after the other."""
        if not self._is_shared:
            return
        kept = instances.c.heartbeat_at > await self._now() - _FORGOTTEN_AFTER
        rows = sa.select(instances.c.instance).where(kept).order_by(instances.c.instance)
        await self._connection.execute(rows.with_for_update())

    async def leave(self, instance: str) -> None:
        """Say that a process ends, so that nobody waits for its silence."""
        await self._connection.execute(sa.delete(instances).where(instances.c.instance == instance))


def _instance(row: sa.Row[Any]) -> Instance:
    values = {name: getattr(row, name) for name in _SAID}
    counts = {name: values[name] or 0 for name in ("sockets", "connections", "sockets_wanted")}
    return Instance(**values | counts | {"role": ProcessRole(row.role)})
