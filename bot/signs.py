"""Reads the parts of a running service for what they show of its health; judges nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.database_watch import DatabaseWatch
from bot.disk_watch import DiskWatch
from bot.handler import EnvelopeHandler
from bot.ingest import Ingest
from bot.lag import Lag
from bot.others_words import refused_elsewhere
from bot.roster import Roster
from bot.runs.schedule import Schedule
from bot.scopes import Scope
from bot.sockets import Sockets
from bot.standing import Standing
from bot.troubles import Signs
from db import Store
from db.errors import StoreError
from db.records import AlertKind

REFUSED_LASTS = timedelta(seconds=90)


@dataclass(slots=True)
class SignReader:
    """Reads everything once each time it is asked; it remembers only what it has to compare with."""

    store: Store
    database: DatabaseWatch
    disk: DiskWatch
    standing: Standing
    sockets: Sockets
    runs: Schedule
    ingest: Ingest
    handler: EnvelopeHandler
    lag: Lag
    lacking: Callable[[], tuple[Scope, ...]]
    """Tells which scopes were needed and not granted, as Slack last said."""
    clock: Callable[[], datetime]
    sockets_may_take_s: float
    began_at: datetime
    roster: Roster
    letters: int | None = None
    """Dead letters at the last look; None where that could not be told."""
    _not_committed: int = 0
    _refused_at: datetime | None = None
    _newest_letter: int | None = None
    _newest_letter_at: datetime | None = field(default=None)

    async def read(self) -> Signs:
        """Look at every part."""
        await self.database.look()
        await self.disk.look()
        await self._look_at_letters()
        status = self.sockets.status
        return Signs(
            now=self.clock(),
            database_away_since=self.database.away_since,
            database_trouble=self.database.trouble,
            not_committed=self._refused_lately(),
            rejected=self.standing.rejected,
            rejected_elsewhere=refused_elsewhere(self.roster.bots),
            sockets=status.open + self.roster.sockets,
            sockets_lost_since=status.lost_since if status.wanted else None,
            sockets_trouble=self.standing.introduction.trouble or status.trouble,
            sockets_may_take=timedelta(seconds=self.sockets_may_take_s),
            last_run=self.runs.last_state,
            runs_trouble=self.runs.trouble,
            events_dropped_at=self._dropped_at(),
            late_s=self.lag.late_s,
            letters=self.letters,
            newest_letter_at=self._newest_letter_at,
            crowded=status.crowded,
            disk_trouble=self.disk.trouble,
            lacking=self.lacking(),
            untold=self._untold(),
        )

    def _refused_lately(self) -> bool:
        """Say whether events were refused within the last minute: Slack's tries are as far apart."""
        now, count = self.clock(), self.ingest.tally.not_committed
        if count > self._not_committed:
            self._refused_at = now
        self._not_committed = count
        return self._refused_at is not None and now - self._refused_at <= REFUSED_LASTS

    def _untold(self) -> frozenset[AlertKind]:
        """Tell of what the parts cannot say yet whether it is over, since the process is young."""
        status = self.sockets.status
        is_open = bool(status.open or self.roster.sockets)
        is_young = not is_open and self.clock() - self.began_at < timedelta(seconds=self.sockets_may_take_s)
        found = {
            AlertKind.SOCKETS: is_young,
            AlertKind.EVENTS_DROPPED: self.runs.last_read is None,
            AlertKind.OTHER_INSTANCE: not status.is_count_clear,
            AlertKind.DISK: not self.disk.is_told,
            AlertKind.SCOPE: self.standing.bot_client.scopes is None,
        }
        return frozenset(kind for kind, is_untold in found.items() if is_untold)

    def _dropped_at(self) -> datetime | None:
        """Tell when Slack dropped events, unless a run that began afterwards has made it good.

        Both are told by Slack's clock, since the run may be of another host.
        """
        received, last = self.handler.received, self.runs.last_read
        is_made_good = last and last.since is not None and last.since / 1_000_000 >= received.dropped_at_s
        return None if is_made_good else received.dropped_at

    async def _look_at_letters(self) -> None:
        try:
            async with self.store.reading() as rx:
                self.letters = await rx.dead_letters.count_letters()
                newest = next(iter(await rx.dead_letters.list_newest(1)), None)
        except StoreError:
            self.letters = None
            return
        number = newest.letter_id if newest else 0
        if newest and self._newest_letter is None:
            self._newest_letter_at = newest.put_aside_at  # of an earlier process, perhaps a moment ago
        elif newest and self._newest_letter is not None and number > self._newest_letter:
            self._newest_letter_at = self.clock()
        self._newest_letter = number
