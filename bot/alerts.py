"""Alerts: each trouble is an episode (what, since when, until when), recorded as soon as the database can take it.

While the database is away, episodes are kept in memory, its own among them. `bot/telling` tells people of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.alerts_left import Left, leave, look_around
from bot.to_its_end import to_its_end
from bot.troubles import Signs, Trouble, troubles, untold
from db import Store
from db.errors import StoreError
from db.records import Alert, AlertKind
from db.runs import SILENT_FOR

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 5
_TO_BE_SURE = timedelta(seconds=5)
ENDED_KEPT = 100
"""Episodes that ended while the database was away, at most."""


class Alerts:
    """Looks every few seconds; one episode of a kind at a time."""

    def __init__(
        self,
        store: Store,
        *,
        signs: Callable[[], Awaitable[Signs]],
        instance: str,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        """`instance` is what no other process is called."""
        self._store = store
        self._signs = signs
        self._look_every_s = look_every_s
        self._open: dict[AlertKind, Alert] = {}
        self._unwritten: list[Alert] = []
        """Episodes that changed since they were last written; those without a number were never written."""
        self.looks = 0
        """How often was looked."""
        self._ended: dict[AlertKind, Alert] = {}
        self._instance = instance
        self._began_at: datetime | None = None
        self._left: list[Left] = []
        self.awaited = frozenset(AlertKind)
        """Kinds of which an earlier process may have told already; they are told only once that is known."""
        self._looking = asyncio.Lock()

    @property
    def open(self) -> tuple[Alert, ...]:
        """The episodes that last."""
        return tuple(self._open.values())

    @property
    def ended(self) -> Mapping[AlertKind, Alert]:
        """The last episode of each kind that has ended here."""
        return self._ended

    def take_left(self) -> list[Left]:
        """Hand out, once, what dead processes left since this was asked last."""
        left, self._left = self._left, []
        return left

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:  # the edge of a supervised task: whoever watches must not end what is watched
                log.exception("a look at what is wrong failed")
            await asyncio.sleep(self._look_every_s)

    async def leave(self) -> None:
        """Leave what lasts to whoever comes next, at once."""
        await to_its_end(leave(self._store, self._instance))

    async def look(self) -> None:
        """Look once: begin, go on with, or end episodes, and write them down."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        signs = await self._signs()
        await self._look_around(signs)
        found = {trouble.kind: trouble for trouble in troubles(signs)}
        for trouble in found.values():
            self._note(trouble)
        for kind in self._open.keys() - found.keys() - untold(signs):
            self._end(kind, signs.now)
        self.looks += 1
        await self._write()

    def _note(self, trouble: Trouble) -> None:
        known = self._open.get(trouble.kind)
        if known is None:
            log.warning("an alert begins", kind=trouble.kind.value, words=trouble.words)
            self._keep(Alert(0, trouble.kind, trouble.words, trouble.since))
        elif known.words != trouble.words:
            self._keep(replace(known, words=trouble.words))

    def _keep(self, alert: Alert) -> None:
        known = self._open.get(alert.kind)
        if known is not None and known in self._unwritten:
            self._unwritten.remove(known)
        self._open[alert.kind] = alert
        self._unwritten.append(alert)
        ended = [each for each in self._unwritten if each.until]
        for oldest in ended[:-ENDED_KEPT]:
            self._unwritten.remove(oldest)

    def _end(self, kind: AlertKind, now: datetime) -> None:
        ended = replace(self._open[kind], until=now)
        lasted_s = round((now - ended.since).total_seconds())
        log.info("an alert is over", kind=kind.value, lasted_s=lasted_s)
        self._keep(ended)
        self._ended[kind] = self._open.pop(kind)

    async def _look_around(self, signs: Signs) -> None:
        """Go on with what dead processes left, and begin anew what another took from us; it ends here if it is over."""
        self._began_at = self._began_at or signs.now
        if signs.database_away_since is not None:
            return
        try:
            found = await to_its_end(look_around(self._store, self._instance, self.open, signs.now))
        except StoreError:
            return
        is_young = signs.now - self._began_at < SILENT_FOR + _TO_BE_SURE
        self.awaited = found.beside if is_young else frozenset()
        for ours in [each for each in self.open if each.alert_id in found.taken]:
            self._keep(replace(ours, alert_id=0))
        for left in found.left:
            self._left.append(left)
            if left.alert.until is None:
                self._inherit(left.alert)

    def _inherit(self, left: Alert) -> None:
        if ours := self._open.get(left.kind):
            self._keep(replace(ours, alert_id=left.alert_id, since=left.since))
        else:
            self._open[left.kind] = left

    async def _write(self) -> None:
        while self._unwritten:
            unwritten = self._unwritten[0]
            try:
                written = await to_its_end(self._write_one(unwritten))
            except StoreError as error:
                log.info("an alert is written later", kind=unwritten.kind.value, reason=str(error))
                return
            if self._open.get(unwritten.kind) is unwritten:
                self._open[unwritten.kind] = written
            if self._ended.get(unwritten.kind) is unwritten:
                self._ended[unwritten.kind] = written
            del self._unwritten[0]

    async def _write_one(self, alert: Alert) -> Alert:
        async with self._store.transaction() as tx:
            if not alert.alert_id:
                return replace(alert, alert_id=await tx.alerts.begin(alert, instance=self._instance))
            await tx.alerts.go_on(alert, instance=self._instance)
        return alert
