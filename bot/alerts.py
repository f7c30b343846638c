"""Alerts: each trouble is an episode (what, since when, until when), recorded as soon as the database can take it.

While the database is away, episodes are kept in memory, its own among them. `bot/telling` tells people of them.
Of a trouble that several processes see, one has the episode; the others know of it, and neither write nor tell it.
Whoever Slack takes no word from has none while another could tell it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Set
from dataclasses import replace
from datetime import datetime

import structlog

from bot.alerts_left import Left, begin, leave, look_around
from bot.to_its_end import to_its_end
from bot.troubles import Signs, Trouble, far, troubles, untold
from db import Store
from db.errors import StoreError
from db.records import Alert, AlertKind

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 5
FURTHER_LOOKS = 2
"""How often a trouble is seen once another process says that it is over, before it is an episode of our own."""
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
        is_mute: Callable[[], bool] = lambda: False,
    ) -> None:
        """`instance` is what no other process is called; `is_mute` says whether Slack refuses this one's bot token."""
        self._store = store
        self._signs = signs
        self._look_every_s = look_every_s
        self._open: dict[AlertKind, Alert] = {}
        self._unwritten: list[Alert] = []
        """Episodes that changed since they were last written; those without a number were never written."""
        self.looks = 0
        """How often was looked."""
        self._ended: dict[AlertKind, Alert] = {}
        self._joined: dict[AlertKind, Alert] = {}
        """What lasts here, too, while another process has the episode."""
        self._alone: dict[AlertKind, int] = {}
        """How often what was joined was seen since no other process has it."""
        self._instance = instance
        self._is_mute = is_mute
        self._left: list[Left] = []
        self._handed_out: dict[AlertKind, int] = {}
        """The last episode of each kind of which it is known here what was told."""
        self._now: datetime | None = None
        self.far: frozenset[AlertKind] = frozenset()
        """Kinds of which others alone suffer, as of the last look; they explain nothing here."""
        self.knows_others = False
        """Whether the table was asked what other processes, or one that ended a moment ago, tell already."""
        self._looking = asyncio.Lock()

    @property
    def open(self) -> tuple[Alert, ...]:
        """What lasts here, whichever process tells of it."""
        return (*self._open.values(), *self._joined.values())

    @property
    def own(self) -> tuple[Alert, ...]:
        """The episodes that last and are ours to tell."""
        return tuple(self._open.values())

    @property
    def joined(self) -> frozenset[AlertKind]:
        """Kinds of which another process has the episode, and tells of it."""
        return frozenset(self._joined)

    @property
    def ended(self) -> Mapping[AlertKind, Alert]:
        """The last episode of each kind that has ended here."""
        return self._ended

    def take_left(self) -> list[Left]:
        """Hand out, once, what others told of what is ours now: since they are dead, or since it came back here."""
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
        found = {trouble.kind: trouble for trouble in troubles(signs)}
        await self._look_around(signs, found.keys())
        for trouble in found.values():
            self._note(trouble)
        for kind in self._open.keys() - found.keys() - untold(signs):
            self._end(kind, signs.now)
        for kind in self._joined.keys() - found.keys() - untold(signs):
            self._part(kind)
        self._now, self.far = signs.now, far(signs)
        self.looks += 1
        await self._write()

    def _note(self, trouble: Trouble) -> None:
        known = self._open.get(trouble.kind)
        joined = self._joined.get(trouble.kind)
        if known is None and joined is not None:
            self._joined[trouble.kind] = replace(joined, words=trouble.words)
        elif known is None:
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

    def _join(self, alert: Alert) -> None:
        """Leave an episode to the process that has it."""
        log.info("this is another process's to tell", kind=alert.kind.value)
        del self._open[alert.kind]
        self._joined[alert.kind] = replace(alert, alert_id=0)

    def _part(self, kind: AlertKind) -> Alert:
        self._alone.pop(kind, None)
        return self._joined.pop(kind)

    def _see_whose(self, beside: Set[AlertKind], seen: Set[AlertKind], now: datetime) -> None:
        """Begin what we had left to another process, once it says that it is over and we see it still."""
        for kind, alert in list(self._joined.items()):
            is_alone = kind in seen and kind not in beside
            times = self._alone[kind] = self._alone.get(kind, 0) + 1 if is_alone else 0
            if times > FURTHER_LOOKS:
                self._part(kind)
                self._keep(replace(alert, since=now))  # what came before is told already

    async def _look_around(self, signs: Signs, seen: Set[AlertKind]) -> None:
        """Go on with what dead processes left, and begin anew what another took from us; it ends here if it is over."""
        if signs.database_away_since is not None:
            return
        try:
            looking = look_around(self._store, self._instance, self.own, signs.now, is_mute=self._is_mute())
            found = await to_its_end(looking)
        except StoreError:
            return
        self.knows_others = True
        for ours in [each for each in self.own if each.alert_id in found.taken]:
            self._keep(replace(ours, alert_id=0))
        for left in found.left:
            self._hand_out(left)
            if left.alert.until is None:
                self._inherit(left.alert)
        self._see_whose(found.beside, seen, signs.now)

    def _hand_out(self, left: Left) -> None:
        self._left.append(left)
        self._handed_out[left.alert.kind] = left.alert.alert_id

    def _inherit(self, left: Alert) -> None:
        joined = self._part(left.kind) if left.kind in self._joined else None
        if joined:
            self._open[left.kind] = left
            self._keep(replace(left, words=joined.words))
        elif ours := self._open.get(left.kind):
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
            if written is None:
                self._join(unwritten)
            elif self._open.get(unwritten.kind) is unwritten:
                self._open[unwritten.kind] = written
            if written and self._ended.get(unwritten.kind) is unwritten:
                self._ended[unwritten.kind] = written
                self._handed_out[written.kind] = written.alert_id
            del self._unwritten[0]

    async def _write_one(self, alert: Alert) -> Alert | None:
        """Write an episode, with its number if it is new; None where it is another process's."""
        if not alert.alert_id:
            now = self._now or alert.since
            begun = await begin(self._store, self._instance, alert, now, is_mute=self._is_mute())
            if begun and begun.before and begun.before.alert.alert_id != self._handed_out.get(alert.kind):
                self._hand_out(begun.before)
            return begun.alert if begun else None
        async with self._store.transaction() as tx:
            await tx.alerts.go_on(alert, instance=self._instance)
        return alert
