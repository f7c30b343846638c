"""The stream of changes: JSON for anybody who asks, fragments of HTML for our own page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from db.errors import StoreUnavailable
from db.records import TokenScope
from web.bearers import token_of
from web.doorkeeper import Caller
from web.frames import View, is_reset
from web.live import HEARTBEAT_S
from web.ports import SlackSilent
from web.positions import BadPosition, decode
from web.viewer import sight_of, viewer_of, zone_of_viewer
from web.window import Window, window_of

RETRY_MS = 1000
ASK_AGAIN = timedelta(seconds=5)
"""How often the door looks again at who reads a stream; the next frame after that may be a heartbeat away."""
ASK_AGAIN_OF_TOKENS = timedelta(seconds=1)
"""Nothing in the log tells that a token was revoked, so its stream has heartbeats, and a look, as often as that."""


async def live(request: Request) -> Response:
    """Open a stream; `Last-Event-ID`, or `after` on the first try, says where it goes on."""
    window = window_of(request)
    is_page = request.query_params.get("view") == View.DIRECTORY and token_of(request) is None
    view = View.DIRECTORY if is_page else View.CHANGES
    place = request.headers.get("last-event-id") or request.query_params.get("after") or ""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if request.method == "HEAD":
        return Response(headers=headers, media_type="text/event-stream")
    frames = _frames(window, view, request, place)
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


async def _frames(window: Window, view: View, request: Request, place: str) -> AsyncIterator[bytes]:
    yield f"retry: {RETRY_MS}\n\n".encode()
    after, is_lost = None, False
    if place:
        try:
            after = decode(place)
        except BadPosition:
            is_lost = True
    viewer, zone = viewer_of(request), zone_of_viewer(request)
    key = (viewer.team_id, viewer.user_id) if viewer else None
    beat_s = ASK_AGAIN_OF_TOKENS.total_seconds() if token_of(request) else HEARTBEAT_S
    stream = window.live.stream(
        view, zone, after, sight=sight_of(request), is_lost=is_lost, viewer=key, heartbeat_s=beat_s
    )
    async with aclosing(stream) as frames:
        async for frame in _while_welcome(frames, window, request):
            yield frame


async def _while_welcome(frames: AsyncIterator[bytes], window: Window, request: Request) -> AsyncIterator[bytes]:
    """Pass frames on while the viewer may look; heartbeats are frames, too, so a quiet stream ends as well.

    With the first frame the stream is followed, so whatever came between the guard's look and that is seen here.
    """
    asked_at: datetime | None = None
    ask_again = ASK_AGAIN_OF_TOKENS if token_of(request) else ASK_AGAIN
    async for frame in frames:
        # A clock that was set back is no excuse.
        is_fresh = asked_at is not None and timedelta() <= window.clock() - asked_at < ask_again
        if is_reset(frame) or not is_fresh:
            # Shielded: a reader who leaves must not break off a question to the database in the middle.
            if not await asyncio.shield(asyncio.create_task(_is_welcome(window, request))):
                return
            asked_at = window.clock()
        yield frame


async def _is_welcome(window: Window, request: Request) -> bool:
    try:
        if token_of(request):
            token = await window.bearers.recognise(request)
            return token is not None and TokenScope.CHANGES in token.scopes
        caller = await window.doorkeeper.recognise(request) if window.doorkeeper else None
    except (StoreUnavailable, SlackSilent):
        return False  # the reader comes back, and is told why at the door
    return isinstance(caller, Caller) or window.doorkeeper is None
