"""The end of a run, told in one line to whoever watches the service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.authorize import Installations
from bot.runs.runner import Finished
from bot.runs.words import found, summary
from db import Store
from db.errors import StoreError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RunTeller:
    """Learns what a run wrote of its workspace, and tells how it ended."""

    store: Store
    installations: Installations
    sockets_open: Callable[[], Awaitable[int]]
    """Tells how many connections are open, once each of them was tried."""
    tell: Callable[[str], None]

    async def __call__(self, finished: Finished) -> None:
        team_id = finished.run.team_id
        if finished.run.reason:
            log.warning("a run ended with a reservation", state=finished.run.state.value, reason=finished.run.reason)
        try:
            await self.installations.refresh()
            async with self.store.reading() as rx:
                tally = await rx.users.tally(team_id)
        except StoreError as error:
            log.warning("a run ended, and its end could not be read", reason=str(error))
            return
        name = self.installations.name_of(team_id)
        for words in filter(None, [found(finished.run), finished.run.reason]):
            self.tell(words)
        self.tell(summary(name, tally, finished.run, sockets=await self.sockets_open()))
