"""One envelope: through Bolt, then the ack. While draining no event is taken; Slack sends it to whoever follows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.ingest import NotCommitted
from bot.intake import Intake
from bot.listeners.users import OBSERVED

log = structlog.get_logger(__name__)

_OK, _NOT_FOUND = 200, 404
_HOME = "app_home_opened"
_EVENTS = "events_api"
_RESTARTING = "usersync is being restarted, and did nothing about this. Try it again in a minute."
_RATE_LIMITED = "app_rate_limited"
"""The one event without an inner event (docs.slack.dev, Rate limits)."""


@dataclass(slots=True)
class Received:
    """What has come in since the start, for status and metrics."""

    envelopes: int = 0
    acked: int = 0
    unasked: int = 0
    """Acked, but of a kind that nobody here listens to."""
    dropped_at: datetime | None = None
    """When Slack last said that it had dropped events."""
    dropped_at_s: float = 0
    """The same by Slack's own clock, epoch seconds."""


class EnvelopeHandler:
    """Takes every envelope of every socket."""

    def __init__(
        self, app: AsyncApp, intake: Intake, *, clock: Callable[[], datetime], on_gap: Callable[[str], None]
    ) -> None:
        self._app = app
        self._clock = clock
        self._intake = intake
        self._on_gap = on_gap
        self._in_flight = 0
        self._is_draining = False
        self._idle = asyncio.Event()
        self._idle.set()
        self.received = Received()

    async def handle(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest, received_at: float) -> None:
        """Handle one envelope, and ack it if what it says is committed. `received_at` is the loop's time."""
        self.received.envelopes += 1
        if self._is_draining:
            await self._turn_away(client, request)
            return
        self._in_flight += 1
        self._idle.clear()
        try:
            await self._respond(client, request, await self._answer(request, received_at))
        except NotCommitted:
            pass  # so it is not acked, and Slack sends it again; ingest has told why
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()

    async def drain(self, *, timeout_s: float) -> None:
        """Take nothing more, and let what is under way be committed and acked."""
        self._is_draining = True
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            log.warning("some envelopes were still under way", envelopes=self._in_flight)

    async def _turn_away(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """Leave an event unacked; what Slack never sends again, a command or a button, is acked in words."""
        if request.type != _EVENTS:
            await self._respond(client, request, BoltResponse(status=_OK, body=_RESTARTING))

    async def _respond(
        self, client: AsyncBaseSocketModeClient, request: SocketModeRequest, response: BoltResponse
    ) -> None:
        """Ack what was answered with 200. A socket that closed meanwhile costs a redelivery, which changes nothing."""
        try:
            await send_async_response(client, request, response, time.time())
        except (ConnectionError, RuntimeError) as error:  # aiohttp's words for it
            log.warning("an ack could not be sent", error=type(error).__name__, envelope_id=request.envelope_id)
        else:
            self.received.acked += response.status == _OK

    async def _answer(self, request: SocketModeRequest, received_at: float) -> BoltResponse:
        payload = request.payload
        if payload.get("type") == _RATE_LIMITED and "event" not in payload:
            self.received.dropped_at = self._clock()
            self.received.dropped_at_s = self._intake.clock.now_s()
            self._on_gap("Slack dropped events: more than it delivers in an hour")
            return BoltResponse(status=_OK)
        if request.type == _EVENTS and not _is_for_bolt(payload):
            return await self._take(request, received_at)
        try:
            # Without the headers that Bolt would make of a redelivery: nobody is to skip by its number.
            bolt_request = AsyncBoltRequest(mode="socket_mode", body=payload, context={"received_at": received_at})
        except (TypeError, AttributeError, LookupError, ValueError, RecursionError):
            return await self._take(request, received_at)
        if request.type == _EVENTS and payload["event"]["type"] not in (*OBSERVED, _HOME):
            self.received.unasked += 1
        try:
            response: BoltResponse = await self._app.async_dispatch(bolt_request)
        except (TypeError, AttributeError, LookupError, ValueError, RecursionError) as error:
            log.warning("an envelope was beyond Slack's library", type=request.type, error=type(error).__name__)
            return await self._take(request, received_at)
        if response.status == _NOT_FOUND:
            log.info("an envelope was for nobody", type=request.type)
            return BoltResponse(status=_OK)
        return response

    async def _take(self, request: SocketModeRequest, received_at: float) -> BoltResponse:
        """Go round Bolt: an event is applied or put aside; anything else that cannot be read is only acked.

        Somebody's opened Home is no statement about anybody, so it is no dead letter either.
        """
        event = request.payload.get("event")
        is_of_home = isinstance(event, dict) and event.get("type") == _HOME
        if request.type == _EVENTS and not is_of_home:
            await self._intake.take(request.payload, received_at=received_at)
        return BoltResponse(status=_OK)


def _is_for_bolt(payload: dict[str, Any]) -> bool:
    """Say whether Bolt finds its way in it: before any listener runs, it trips over a user that is no object."""
    event = payload.get("event")
    if payload.get("type") != "event_callback" or not isinstance(event, dict) or not isinstance(event.get("type"), str):
        return False
    user = event.get("user")
    return event["type"] not in OBSERVED or (isinstance(user, dict) and isinstance(user.get("id"), str))
