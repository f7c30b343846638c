"""What other processes do with the runs of the workspace, as the table says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.runs.halt import Halt
from bot.to_its_end import to_its_end
from db import Store
from db.errors import StoreError
from db.records import Run, RunState

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the table."""

    last_ended: Run | None = None
    last_read: Run | None = None
    """The newest that has read everybody."""
    running: Run | None = None
    """The one that has not ended."""
    is_left: bool = False
    """Whether nobody is at it any more: its holder let go, or fell silent."""

    @property
    def elsewhere(self) -> Run | None:
        """The run that another process is at."""
        return None if self.is_left else self.running


async def look(store: Store, team_id: str, *, instance: str) -> Seen:
    """Look at the table; what this very process has left in it is nobody's. Raises StoreError."""
    async with store.reading() as rx:
        running = await rx.runs.find_running(team_id)
        is_left = running is not None and (running.instance == instance or await rx.runs.is_silent(running))
        return Seen(
            last_ended=await rx.runs.find_last_ended(team_id),
            last_read=await rx.runs.find_last_read(team_id),
            running=running,
            is_left=is_left,
        )


async def followed(
    store: Store, run: Run, halt: Halt, *, look_every_s: float, on_look: Callable[[Run], None]
) -> Run | None:
    """Follow another process's run to its end, and tell its row; None once nobody is at it, so that we may go on.

    A wish that it ends is handed on. A database that is away for a while is waited for.
    """
    is_handed_on = False
    while True:
        try:
            if halt.is_wished and not is_handed_on:
                is_handed_on = await to_its_end(ask_to_cancel(store, run.team_id, by=halt.by, run_id=run.run_id))
            async with store.reading() as rx:
                found = await rx.runs.find_run(run.run_id)
                if found is None or (found.state is RunState.RUNNING and await rx.runs.is_silent(found)):
                    return None
        except StoreError as error:
            log.info("another process's run cannot be followed right now", reason=str(error))
        else:
            if found.state is not RunState.RUNNING:
                return found
            on_look(found)
        await (asyncio.sleep(look_every_s) if halt.is_wished else halt.within(look_every_s))


async def ask_to_cancel(store: Store, team_id: str, *, by: str, run_id: int | None = None, ticket_id: str = "") -> bool:
    """Tell whoever is at a run that somebody wishes its end; False where it is over. Raises StoreError."""
    async with store.transaction() as tx:
        return await tx.runs.ask_to_cancel(team_id, by=by, run_id=run_id, ticket_id=ticket_id)
