"""When to walk `users.list`: after the first hello, and whenever something may have been missed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.authorize import Installations
from bot.runs.pages import PassFailed
from bot.runs.resync import Progress, Resync
from db.errors import StoreError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient the service is."""

    stagger_s: float = 5
    """Between the first connection and the next, so that Slack does not recycle them in the same moment."""
    rest_s: float = 30
    """Between two walks: a gap that keeps opening must not become a storm of calls."""
    retry_s: float = 60
    """After a walk that failed."""


class Walks:
    """Walks when it is asked to, one walk at a time."""

    def __init__(
        self,
        installations: Installations,
        *,
        make_resync: Callable[[str], Resync],
        team_id: Callable[[], Awaitable[str]],
        pace: Pace,
    ) -> None:
        self._installations = installations
        self._make_resync = make_resync
        self._team_id = team_id
        self._pace = pace
        self._wanted = asyncio.Event()
        self.progress: Progress | None = None
        """Of the walk under way; None between walks."""
        self.trouble: str | None = None
        self.walks = 0

    def want(self, reason: str) -> None:
        """Ask for a walk; one that is under way began too early to close this gap, so another follows."""
        if not self._wanted.is_set():
            log.info("people will be read again", reason=reason)
        self._wanted.set()

    async def run(self) -> None:
        """Walk whenever it was asked for, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            # One token lists one workspace, whatever `team_id` it is asked for; any other would get its people too.
            await self._walk(await self._team_id())
            await asyncio.sleep(self._pace.rest_s)

    async def _walk(self, team_id: str) -> None:
        resync = self._make_resync(team_id)
        self.progress = resync.progress
        try:
            done = await resync.run()
            await self._installations.refresh()
        except (PassFailed, StoreError) as error:
            self.trouble = f"People could not be read from Slack, nobody was changed for it: {error}"
            log.warning("a walk failed", team_id=team_id, reason=str(error))
            await asyncio.sleep(self._pace.retry_s)
            self._wanted.set()
        else:
            self.trouble = None
            self.walks += 1
            log.info(
                "people were read",
                team_id=team_id,
                users=done.seen,
                calls=done.calls,
                new=done.inserted,
                changed=done.updated,
            )
        finally:
            self.progress = None
