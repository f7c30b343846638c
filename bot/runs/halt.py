"""A wish that a run ends early, and by whom: looked at where nothing is half done, so that whatever was read stays."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

from bot.runs.patience import PassFailed
from db.records import Run, cancelled_by

T = TypeVar("T")


class RunCancelled(PassFailed):
    """Somebody cancelled the run; nobody was marked for it."""

    def __init__(self, by: str, run: Run | None = None) -> None:
        super().__init__(cancelled_by(by))
        self.by = by
        """Who: a user's id."""
        self.run = run
        """Its row as it ended; None where it had not begun."""


class Halt:
    """The wish, of which a run is told; the first who wishes it counts."""

    def __init__(self) -> None:
        self._wished = asyncio.Event()
        self.by = ""
        self.ticket_id = secrets.token_hex(8)
        """By which a button cancels this run and no later one."""
        self._known_as = {self.ticket_id}

    @property
    def is_wished(self) -> bool:
        return self._wished.is_set()

    def is_of(self, ticket_id: str) -> bool:
        """Say whether a button means this run."""
        return ticket_id in self._known_as

    def goes_by(self, ticket_id: str | None) -> None:
        """Bear the name that the run's row gives it, by which any process finds it; the one before means it still."""
        if ticket_id:
            self.ticket_id = ticket_id
            self._known_as.add(ticket_id)

    async def within(self, seconds: float) -> None:
        """Wait for the wish, so long at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wished.wait()

    def wish(self, by: str) -> None:
        """Wish it; `by` is a user's id."""
        if not self.is_wished:
            self.by = by
            self._wished.set()

    def look(self) -> None:
        """Go on only where nobody wishes it to end. Raises RunCancelled."""
        if self.is_wished:
            raise RunCancelled(self.by)

    async def unless(self, work: Awaitable[T]) -> T:
        """Wait for work that changes nothing, such as a question to Slack; it is left as soon as the run is to end.

        Raises RunCancelled, and what the work raises.
        """
        task, wished = asyncio.ensure_future(work), asyncio.ensure_future(self._wished.wait())
        try:
            await asyncio.wait([task, wished], return_when=asyncio.FIRST_COMPLETED)
            self.look()
            return await task
        finally:
            for each in (task, wished):
                each.cancel()
            await asyncio.gather(task, wished, return_exceptions=True)
