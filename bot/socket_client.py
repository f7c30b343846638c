"""One Socket Mode connection: Slack's own client, connecting once and leaving every decision to the supervisor.

What differs from slack_sdk: `connect()` tries once and raises; a call for reconnection is only noted; each message runs
in a task that is kept; a frame that cannot be parsed is counted; and each envelope bears the time it came in.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.identity import app_of_connection, check_same_app
from bot.slack import sdk_logger, unreadable_answer
from bot.to_its_end import to_its_end

log = structlog.get_logger(__name__)

OnRequest = Callable[["SocketClient", SocketModeRequest, float], Awaitable[None]]

PING_INTERVAL_S = 5.0
SLOTS = 500
"""Events under way on one connection. Further ones wait in the line, where Slack's own pace holds them back, rather
than in our memory, where each would take time from those that can still be acked. An event is under way for no longer
than its budget, so the line is read on before anybody takes it for dead."""
QUEUED = 100
"""Frames that were read and not yet parsed; further ones wait in the line as well."""
_ADDRESS = re.compile(r"wss?://[^/]")


class Dismissed(Exception):
    """Slack ended a connection instead of saying hello; `reason` is its word, None where it gave none."""

    def __init__(self, reason: str | None) -> None:
        super().__init__(reason or "no reason given")
        self.reason = reason


class SocketClient(SocketModeClient):
    """A connection that says hello, is lost, or is asked to be replaced."""

    def __init__(
        self,
        *,
        app_token: str,
        web_client: AsyncWebClient,
        proxy: str | None,
        on_request: OnRequest,
        app_id: str | None = None,
    ) -> None:
        super().__init__(
            app_token=app_token,
            web_client=web_client,
            proxy=proxy,
            logger=sdk_logger("slack_sdk.socket_mode"),
            ping_interval=PING_INTERVAL_S,
        )
        self.proxy = proxy  # slack_sdk reads proxy variables by itself and heeds no NO_PROXY
        self._on_request = on_request
        self._app_id = app_id
        self.other_app: str | None = None
        """The app that hello named, where it is not the one that was asked for."""
        self._heard_s = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(SLOTS)
        self.message_queue = asyncio.Queue(maxsize=QUEUED)
        self.hello = asyncio.Event()
        self.hello_s = 0.0
        """When it said hello; epoch seconds."""
        self.ending = asyncio.Event()
        """Set when the connection is lost, or Slack asks for another one."""
        self.reason: str | None = None
        """Slack's word for why it disconnects; None where the connection was simply lost."""
        self.connections: int | None = None
        """How many connections Slack counts for this app, as of our hello."""

    @property
    def last_heard_s(self) -> float:
        """Tell when the other end last gave a sign of life, be it only a pong; epoch seconds."""
        pong_s = self.last_ping_pong_time or 0.0
        return max(self._heard_s, pong_s) if math.isfinite(pong_s) else self._heard_s

    async def open(self) -> None:
        """Connect, and wait for the hello of the right app. Raises as `connect`, and Dismissed."""
        await self.connect()
        signs = [asyncio.create_task(sign.wait()) for sign in (self.hello, self.ending)]
        try:
            await asyncio.wait(signs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for sign in signs:
                sign.cancel()
        if not self.hello.is_set():
            raise Dismissed(self.reason)
        check_same_app(self._app_id, self.other_app)

    async def is_ping_pong_failing(self) -> bool:
        """Say whether pongs stay away; one that tells no time, which slack_sdk cannot reckon with, is none."""
        if not math.isfinite(self.last_ping_pong_time or 0.0):
            return True
        return await super().is_ping_pong_failing()

    async def connect(self) -> None:
        """Connect once, with a fresh ticket.

        Raises TwoApps, SlackApiError, aiohttp.ClientError, OSError, TimeoutError.
        """
        url = (await self.web_client.apps_connections_open(app_token=self.app_token)).get("url")
        if not isinstance(url, str) or not _ADDRESS.match(url):
            raise unreadable_answer()
        check_same_app(self._app_id, app_of_connection(url, self.app_token or ""))
        self.current_session = await self.aiohttp_client_session.ws_connect(
            url,
            autoping=False,
            heartbeat=self.ping_interval,
            proxy=self.proxy,
            ssl=self.web_client.ssl if self.web_client.ssl is not None else True,
        )
        await self.current_session.ping(f"sdk-ping-pong:{time.time()}".encode())
        self.current_session_monitor = asyncio.ensure_future(self.monitor_current_session())
        self.message_receiver = asyncio.ensure_future(self.receive_messages())

    async def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: ARG002 - slack_sdk's signature
        """Note that slack_sdk wants another connection; the supervisor opens it."""
        self.ending.set()

    async def enqueue_message(self, message: str) -> None:
        """Keep a frame with the time it came in."""
        self._heard_s = time.time()
        await self.message_queue.put((asyncio.get_running_loop().time(), message))

    async def process_message(self) -> None:
        """Run one frame in a task of its own, and keep hold of it."""
        received_at, raw = await self.message_queue.get()
        try:
            message = json.loads(raw)
        except (ValueError, RecursionError) as error:
            log.warning(
                "a frame could not be parsed, so it has no envelope to ack", error=type(error).__name__, chars=len(raw)
            )
            return
        if isinstance(message, dict):
            is_event = message.get("type") == "events_api"
            if is_event:
                await self._slots.acquire()
            task = asyncio.create_task(self._run_one(message, received_at), name="envelope")
            self._tasks.add(task)
            task.add_done_callback(self._event_ended if is_event else self._tasks.discard)

    def _event_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()

    async def close(self) -> None:
        """Close the connection and everything that belongs to it, cancelled or not; a dead peer is not waited for."""
        await to_its_end(self._close())

    async def _close(self) -> None:
        self.closed = True
        self.auto_reconnect_enabled = False
        try:
            # Before the receiver is ended: without one aiohttp hangs up at once, and whatever has come in unread makes
            # that a reset, which may cost the acks that are still on their way.
            async with asyncio.timeout(2):
                if self.current_session is not None:
                    await self.current_session.close()
        except TimeoutError:
            log.info("a socket did not say goodbye")
        own = [self.message_processor, self.current_session_monitor, self.message_receiver]
        tasks = [task for task in own if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.aiohttp_client_session.close()

    def _check_app(self, told: object) -> None:
        app_id = told.get("app_id") if isinstance(told, dict) else None
        if self._app_id and isinstance(app_id, str) and app_id and app_id != self._app_id:
            self.other_app = app_id

    async def _run_one(self, message: dict[str, Any], received_at: float) -> None:
        try:
            await self._run(message, received_at)
        except Exception:  # the edge of a supervised task: without this the envelope would vanish without a word
            log.exception("an envelope was not handled")

    async def _run(self, message: dict[str, Any], received_at: float) -> None:
        match message.get("type"):
            case "hello":
                count = message.get("num_connections")
                self.connections = count if isinstance(count, int) else None
                self._check_app(message.get("connection_info"))
                self.hello_s = time.time()
                self.hello.set()
            case "disconnect":
                self.reason = str(message.get("reason"))
                self.ending.set()
            case _ if self.other_app:
                log.info("an envelope of another app is left alone")
            case _:
                if not isinstance(message.get("payload"), dict):
                    message["payload"] = {"unreadable": message.get("payload")}
                request = SocketModeRequest.from_dict(message)
                if request is not None:
                    await self._on_request(self, request, received_at)
