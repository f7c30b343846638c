"""What a process tells the others on its database, and does at their word: put together from the parts of the house."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import __version__
from bot.elsewhere import Elsewhere
from bot.far_deeds import FarDeeds, WishTaker
from bot.introduction import Introduction
from bot.likeness import marks_of, unlike, written
from bot.pace import Pace
from bot.roster import Roster
from bot.runs.schedule import Schedule
from bot.settings import Settings
from bot.sockets import Sockets
from bot.standing import Standing
from bot.window_deeds import WindowDeeds
from db import Store
from db.instances import Instance, ProcessRole


@dataclass(frozen=True, slots=True)
class Parts:
    """Of the house, what the others are told of."""

    sockets: Sockets
    introduction: Introduction
    standing: Standing
    deeds: WindowDeeds
    runs: Schedule
    is_ready: Callable[[], bool]
    """Whether a run could begin here."""
    is_idle: Callable[[], bool]
    """Whether none is under way here, and nobody waits for one."""


class Neighbours:
    """The roster, what is read of the others, and what is done for them."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        role: ProcessRole,
        *,
        instance: str,
        pace: Pace,
        refresh: Sequence[Callable[[], Awaitable[None]]],
        parts: Callable[[], Parts],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`refresh` reads anew what is kept in memory; `parts` are asked for once the house stands."""
        self._store = store
        self._role = role
        self._instance = instance
        self._sockets_wanted = settings.sockets if role.follows_slack else 0
        self._parts = parts
        self._marks = marks_of(settings)
        self._marks_written = written(self._marks)
        self._look_every_s = pace.look_every_s
        self._monotonic = monotonic
        self._database_due_s = 0.0
        self.is_shared = settings.sqlite_file is None
        """Whether there may be others: a file has one process."""
        self.roster = Roster(
            store,
            instance,
            says=self._says,
            on_change=self._share,
            on_left=self._close_its_gaps,
            beat_every_s=pace.beat_every_s,
        )
        self.elsewhere = Elsewhere(store, refresh=[*refresh, self._look_about])

    def make_deeds(self, *, team_id: Callable[[], str], clock: Callable[[], datetime]) -> FarDeeds:
        """Make what is done on a page where no run can be made."""
        return FarDeeds(self._store, self.roster, self.elsewhere, team_id=team_id, clock=clock)

    def _says(self) -> Instance:
        """Tell the others what this process is."""
        parts = self._parts()
        status = parts.sockets.status
        return Instance(
            instance=self._instance,
            role=self._role,
            sockets=status.open,
            connections=parts.sockets.connections,
            sockets_wanted=self._sockets_wanted,
            connected_since=status.connected_since,
            app_id=parts.introduction.app_id,
            heard_at=parts.standing.last_heard_at,
            trouble=parts.standing.trouble if self._role.follows_slack else None,
            version=__version__,
            settings_marks=self._marks_written,
            refusal=parts.standing.refusal if self._role.follows_slack else None,
        )

    @property
    def unlike(self) -> str:
        """Say in which settings the others differ from this process, if they do."""
        return unlike(self._marks, self.roster.others)

    def _share(self) -> None:
        """Hold as many connections as the living leave us."""
        if self._role.follows_slack:
            sockets = self._parts().sockets
            sockets.allot(self.roster.allotted(sockets.status.wanted))

    def _close_its_gaps(self) -> None:
        """Read what one that ended was about to read, or had in hand: of that nobody else knows."""
        if self._role.follows_slack:
            self._parts().runs.want_in_turn("another process ended")

    async def _look_about(self) -> None:
        """Take what was wished for elsewhere; or see whether the database can be written. Raises StoreError."""
        parts = self._parts()
        if not self._role.follows_slack:
            if self._monotonic() >= self._database_due_s:  # not at each ring: to try it holds up commits for a moment
                self._database_due_s = self._monotonic() + self._look_every_s
                await parts.standing.database.look()
            return
        taker = WishTaker(
            self._store,
            parts.deeds,
            team_id=lambda: parts.introduction.known_team_id,
            is_ready=parts.is_ready,
            is_idle=parts.is_idle,
        )
        await taker.look()
