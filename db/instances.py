"""The questions about processes on one database: which of them are alive, by the database's own clock."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects import engine_now, is_shared
from db.runs import SILENT_FOR
from db.tables import instances

_FORGOTTEN_AFTER = timedelta(days=1)


class InstanceReader:
    """What can be asked of them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._is_shared = is_shared(connection.dialect.name)

    async def list_living(self) -> frozenset[str]:
        """Name those that were heard of within the last 15 s; a file has one process, so nobody beside who asks."""
        if not self._is_shared:
            return frozenset()
        now = await self._now()
        rows = await self._connection.execute(sa.select(instances.c.instance, instances.c.heartbeat_at))
        return frozenset(row.instance for row in rows if now - row.heartbeat_at < SILENT_FOR)

    async def _now(self) -> datetime:
        found = await self._connection.execute(sa.select(engine_now(self._connection.dialect.name)))
        now: datetime = found.scalar_one()
        return now


class InstanceWriter(InstanceReader):
    """What can be done to them."""

    async def beat(self, instance: str) -> None:
        """Say that a process is alive. One of a file need not: whoever comes next knows that it is gone."""
        if not self._is_shared:
            return
        now = await self._now()
        ours = instances.c.instance == instance
        done = await self._connection.execute(sa.update(instances).where(ours).values(heartbeat_at=now))
        if not done.rowcount:
            old = instances.c.heartbeat_at < now - _FORGOTTEN_AFTER
            await self._connection.execute(sa.delete(instances).where(old))
            await self._connection.execute(sa.insert(instances).values(instance=instance, heartbeat_at=now))

    async def leave(self, instance: str) -> None:
        """Say that a process ends, so that nobody waits for its silence."""
        await self._connection.execute(sa.delete(instances).where(instances.c.instance == instance))
