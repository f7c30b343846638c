"""Alerts: each trouble is an episode (what, since when, until when), recorded as soon as the database can take it.

While the database is away, episodes are kept in memory, its own among them. `bot/telling` tells people of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime

import structlog

from bot.to_its_end import to_its_end
from bot.troubles import Signs, Trouble, troubles, untold
from db import Store
from db.errors import StoreError
from db.records import Alert, AlertKind

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 5
ENDED_KEPT = 100
"""Episodes that ended while the database was away, at most."""


class Alerts:
    """Looks every few seconds; one episode of a kind at a time."""

    def __init__(
        self,
        store: Store,
        *,
        signs: Callable[[], Awaitable[Signs]],
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._store = store
        self._signs = signs
        self._look_every_s = look_every_s
        self._open: dict[AlertKind, Alert] = {}
        self._unwritten: list[Alert] = []
        """Episodes that changed since they were last written; those without a number were never written."""
        self.looks = 0
        """How often was looked."""
        self._ended: dict[AlertKind, Alert] = {}
        self._is_taken_over = False
        self._looking = asyncio.Lock()

    @property
    def open(self) -> tuple[Alert, ...]:
        """The episodes that last."""
        return tuple(self._open.values())

    @property
    def ended(self) -> Mapping[AlertKind, Alert]:
        """The last episode of each kind that has ended here."""
        return self._ended

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:  # the edge of a supervised task: whoever watches must not end what is watched
                log.exception("a look at what is wrong failed")
            await asyncio.sleep(self._look_every_s)

    async def look(self) -> None:
        """Look once: begin, go on with, or end episodes, and write them down."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        await self._take_over()
        signs = await self._signs()
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

    async def _take_over(self) -> None:
        """Go on with the episodes that an earlier process left open; they end here if they are over."""
        if self._is_taken_over:
            return
        try:
            async with self._store.reading() as rx:
                left = await rx.alerts.list_open()
        except StoreError:
            return
        for alert in left:
            if ours := self._open.get(alert.kind):
                self._keep(replace(ours, alert_id=alert.alert_id, since=alert.since))
            else:
                self._open[alert.kind] = alert
        self._is_taken_over = True

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
                return replace(alert, alert_id=await tx.alerts.begin(alert))
            await tx.alerts.go_on(alert)
        return alert
