"""Several services on one database, as they run beside each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from bot.service import Service
from db import Store
from db.records import Run
from db.tables import instances
from tests.support.waiting import eventually


async def are_calm(*services: Service, within_s: float = 60) -> None:
    """Wait until all are connected and none has anything left to read."""

    def look() -> bool:
        return all(
            each.status().sockets == 2 and not (runs.ticket or runs.progress) and runs.next_reconcile_in_s > 60
            for each in services
            for runs in (each.runs,)
        )

    await eventually(look, within_s=within_s, of="calm")


async def all_runs(store: Store) -> tuple[Run, ...]:
    """List the runs, oldest first."""
    async with store.reading() as rx:
        return (await rx.runs.list_runs(100))[::-1]


async def others_are_silent(store: Store, ours: str) -> None:
    """Let every other process have been heard of so long ago that it counts as dead."""
    then = datetime.now(UTC) - timedelta(seconds=16)
    async with store.transaction() as tx:
        statement = sa.update(instances).where(instances.c.instance != ours).values(heartbeat_at=then)
        await tx.instances._connection.execute(statement)
