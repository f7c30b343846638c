"""The questions about runs: who holds the claim, how far they came, how they ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects import engine_now
from db.listed import Listed
from db.records import Run, RunKind, RunState
from db.tables import run_pages, runs

_NAMES = tuple(each.name for each in fields(Run))
_COLUMNS = [runs.c[name] for name in _NAMES]
COUNTED = ("calls", "seen", "inserted", "updated", "drift", "unreadable", "nameless", "absent", "missing")

SILENT_FOR = timedelta(seconds=10)
"""A claim whose holder has been silent for as long, three beats, is anybody's; so another has it within 15 s."""
_PAGES_AT_ONCE = 10
CHECKPOINT_KEPT = timedelta(minutes=30)
"""Slack's cursors expire; it does not say when (docs.slack.dev, Pagination)."""

_OVER = {"next_cursor": None, "cancel_asked_by": None}
"""What a run that has ended needs no more."""


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

    async def find_last_read(self, team_id: str) -> Run | None:
        """Find the newest run of a workspace that has read everybody, done or held."""
        read = (runs.c.team_id == team_id, runs.c.state.in_([RunState.DONE.value, RunState.HELD.value]))
        return await self._first(sa.select(*_COLUMNS).where(*read).order_by(runs.c.run_id.desc()))

    async def is_silent(self, run: Run) -> bool:
        """Say whether its holder has let go, or has not been heard of for 10 s by the database's own clock."""
        if run.instance is None:
            return True
        return await self._passed(run.heartbeat_at) >= SILENT_FOR

    async def is_stale(self, run: Run) -> bool:
        """Say whether its place in Slack's list is too old to go on from, or was never kept."""
        return run.checkpoint_at is None or await self._passed(run.checkpoint_at) > CHECKPOINT_KEPT

    async def list_runs(
        self, limit: int, *, team_ids: Collection[str] | None = None, before: int | None = None
    ) -> tuple[Run, ...]:
        """List the newest, or the newest before a number, of all workspaces or of some, newest first."""
        of_these = sa.true() if team_ids is None else runs.c.team_id.in_(sorted(team_ids))
        earlier = sa.true() if before is None else runs.c.run_id < before
        statement = sa.select(*_COLUMNS).where(of_these, earlier).order_by(runs.c.run_id.desc()).limit(limit)
        return tuple(_run(row) for row in await self._connection.execute(statement))

    async def gather_listed(self, run_id: int) -> Listed:
        """Gather the ids of all users whom the pages of a run listed, a few pages at a time."""
        listed, number = Listed(), -1
        some = sa.select(run_pages.c.number, run_pages.c.ids).where(run_pages.c.run_id == run_id)
        some = some.order_by(run_pages.c.number).limit(_PAGES_AT_ONCE)
        while rows := (await self._connection.execute(some.where(run_pages.c.number > number))).all():
            for number, ids in rows:  # noqa: B007 - the last is where to go on
                listed.add(ids.split())
        return listed

    async def _first(self, statement: sa.Select[Any]) -> Run | None:
        row = (await self._connection.execute(statement.limit(1))).first()
        return _run(row) if row else None

    async def _passed(self, since: datetime) -> timedelta:
        now: datetime = (await self._connection.execute(sa.select(self._now()))).scalar_one()
        return now - since

    def _now(self) -> sa.ColumnElement[datetime]:
        return engine_now(self._connection.dialect.name)


class RunWriter(RunReader):
    """What can be done to the runs; only their holder gets anything done to them."""

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
        ticket_id: str | None = None,
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
            "ticket_id": ticket_id,
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

    async def find_wish(self, run_id: int) -> str | None:
        """Tell who wishes that a run ends early."""
        return await self._connection.scalar(sa.select(runs.c.cancel_asked_by).where(runs.c.run_id == run_id))

    async def count_pages(self, run_id: int) -> int:
        """Count the pages kept so far."""
        statement = sa.select(sa.func.count()).where(run_pages.c.run_id == run_id)
        return await self._connection.scalar(statement) or 0

    async def ask_to_cancel(self, team_id: str, *, by: str, run_id: int | None = None, ticket_id: str = "") -> bool:
        """Tell whoever is at a run that somebody wishes its end; the first who wishes counts. False where it is over.

        The run is told by its number, or by the ticket that a button bears.
        """
        which = runs.c.ticket_id == ticket_id if run_id is None else runs.c.run_id == run_id
        under_way = (runs.c.team_id == team_id, which, runs.c.state == RunState.RUNNING.value)
        first = sa.func.coalesce(runs.c.cancel_asked_by, by)
        done = await self._connection.execute(sa.update(runs).where(*under_way).values(cancel_asked_by=first))
        return bool(done.rowcount)

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
        ended = {"state": state.value, "ended_at": at, "reason": reason, **_OVER, **(counts or {})}
        is_ours = await self._held(run_id, instance, ended)
        if is_ours:
            await self._drop_pages([run_id])
        return is_ours

    async def give_up(self, run: Run, *, at: datetime, reason: str) -> None:
        """End a run that somebody else left. Call it under the workspace's lock."""
        await self._update(run.run_id, state=RunState.FAILED.value, ended_at=at, reason=reason, **_OVER)
        await self._drop_pages([run.run_id])

    async def prune(self, *, before: datetime) -> None:
        """Drop runs that ended before a moment."""
        await self._connection.execute(sa.delete(runs).where(runs.c.ended_at < before))

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
