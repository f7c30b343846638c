"""Tells each place of the alerts: looks every few seconds at what lasts and what is over, and at where it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog

from bot.alerts import Alerts
from bot.channels import Channels
from bot.places import PlaceOf
from bot.telling.kept_posts import KeptPosts, Key, told_of
from bot.telling.ledger import Ledger
from bot.telling.outlets import Channel, Outlet
from bot.telling.steps import Manners
from bot.telling.tried import Tried
from bot.telling.words import whereabouts
from db import Store
from db.errors import StoreError
from db.records import Alert, AlertKind

log = structlog.get_logger(__name__)

LOOKS_FOR_A_NUMBER = 2
PATIENCE_S = 2
"""How long a look waits for slow places."""


class Teller:
    """Keeps a ledger of each place."""

    def __init__(
        self,
        store: Store,
        alerts: Alerts,
        channels: Channels,
        place: PlaceOf,
        addresses: Sequence[Outlet],
        *,
        team_id: Callable[[], str],
        is_token_bad: Callable[[], bool],
        is_memory_away: Callable[[], bool],
        clock: Callable[[], datetime],
        base: str,
        manners: Manners,
        look_every_s: float,
        rank: Callable[[], int] = lambda: 0,
    ) -> None:
        """`team_id` tells the workspace of the bot token, empty while Slack has not said.

        `rank` tells the place of this process among those that live, as last known: the first one speaks first where
        they cannot agree.
        """
        self._alerts = alerts
        self._channels = channels
        self._place = place
        self._addresses = {each.key: each for each in addresses}
        self._team_id = team_id
        self._is_token_bad = is_token_bad
        self._is_memory_away = is_memory_away
        self._clock = clock
        self._base = base
        self._manners = manners
        self._look_every_s = look_every_s
        self._rank = rank
        self._tried = Tried(store)
        self._kept = KeptPosts(store, is_away=is_memory_away)
        self._ledgers: dict[Key, Ledger] = {}
        self._under_way: dict[Key, asyncio.Task[None]] = {}
        self._unnumbered: dict[AlertKind, int] = {}
        """At which look an episode without a number was first seen."""
        self._left: dict[AlertKind, Alert] = {}
        """Episodes of earlier processes that are over, as far as somebody may have to hear of it."""

    async def run(self) -> None:
        """Look until cancelled; then let nothing be told any more, but for what is on its way."""
        try:
            while True:
                try:
                    await self.look()
                except Exception:  # the edge of a supervised task: whoever tells of trouble must not end for it
                    log.exception("alerts could not be told")
                await asyncio.sleep(self._look_every_s)
        finally:
            under_way = list(self._under_way.values())
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def look(self) -> None:
        """Look once."""
        if not self._is_memory_away():
            with suppress(StoreError, TimeoutError):
                async with asyncio.timeout(PATIENCE_S):
                    await self._place.refresh()
                    await self._tried.learn({key for key in self._current() if self._is_of_settings(key)})
        self._take_over()
        episodes, now, current = self._episodes(), self._clock(), self._current()
        for key in current:
            self._ledger_of(key)
        for key in self._place.take_asked() & self._ledgers.keys():
            self._ledgers[key].tell_anew()
        looks = self._alerts.looks
        for key, ledger in self._ledgers.items():
            if key not in self._under_way:
                telling = ledger.tell(
                    episodes,
                    now,
                    looks=looks,
                    is_current=key in current,
                    causes=self._alerts.open,
                    elsewhere=self._alerts.joined,
                    far=self._alerts.far,
                )
                self._under_way[key] = asyncio.create_task(telling, name=f"telling {key[1]}")
        await self._wait()
        self._ledgers = {
            key: ledger
            for key, ledger in self._ledgers.items()
            if key in current or key in self._under_way or not ledger.is_finished
        }
        await self._kept.write()

    def where(self, team_id: str) -> str:
        """Tell in a sentence of Slack's markup where the alerts of a workspace go, and why that fails if it does."""
        channel_id = self._place.find(team_id)
        ledgers = [self._ledgers.get(key) for key in [(team_id, channel_id or ""), *self._addresses]]
        troubles = [ledger.trouble for ledger in ledgers if ledger and ledger.trouble]
        key = team_id, channel_id or ""
        is_tried = self._is_known_to_work(key) or not self._tried.is_in_doubt(key)
        words = [plain_words(each) for each in troubles]
        return whereabouts(channel_id, len(self._addresses), words, is_tried=is_tried)

    def _is_of_settings(self, key: Key) -> bool:
        """Say whether it is a channel that nobody typed in Slack."""
        return key not in self._addresses and not self._place.is_typed(key[0])

    def _is_known_to_work(self, key: Key) -> bool:
        """Say whether a post worked there, or it is told anyway that none does."""
        ledger = self._ledgers.get(key)
        return not self._is_of_settings(key) or (ledger is not None and (ledger.has_posted or bool(ledger.trouble)))

    def _take_over(self) -> None:
        """Go on where processes that are gone stopped."""
        left = self._alerts.take_left()
        self._left |= {each.alert.kind: each.alert for each in left if each.alert.until is not None}
        for key, told in told_of(left, self._clock(), calm_s=self._manners.calm_s):
            if key[0] or key in self._addresses:
                self._ledger_of(key).restore(told, _moment(told.ts))

    async def _wait(self) -> None:
        """Wait for those who are quick: a place that hangs holds up no other. Raises what one of them stumbled over."""
        if not self._under_way:
            return
        done, _ = await asyncio.wait(self._under_way.values(), timeout=PATIENCE_S)
        self._under_way = {key: task for key, task in self._under_way.items() if task not in done}
        errors = [error for task in done if not task.cancelled() and (error := task.exception())]
        if errors:
            raise errors[0]

    def _episodes(self) -> list[Alert]:
        """List what lasts, then what is over, each kind's last episode alone, oldest first."""
        over = {**self._left, **self._alerts.ended}
        lasting = self._alerts.own
        known = {each.kind for each in lasting}
        self._unnumbered = {kind: looks for kind, looks in self._unnumbered.items() if kind in known}
        lasting = tuple(each for each in lasting if self._may_be_told(each))
        rest = [alert for kind, alert in over.items() if kind not in known]
        return sorted([*lasting, *rest], key=lambda alert: alert.since)

    def _may_be_told(self, alert: Alert) -> bool:
        """Give the database a moment to number an episode: a restart knows what was told only by the number.

        What an earlier process may have told already waits until that is known. Without a number nobody knows what
        others tell, so each process waits longer than the one before it.
        """
        if not self._alerts.knows_others and not self._is_memory_away():
            return False
        if alert.alert_id:
            self._unnumbered.pop(alert.kind, None)
            return True
        seen_at = self._unnumbered.setdefault(alert.kind, self._alerts.looks)
        if not self._is_memory_away() and self._alerts.looks < seen_at + LOOKS_FOR_A_NUMBER:
            return False
        rank, due_s = self._rank(), self._manners.after_s.get(alert.kind, 0)
        waits_s = due_s + rank * self._manners.rank_s if rank else 0
        return self._clock() - alert.since >= timedelta(seconds=waits_s)

    def _current(self) -> set[Key]:
        team_id = self._team_id()
        channel_id = self._place.find(team_id) if team_id else None
        return {*self._addresses, *([(team_id, channel_id)] if channel_id else [])}

    def _ledger_of(self, key: Key) -> Ledger:
        if key not in self._ledgers:
            outlet = self._addresses.get(key) or self._channel(*key)
            self._ledgers[key] = Ledger(outlet, self._kept, self._manners)
        return self._ledgers[key]

    def _channel(self, team_id: str, channel_id: str) -> Channel:
        def is_token_bad() -> bool:
            """Of another workspace, it opens nothing here."""
            return self._is_token_bad() or self._team_id() != team_id

        return Channel(team_id, channel_id, self._channels, is_token_bad, self._base)


def plain_words(trouble: str) -> str:
    """Make it fit for one line."""
    return " ".join(trouble.split())


def _moment(ts: str | None) -> datetime | None:
    """Tell when a message was posted: Slack names it by that."""
    try:
        return datetime.fromtimestamp(float(ts), UTC) if ts else None
    except (ValueError, OverflowError, OSError):
        return None
