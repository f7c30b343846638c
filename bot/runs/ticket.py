"""A run that somebody waits for: what was asked, how far it is, the wish that it ends early, and its end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.runs.claim import Order
from bot.runs.halt import Halt, RunCancelled
from bot.runs.patience import PassFailed
from bot.runs.progress import Progress, progress_of
from bot.runs.runner import Finished
from db.records import Run, RunState


@dataclass(slots=True)
class Ticket:
    """One run, from the moment it is wanted."""

    order: Order
    progress: Progress | None = None
    """From the moment it begins."""
    joined: Order | None = None
    """What somebody asked for while it was under way."""
    elsewhere: Run | None = None
    """The run of another process that is followed in place of one of our own, as its row last was."""
    halt: Halt = field(default_factory=Halt)
    ended: asyncio.Future[Finished] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """Raises AlreadyRunning, PassFailed, RunCancelled, StoreError."""

    def __post_init__(self) -> None:
        self.ended.add_done_callback(lambda done: done.cancelled() or done.exception())  # perhaps nobody listens

    @property
    def ticket_id(self) -> str:
        """By which a button cancels this run and no later one."""
        return self.halt.ticket_id

    def follow(self, run: Run) -> None:
        """Tell of another process's run from now on."""
        self.elsewhere, self.progress = run, progress_of(run)
        self.halt.goes_by(run.ticket_id)

    def end_as(self, run: Run) -> None:
        """End as another process's run did."""
        if run.cancelled_by:
            self.ended.set_exception(RunCancelled(run.cancelled_by, run))
        elif run.state is RunState.FAILED:
            self.ended.set_exception(PassFailed(run.reason or ""))
        else:
            self.ended.set_result(Finished(run, is_resumed=False))
