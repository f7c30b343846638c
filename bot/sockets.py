"""The supervisor of the Socket Mode connections: several, overlapping, watched, and honest about how they are.

Slack recycles connections, drops them, or goes deaf on them. A replacement says hello before the old connection is let
go, so no payload falls between; only `too_many_websockets` closes first. Failures are tried again, ever more slowly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.backoff import Backoff
from bot.crowding import Crowding
from bot.identity import TwoApps
from bot.slack import ASKS_TO_WAIT, error_word, retry_after_s
from bot.socket_client import Dismissed, SocketClient
from bot.socket_words import parting_words, why_not_opened

log = structlog.get_logger(__name__)

HELLO_TIMEOUT_S = 15
DRAIN_S = 3
"""Slack waits about this long for an ack; after that the old connection has nothing left to say."""
WATCH_EVERY_S = 2
TURN_S = 5
"""Slack gives about ten seconds between a warning and the end; so long one waits while another is replaced."""
STEADY_S = 60
"""A connection that lived longer counts as a success; one thrown out at once must not be tried again at once."""

_CLOSES_FIRST = ("too_many_websockets", "link_disabled")


@dataclass(slots=True)
class SocketStatus:
    """How the connections are, in figures and in words."""

    wanted: int
    """How many are kept open; none where this process stands by."""
    open: int = 0
    connected_since: datetime | None = None
    lost_since: datetime | None = None
    """Since when none is open; None while one is."""
    trouble: str | None = None
    is_count_clear: bool = False
    """Whether Slack, as of the last hello, counts no connections but ours."""
    crowded: str | None = None
    """That somebody else seems to hold connections of this app, and what to do about it."""


class Sockets:
    """Keeps `wanted` connections open until it is told to close."""

    def __init__(
        self,
        *,
        make_client: Callable[[], SocketClient],
        wanted: int,
        clock: Callable[[], datetime],
        on_connected: Callable[[], None],
        make_backoff: Callable[[], Backoff] = Backoff,
        stagger_s: float,
        refusal: Callable[[], str | None] = lambda: None,
        elsewhere: Callable[[], int] = lambda: 0,
    ) -> None:
        """`elsewhere` tells how many connections other replicas hold."""
        self._make_client = make_client
        self._make_backoff = make_backoff
        self._clock = clock
        self._on_connected = on_connected
        self._stagger_s = stagger_s
        self._refusal = refusal
        self._elsewhere = elsewhere
        self._clients: set[SocketClient] = set()
        self._held: dict[int, SocketClient] = {}
        self._farewells: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._crowding = Crowding()
        self._not_before = 0.0
        self._heard_s = 0.0
        self._tried_slots: set[int] = set()
        self._tried = asyncio.Event()
        self._allotted = asyncio.Event()
        self.status = SocketStatus(wanted, lost_since=clock())

    @property
    def last_heard_s(self) -> float | None:
        """Tell when Slack last gave a sign of life on any connection; epoch seconds."""
        self._heard_s = max([self._heard_s, *(client.last_heard_s for client in self._clients)])
        return self._heard_s or None

    @property
    def connections(self) -> int:
        """Count what Slack may count: those being opened and those let go, too."""
        return len(self._clients)

    def allot(self, wanted: int) -> None:
        """Keep so many from now on: more are opened, and what is too many is let go once its acks are through."""
        if wanted != self.status.wanted:
            log.info("connections are shared anew", wanted=wanted, before=self.status.wanted)
            if not self.status.wanted:  # nobody missed a connection that was not ours to hold
                self.status.lost_since = self._clock()
        self.status.wanted = wanted
        self._judge_tried()
        self._allotted.set()

    async def tried(self, *, within_s: float) -> None:
        """Wait until each of them was tried once, or the time is up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._tried.wait()

    async def run(self) -> None:
        """Keep the connections until cancelled."""
        slots: dict[int, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                self._allotted.clear()
                for slot in [each for each in range(self.status.wanted) if each not in slots]:
                    slots[slot] = group.create_task(self._keep(slot), name=f"socket {slot + 1}")
                for slot in [each for each in slots if each >= self.status.wanted]:
                    await self._give_up(slot, slots.pop(slot))
                await self._allotted.wait()

    async def close(self) -> None:
        """Close every connection, once nothing is under way any more."""
        for farewell in self._farewells:
            farewell.cancel()
        clients, self._clients = self._clients, set()
        await asyncio.gather(*self._farewells, *(client.close() for client in clients), return_exceptions=True)

    async def _give_up(self, slot: int, keeping: asyncio.Task[None]) -> None:
        """Leave a connection to other replicas."""
        keeping.cancel()
        await asyncio.wait({keeping})
        if (client := self._held.pop(slot, None)) is not None:
            self._let_go(client)
        self.status.open = len(self._held)
        if not self._held and self.status.lost_since is None:
            self.status.connected_since, self.status.lost_since = None, self._clock()
        if not self.status.wanted:
            self.status.trouble = None

    async def _keep(self, slot: int) -> None:
        await asyncio.sleep(slot * self._stagger_s)
        backoff = self._make_backoff()
        current: SocketClient | None = None
        while True:
            fresh = await (self._open() if current is None else self._open_in_turn())
            self._note_tried(slot)
            if fresh is None:
                current = await self._rest(slot, current, backoff)
                continue
            if current is not None:
                if not await current.is_connected():  # it died before its replacement said hello
                    self._lose(slot, current)
                else:
                    self._let_go(current)
            current = fresh
            self._hold(slot, current)
            opened_at = asyncio.get_running_loop().time()
            may_overlap = await self._until_ending(current)
            was_steady = asyncio.get_running_loop().time() - opened_at > STEADY_S
            if was_steady:
                backoff.reset()
            if not may_overlap:
                self._lose(slot, current)
                self._lament(current.reason)
            if not may_overlap or not was_steady:
                current = await self._rest(slot, current if may_overlap else None, backoff)

    async def _rest(self, slot: int, current: SocketClient | None, backoff: Backoff) -> SocketClient | None:
        """Pause before the next try; tell what is left of the connection then, for it may end meanwhile."""
        pause = asyncio.create_task(backoff.pause(at_least_s=self._slack_left_s), name=f"pause of socket {slot + 1}")
        try:
            while current is not None and not pause.done():
                await asyncio.wait({pause}, timeout=WATCH_EVERY_S)
                if not await current.is_connected():
                    self._lose(slot, current)
                    current = None
            await pause
        finally:
            pause.cancel()
        return current

    @property
    def _slack_left_s(self) -> float:
        """Tell for how long Slack still wants to be left alone."""
        return max(0.0, self._not_before - asyncio.get_running_loop().time())

    async def _open_in_turn(self) -> SocketClient | None:
        """Open a replacement once no other one is being opened; one that hangs is not waited for."""
        has_turn = False
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(TURN_S):
                    has_turn = await self._turn.acquire()
            return await self._open()
        finally:
            if has_turn:
                self._turn.release()

    async def _open(self) -> SocketClient | None:
        """Open one and wait for its hello; None where that failed, with the reason in the status."""
        if words := self._refusal():
            self._fail(words)
            return None
        if self._slack_left_s:
            return None
        client = self._make_client()
        self._clients.add(client)  # Slack may count it before we hear its hello
        is_open = False
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_S):
                await client.open()
            is_open = True
        except (TwoApps, Dismissed, SlackApiError, aiohttp.ClientError, OSError, ValueError) as error:
            self._heed(error)
            self._fail(why_not_opened(error, waited_s=HELLO_TIMEOUT_S))
        finally:
            if not is_open:
                self._clients.discard(client)
                await client.close()
        if not is_open:
            return None
        self._judge_count(client)
        return client

    def _heed(self, error: Exception) -> None:
        if isinstance(error, SlackApiError) and error_word(error) in ASKS_TO_WAIT:
            self._not_before = asyncio.get_running_loop().time() + retry_after_s(error)

    def _judge_count(self, client: SocketClient) -> None:
        was_crowded = self.status.crowded
        ours, others = len(self._clients), self._elsewhere()
        self._crowding.hear(client.connections, ours=ours, others=others, now=self._clock())
        self.status.crowded, self.status.is_count_clear = self._crowding.words, self._crowding.is_clear
        if self.status.crowded and not was_crowded:
            log.warning("somebody else uses this app", counted=client.connections, ours=ours, others=others)

    async def _until_ending(self, client: SocketClient) -> bool:
        """Wait until it has to be replaced; say whether that may happen before it is let go."""
        while not client.ending.is_set():
            try:
                async with asyncio.timeout(WATCH_EVERY_S):
                    await client.ending.wait()
            except TimeoutError:
                if self._refusal() or not await client.is_connected():
                    return False
                if self._crowding.begins_look(self._clock()):
                    return True  # only another hello tells whether Slack still counts too many
        return client.reason is not None and client.reason not in _CLOSES_FIRST

    def _hold(self, slot: int, client: SocketClient) -> None:
        """Take note that a connection is open; the first one ends a gap."""
        is_first = not self._held
        self._held[slot] = client
        self.status.open = len(self._held)
        self.status.trouble = None
        if is_first:
            self.status.connected_since, self.status.lost_since = self._clock(), None
            self._on_connected()

    def _lose(self, slot: int, client: SocketClient) -> None:
        """Take note that a connection ended without a replacement; a gap, where no other one was there by then."""
        self._held.pop(slot, None)
        self.status.open = len(self._held)
        if not self._held:
            self.status.connected_since, self.status.lost_since = None, self._clock()  # what follows closes the gap
        elif not any(other.hello_s <= client.last_heard_s for other in self._held.values()):
            self._on_connected()
        self._let_go(client, drain_s=0)

    def _let_go(self, client: SocketClient, *, drain_s: float = DRAIN_S) -> None:
        task = asyncio.create_task(self._farewell(client, drain_s), name="socket farewell")
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    async def _farewell(self, client: SocketClient, drain_s: float) -> None:
        await asyncio.sleep(drain_s)
        await client.close()
        self._heard_s = max(self._heard_s, client.last_heard_s)
        self._clients.discard(client)

    def _note_tried(self, slot: int) -> None:
        self._tried_slots.add(slot)
        self._judge_tried()

    def _judge_tried(self) -> None:
        if self._tried_slots >= set(range(self.status.wanted)):
            self._tried.set()

    def _fail(self, words: str) -> None:
        if self.status.trouble != words:
            log.warning("no connection to Slack", reason=words)
        self.status.trouble = words

    def _lament(self, reason: str | None) -> None:
        words = parting_words(reason)
        log.warning("a connection ended", reason=words)
        # That another one was lost says less than why none can be opened.
        if not self.status.open and (reason is not None or self.status.trouble is None):
            self.status.trouble = words
