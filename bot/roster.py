"""Which processes share the database: each says every few seconds what it is, and remembers what the others said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import structlog

from bot.shares import allotted, shares
from bot.to_its_end import to_its_end
from db import Store
from db.errors import StoreError
from db.instances import SILENT_FOR, Instance

log = structlog.get_logger(__name__)

BEAT_EVERY_S = 3


class Roster:
    """Keeps our row, and a reading of the others'. A SQLite file has one process: nothing is written there."""

    def __init__(
        self,
        store: Store,
        instance: str,
        *,
        says: Callable[[], Instance],
        on_change: Callable[[], None] = lambda: None,
        on_left: Callable[[], None] = lambda: None,
        beat_every_s: float = BEAT_EVERY_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`says` tells what this process is right now; `on_change` is called after each reading that worked.

        `on_left` is called where one that followed Slack lives no more.
        """
        self._store = store
        self._instance = instance
        self._says = says
        self._on_change = on_change
        self._on_left = on_left
        self._beat_every_s = beat_every_s
        self._living: tuple[Instance, ...] = ()
        self._monotonic = monotonic
        self._read_at: float | None = None
        self._has_left = False
        self._speaking = asyncio.Lock()
        """Held while our row is written: a beat under way must not write it after it was taken out."""
        self._silent_for = ""
        """Why the last beat was none; empty where it was one."""
        self._is_followed: bool | None = None
        """Whether somebody followed Slack at the last beat."""
        self.heard_at: datetime | None = None
        """Slack's last sign of life at any of them, also of those that are gone by now."""

    @property
    def others(self) -> tuple[Instance, ...]:
        """The living beside this one, in the order in which they started; what was last known, if that is not told."""
        return tuple(each for each in self._living if each.instance != self._instance)

    @property
    def bots(self) -> tuple[Instance, ...]:
        """Those of the others that follow Slack."""
        return tuple(each for each in self.others if each.role.follows_slack)

    @property
    def rank(self) -> int:
        """Our place among the living that follow Slack; those whose bot token is refused come last."""
        ours = self._says()
        names = [each.instance for each in self._following(ours)]
        return names.index(ours.instance) if ours.instance in names else 0

    @property
    def sockets(self) -> int:
        """Open connections of the others."""
        return sum(each.sockets for each in self.bots)

    @property
    def sockets_wanted(self) -> int:
        """How many the others are to hold, as far as their shares are known."""
        ours = self._says()
        given = _shares(self._following(ours))
        return sum(given) - (given[self.rank] if given else 0)

    def connections(self, app_id: str | None) -> int:
        """Count what Slack may count of the others, for one app."""
        return sum(each.connections for each in self.bots if _is_of(each, app_id))

    def share(self) -> int:
        """Tell how many connections this process is to hold, once all that know of each other do as they should."""
        ours = self._says()
        following = self._following(ours)
        return _shares(following)[self.rank] if following else ours.sockets_wanted

    @property
    def cedes(self) -> bool:
        """Whether this process leaves its share to others: Slack refuses its token, and one of them can answer."""
        ours = self._says()
        return bool(ours.refusal) and any(map(_answers, self._following(ours)))

    def allotted(self, held: int) -> int:
        """Tell how many it may hold now, where it was allotted `held` before."""
        return allotted(self.share(), held=held, elsewhere=self.connections(self._says().app_id))

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await self.beat()
            await asyncio.sleep(self._beat_every_s)

    async def beat(self) -> None:
        """Say what we are, and read what the others say; while the database is away, what was known stays."""
        try:
            said = await to_its_end(self._beat())
        except StoreError as error:
            self._note(error.plain)
        else:
            self._note("")
            before = self.bots
            self._take(said)
            self._on_change()
            self._note_followers()
            if {each.instance for each in before} - {each.instance for each in self.bots}:
                self._on_left()

    def _note_followers(self) -> None:
        """Log where nobody follows Slack any more, or not yet, and where somebody does; each once."""
        is_followed = self._says().role.follows_slack or bool(self.bots)
        if is_followed is not self._is_followed and not is_followed:
            log.warning("nobody follows Slack: start usersync serve, or usersync serve --only bot")
        elif is_followed is not self._is_followed and not self._says().role.follows_slack:
            log.info("another process follows Slack")
        self._is_followed = is_followed

    def _note(self, silent_for: str) -> None:
        if silent_for and silent_for != self._silent_for:
            log.warning("other processes on the database hear nothing of this one", reason=silent_for)
        self._silent_for = silent_for

    def _take(self, said: tuple[Instance, ...]) -> None:
        """Remember what was read; but whoever could not ask for so long cannot tell by that who else is silent."""
        now, before = self._monotonic(), self._read_at
        self._read_at = now
        if before is None or now - before < SILENT_FOR.total_seconds():
            self._living = said
        heard = (self.heard_at, *(each.heard_at for each in said))
        self.heard_at = max((each for each in heard if each), default=None)

    async def leave(self) -> None:
        """Take our row out, so that nobody waits for our silence; a database that does not answer is left alone."""
        if self._has_left:
            return
        self._has_left = True
        with suppress(StoreError):
            await to_its_end(self._leave())

    async def _beat(self) -> tuple[Instance, ...]:
        ours = self._says()
        async with self._speaking, self._store.transaction() as tx:
            if not self._has_left:
                await tx.instances.beat(ours.instance, replace(ours, started_at=self._started_at(ours)))
            return await tx.instances.list_said()

    async def _leave(self) -> None:
        async with self._speaking, self._store.transaction() as tx:
            await tx.instances.leave(self._instance)

    def _started_at(self, ours: Instance) -> datetime | None:
        return next((each.started_at for each in self._living if each.instance == ours.instance), None)

    def _following(self, ours: Instance) -> list[Instance]:
        """Those that follow Slack with the same app, this one among them, in the order in which they started.

        Those whose bot token is refused come last: of a command that reaches them, they can say nothing.
        """
        following = [each for each in self._living if each.role.follows_slack and _is_of(each, ours.app_id)]
        return sorted(following, key=lambda each: bool(each.refusal))


def _shares(following: Sequence[Instance]) -> list[int]:
    """Tell each's share: as long as one can answer, those whose token is refused, who come last, get none."""
    sharing = [each for each in following if not each.refusal] if any(map(_answers, following)) else following
    given = shares([each.sockets_wanted for each in sharing])
    return given + [0] * (len(following) - len(given))


def _answers(each: Instance) -> bool:
    """Say whether what reaches it can be answered; what holds no connection is reached by nothing."""
    return not each.refusal and each.sockets > 0


def _is_of(each: Instance, app_id: str | None) -> bool:
    """Say whether it uses an app; one that does not know yet may."""
    return app_id is None or each.app_id is None or each.app_id == app_id
