"""How the service stands as the tables tell it, in one look: the run under way, what is wrong, what lies aside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.alerts import AlertReader
from db.dead_letters import DeadLetterReader
from db.dialects import engine_now
from db.records import Alert, Run, RunState
from db.runs import SILENT_FOR, RunReader
from db.tables import runs, workspaces


@dataclass(frozen=True, slots=True)
class Glance:
    """What processes have written of themselves, as of one moment."""

    run: Run | None = None
    """The newest run that somebody living is at."""
    alerts: tuple[Alert, ...] = ()
    """Those that last."""
    letters: int = 0
    """Dead letters that are there."""


class GlanceReader:
    """Reads all of it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def take(self) -> Glance:
        """Look once."""
        return Glance(
            run=await self._find_run(),
            alerts=await AlertReader(self._connection).list_open(),
            letters=await DeadLetterReader(self._connection).count_letters(),
        )

    async def _find_run(self) -> Run | None:
        """Find the run whose holder was heard of within the last ten seconds, by the database's own clock."""
        # The index of runs begins with the workspace; without one, all that ever were would be walked through. To sort
        # them here leaves the engine no reason to walk from the newest on.
        of_all = runs.c.team_id.in_(sa.select(workspaces.c.team_id))
        is_held = (of_all, runs.c.state == RunState.RUNNING.value, runs.c.instance.is_not(None))
        beats = sa.select(runs.c.run_id, runs.c.heartbeat_at).where(*is_held)
        found = (await self._connection.execute(beats)).all()
        if not found:
            return None
        now: datetime = await self._connection.scalar(sa.select(engine_now(self._connection.dialect.name)))  # type: ignore[assignment]
        living = [run.run_id for run in found if now - run.heartbeat_at < SILENT_FOR]
        return await RunReader(self._connection).find_run(max(living)) if living else None
