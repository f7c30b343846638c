"""Who makes the run that somebody asked for: this process, or another that is at it, which is followed meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from bot.runs.claim import AlreadyRunning, ClaimLost
from bot.runs.halt import Halt
from bot.runs.others import ask_to_cancel, followed
from bot.runs.progress import Progress
from bot.runs.runner import Finished, Runner
from bot.runs.ticket import Ticket
from bot.to_its_end import to_its_end
from db import Store
from db.records import Run


class Maker:
    """Makes one run for one ticket."""

    def __init__(self, runner: Runner, store: Store, *, look_again_s: float, on_followed: Callable[[], None]) -> None:
        """`on_followed` is called after another process's run was followed: what it left is to be looked at."""
        self._runner = runner
        self._store = store
        self._look_again_s = look_again_s
        self._on_followed = on_followed

    async def make(self, ticket: Ticket, team_id: str) -> Finished | None:
        """Make a run; None where another process has made it for whoever waits.

        Raises AlreadyRunning, RunCancelled, PassFailed, StoreError.
        """
        is_refused = False
        while True:
            if ticket.elsewhere and await self._is_told_by(ticket.elsewhere, ticket):
                return None
            try:
                return await self._make_here(ticket, team_id)
            except ClaimLost:
                if not ticket.order.is_asked:
                    raise AlreadyRunning(None) from None  # the next look tells who is at it
            except AlreadyRunning as error:
                if error.run is None or not ticket.order.is_asked or ticket.order.is_confirmed:
                    raise
                if is_refused:
                    await self._wait_for(error.run, ticket.halt)
                is_refused = True
                ticket.follow(error.run)

    async def _make_here(self, ticket: Ticket, team_id: str) -> Finished:
        def show(progress: Progress) -> None:
            ticket.progress = progress

        finished = await self._runner.run(team_id, ticket.order, on_start=show, halt=ticket.halt)
        asked = ticket.order if ticket.order.is_asked else ticket.joined
        if finished.is_resumed and asked:  # it began before it was asked for
            return await self._runner.run(team_id, asked, on_start=show, halt=ticket.halt)
        return finished

    async def _is_told_by(self, run: Run, ticket: Ticket) -> bool:
        """Follow another process's run, and tell its end as that of the ticket; False where it is left to us."""
        ended = await followed(self._store, run, ticket.halt, look_every_s=self._look_again_s, on_look=ticket.follow)
        self._on_followed()
        if ended is None:
            ticket.elsewhere = None
        else:
            ticket.end_as(ended)
        return ended is not None

    async def _wait_for(self, run: Run, halt: Halt) -> None:
        """Wait a while for a holder that was stopped: nothing is heard of it, and yet it lets nobody go on.

        Raises RunCancelled, StoreError.
        """
        await halt.within(self._look_again_s)
        if halt.is_wished:
            await to_its_end(ask_to_cancel(self._store, run.team_id, by=halt.by, run_id=run.run_id))
        halt.look()
