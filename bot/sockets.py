"""The supervisor of the Socket Mode connections: several, overlapping, watched, and honest about how they are.

Slack recycles connections, drops them, or goes deaf on them. A replacement says hello before the old connection is let
go, so no payload falls between; only `too_many_websockets` closes first. Failures are tried again, ever more slowly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.backoff import Backoff
from bot.identity import TwoApps
from bot.slack import error_word, rejection_of
from bot.slack_words import APP_TOKEN, plain, refused, unreachable, why_unreachable
from bot.socket_client import Dismissed, SocketClient

log = structlog.get_logger(__name__)

HELLO_TIMEOUT_S = 15
DRAIN_S = 3
"""Slack waits about this long for an ack; after that the old connection has nothing left to say."""
WATCH_EVERY_S = 2
STEADY_S = 60
"""A connection that lived longer counts as a success; one thrown out at once must not be tried again at once."""

_CLOSES_FIRST = ("too_many_websockets", "link_disabled")


@dataclass(slots=True)
class SocketStatus:
    """How the connections are, in figures and in words."""

    wanted: int
    open: int = 0
    connected_since: datetime | None = None
    lost_since: datetime | None = None
    """Since when none is open; None while one is."""
    trouble: str | None = None
    slots: set[int] = field(default_factory=set)


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
    ) -> None:
        self._make_client = make_client
        self._make_backoff = make_backoff
        self._clock = clock
        self._on_connected = on_connected
        self._stagger_s = stagger_s
        self._refusal = refusal
        self._clients: set[SocketClient] = set()
        self._farewells: set[asyncio.Task[None]] = set()
        self._heard_s = 0.0
        self._untried = set(range(wanted))
        self._tried = asyncio.Event()
        self.status = SocketStatus(wanted, lost_since=clock())

    @property
    def last_heard_s(self) -> float | None:
        """Tell when Slack last gave a sign of life on any connection; epoch seconds."""
        self._heard_s = max([self._heard_s, *(client.last_heard_s for client in self._clients)])
        return self._heard_s or None

    async def tried(self, *, within_s: float) -> None:
        """Wait until each of them was tried once, or the time is up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._tried.wait()

    async def run(self) -> None:
        """Keep the connections until cancelled."""
        async with asyncio.TaskGroup() as group:
            for slot in range(self.status.wanted):
                group.create_task(self._keep(slot), name=f"socket {slot + 1}")

    async def close(self) -> None:
        """Close every connection, once nothing is under way any more."""
        for farewell in self._farewells:
            farewell.cancel()
        clients, self._clients = self._clients, set()
        await asyncio.gather(*self._farewells, *(client.close() for client in clients), return_exceptions=True)

    async def _keep(self, slot: int) -> None:
        await asyncio.sleep(slot * self._stagger_s)
        backoff = self._make_backoff()
        current: SocketClient | None = None
        while True:
            fresh = await self._open()
            self._note_tried(slot)
            if fresh is None:
                if current is not None and not await current.is_connected():
                    self._count(slot, is_open=False)
                    self._let_go(current, drain_s=0)
                    current = None
                await backoff.pause()
                continue
            if current is not None:
                if not await current.is_connected():  # it died before its replacement said hello: a gap to close
                    self._count(slot, is_open=False)
                self._let_go(current)
            current = fresh
            self._count(slot, is_open=True)
            opened_at = asyncio.get_running_loop().time()
            await self._until_ending(current)
            was_steady = asyncio.get_running_loop().time() - opened_at > STEADY_S
            if was_steady:
                backoff.reset()
            if current.reason in _CLOSES_FIRST or current.reason is None:
                self._count(slot, is_open=False)
                self._let_go(current, drain_s=0)
                current = None
                self._lament(fresh.reason)
                await backoff.pause()
            elif not was_steady:
                await backoff.pause()

    async def _open(self) -> SocketClient | None:
        """Open one and wait for its hello; None where that failed, with the reason in the status."""
        if words := self._refusal():
            self._fail(words)
            return None
        client = self._make_client()
        is_open = False
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_S):
                await client.open()
            is_open = True
        except TwoApps as error:
            self._fail(str(error))
        except Dismissed as error:
            self._fail(_parting(error.reason))
        except SlackApiError as error:
            self._fail(_words_of(error))
        except TimeoutError:
            self._fail(unreachable(f"no hello within {HELLO_TIMEOUT_S} s"))
        except (
            aiohttp.ClientError,
            OSError,
            ValueError,
        ) as error:  # the last for an address that is none
            self._fail(unreachable(why_unreachable(error)))
        finally:
            if not is_open:
                await client.close()
        if not is_open:
            return None
        self._clients.add(client)
        return client

    async def _until_ending(self, client: SocketClient) -> None:
        """Wait until Slack asks for another connection, or the watchdog finds this one dead."""
        while not client.ending.is_set():
            try:
                async with asyncio.timeout(WATCH_EVERY_S):
                    await client.ending.wait()
            except TimeoutError:
                if self._refusal() or not await client.is_connected():
                    return

    def _let_go(self, client: SocketClient, *, drain_s: float = DRAIN_S) -> None:
        task = asyncio.create_task(self._farewell(client, drain_s), name="socket farewell")
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    async def _farewell(self, client: SocketClient, drain_s: float) -> None:
        await asyncio.sleep(drain_s)
        await client.close()
        self._heard_s = max(self._heard_s, client.last_heard_s)
        self._clients.discard(client)

    def _count(self, slot: int, *, is_open: bool) -> None:
        status, was_open = self.status, len(self.status.slots)
        (status.slots.add if is_open else status.slots.discard)(slot)
        status.open = len(status.slots)
        if is_open:
            status.trouble = None
        if status.open and not was_open:
            status.connected_since, status.lost_since = self._clock(), None
            self._on_connected()
        elif was_open and not status.open:
            status.connected_since, status.lost_since = None, self._clock()

    def _note_tried(self, slot: int) -> None:
        self._untried.discard(slot)
        if not self._untried:
            self._tried.set()

    def _fail(self, words: str) -> None:
        if self.status.trouble != words:
            log.warning("no connection to Slack", reason=words)
        self.status.trouble = words

    def _lament(self, reason: str | None) -> None:
        words = _parting(reason)
        log.warning("a connection ended", reason=words)
        if not self.status.open:
            self.status.trouble = words


def _parting(reason: str | None) -> str:
    """Say why Slack ended a connection."""
    known = {
        None: "A connection to Slack was lost.",
        "link_disabled": "Socket Mode is switched off for this app. Switch it on at api.slack.com/apps.",
        "too_many_websockets": "Slack counts more than ten connections of this app. Stop what else uses its token.",
    }
    return known.get(reason) or f"Slack ended a connection ({plain(reason or '')}). Another is opened."


def _words_of(error: SlackApiError) -> str:
    word = error_word(error)
    if rejection_of(error) or word == "missing_scope":
        return refused(APP_TOKEN, word)
    return f"Slack refuses a connection: {word}. It is tried again."
