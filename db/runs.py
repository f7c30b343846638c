"""The questions about runs: who holds the claim, how far they came, how they ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects import engine_now
from db.records import Run, RunKind, RunState
from db.tables import run_pages, runs

_NAMES = tuple(each.name for each in fields(Run))
_COLUMNS = [runs.c[name] for name in _NAMES]
COUNTED = ("calls", "seen", "inserted", "updated", "drift", "unreadable", "nameless", "absent", "missing")

SILENT_FOR = timedelta(seconds=15)
"""A claim whose holder has been silent for as long is anybody's."""
CHECKPOINT_KEPT = timedelta(minutes=30)
"""Slack's cursors expire; it does not say when (docs.slack.dev, Pagination)."""


class RunReader:
    """What can be asked of the runs."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find_run(self, run_id: int) -> Run | None:
        """Find one by its number."""
        return await self._first(sa.select(*_COLUMNS).where(runs.c.run_id == run_id))

    async def find_running(self, team_id: str) -> Run | None:
        """Find the run of a workspace that has not ended, whether or not somebody still works on it."""
        running = (runs.c.team_id == team_id, runs.c.state == RunState.RUNNING.value)
        return await self._first(sa.select(*_COLUMNS).where(*running).order_by(runs.c.run_id.desc()))

    async def find_last_ended(self, team_id: str) -> Run | None:
        """Find the newest run of a workspace that has ended, however it did."""
        ended = (runs.c.team_id == team_id, runs.c.state != RunState.RUNNING.value)
        return await self._first(sa.select(*_COLUMNS).where(*ended).order_by(runs.c.run_id.desc()))

    async def list_runs(
        self, limit: int, *, team_ids: Collection[str] | None = None, before: int | None = None
    ) -> tuple[Run, ...]:
        """List the newest, or the newest before a number, of all workspaces or of some, newest first."""
        of_these = sa.true() if team_ids is None else runs.c.team_id.in_(sorted(team_ids))
        earlier = sa.true() if before is None else runs.c.run_id < before
        statement = sa.select(*_COLUMNS).where(of_these, earlier).order_by(runs.c.run_id.desc()).limit(limit)
        return tuple(_run(row) for row in await self._connection.execute(statement))

    async def list_listed(self, run_id: int) -> set[str]:
        """Gather the ids of all users whom the pages of a run listed."""
        rows = await self._connection.execute(sa.select(run_pages.c.ids).where(run_pages.c.run_id == run_id))
        return {user_id for row in rows for user_id in row[0].split()}

    async def _first(self, statement: sa.Select[Any]) -> Run | None:
        row = (await self._connection.execute(statement.limit(1))).first()
        return _run(row) if row else None


class RunWriter(RunReader):
    """What can be done to the runs; only their holder gets anything done to them."""

    async def is_silent(self, run: Run) -> bool:
        """Say whether its holder has let go, or has not been heard of for 15 s by the database's own clock."""
        if run.instance is None:
            return True
        return await self._passed(run.heartbeat_at) >= SILENT_FOR

    async def is_stale(self, run: Run) -> bool:
        """Say whether its place in Slack's list is too old to go on from, or was never kept."""
        return run.checkpoint_at is None or await self._passed(run.checkpoint_at) > CHECKPOINT_KEPT

    async def begin(
        self,
        team_id: str,
        *,
        kind: RunKind,
        instance: str,
        asked_by: str | None,
        is_confirmed: bool,
        expected: int | None,
        at: datetime,
    ) -> Run:
        """Insert a run and with it the claim. Call it under the workspace's lock, with nobody else running."""
        values: dict[str, Any] = dict.fromkeys(COUNTED, 0) | {
            "team_id": team_id,
            "kind": kind.value,
            "state": RunState.RUNNING.value,
            "instance": instance,
            "asked_by": asked_by,
            "is_confirmed": is_confirmed,
            "is_listed": False,
            "expected": expected,
            "started_at": at,
            "heartbeat_at": self._now(),
        }
        done = await self._connection.execute(sa.insert(runs).values(**values))
        return await self._get(int(done.inserted_primary_key[0]))  # type: ignore[index]

    async def take_over(self, run: Run, *, instance: str) -> Run:
        """Hold a run that somebody else left. Call it under the workspace's lock."""
        await self._update(run.run_id, instance=instance, heartbeat_at=self._now())
        return await self._get(run.run_id)

    async def beat(
        self, run_id: int, instance: str, counts: Mapping[str, Any], *, renews_checkpoint: bool = False
    ) -> bool:
        """Say that we are at it, and how far; False where the claim is no longer ours."""
        renewed = {"checkpoint_at": self._now()} if renews_checkpoint else {}
        return await self._held(run_id, instance, {"heartbeat_at": self._now(), **renewed, **counts})

    async def checkpoint(
        self, run_id: int, instance: str, *, number: int, ids: Sequence[str], values: Mapping[str, Any]
    ) -> bool:
        """Keep a page's ids and where the list goes on; False where the claim is no longer ours."""
        at = {"heartbeat_at": self._now(), "checkpoint_at": self._now()}
        if not await self._held(run_id, instance, {**at, **values}):
            return False
        await self._connection.execute(sa.insert(run_pages).values(run_id=run_id, number=number, ids=" ".join(ids)))
        return True

    async def count_pages(self, run_id: int) -> int:
        """Count the pages kept so far."""
        statement = sa.select(sa.func.count()).where(run_pages.c.run_id == run_id)
        return await self._connection.scalar(statement) or 0

    async def let_go(self, run_id: int, instance: str) -> None:
        """Leave the run where it stands; whoever comes next may go on at once."""
        await self._held(run_id, instance, {"instance": None})

    async def end(
        self,
        run_id: int,
        instance: str,
        *,
        state: RunState,
        at: datetime,
        reason: str | None = None,
        counts: Mapping[str, Any] | None = None,
    ) -> bool:
        """End the run and drop its pages; False where the claim is no longer ours."""
        ended = {"state": state.value, "ended_at": at, "reason": reason, "next_cursor": None, **(counts or {})}
        is_ours = await self._held(run_id, instance, ended)
        if is_ours:
            await self._drop_pages([run_id])
        return is_ours

    async def give_up(self, run: Run, *, at: datetime, reason: str) -> None:
        """End a run that somebody else left. Call it under the workspace's lock."""
        await self._update(run.run_id, state=RunState.FAILED.value, ended_at=at, reason=reason, next_cursor=None)
        await self._drop_pages([run.run_id])

    async def prune(self, *, before: datetime) -> None:
        """Drop runs that ended before a moment."""
        await self._connection.execute(sa.delete(runs).where(runs.c.ended_at < before))

    async def _passed(self, since: datetime) -> timedelta:
        now: datetime = (await self._connection.execute(sa.select(self._now()))).scalar_one()
        return now - since

    def _now(self) -> sa.ColumnElement[datetime]:
        return engine_now(self._connection.dialect.name)

    async def _get(self, run_id: int) -> Run:
        run = await self.find_run(run_id)
        if run is None:
            raise LookupError(f"run {run_id} is gone")
        return run

    async def _held(self, run_id: int, instance: str, values: Mapping[str, Any]) -> bool:
        ours = (runs.c.run_id == run_id, runs.c.instance == instance, runs.c.state == RunState.RUNNING.value)
        done = await self._connection.execute(sa.update(runs).where(*ours).values(**values))
        return bool(done.rowcount)

    async def _update(self, run_id: int, **values: Any) -> None:
        await self._connection.execute(sa.update(runs).where(runs.c.run_id == run_id).values(**values))

    async def _drop_pages(self, run_ids: Collection[int]) -> None:
        await self._connection.execute(sa.delete(run_pages).where(run_pages.c.run_id.in_(run_ids)))


def _run(row: Sequence[Any]) -> Run:
    values = dict(zip(_NAMES, row, strict=True))
    return Run(**values | {"kind": RunKind(values["kind"]), "state": RunState(values["state"])})
