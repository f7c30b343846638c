"""The stream of changes: JSON for anybody who asks, fragments of HTML for our own page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from db import Sight
from db.errors import StoreUnavailable
from db.records import TokenScope
from web.bearers import token_of
from web.doorkeeper import Caller
from web.frames import View, is_reset
from web.live import HEARTBEAT_S
from web.ports import SlackSilent
from web.positions import BadPosition, decode
from web.shielded import to_its_end
from web.sights import sight_for
from web.view_as import as_asked
from web.viewer import sight_of, viewer_of, zone_of_viewer
from web.window import Window, window_of

RETRY_MS = 1000
ASK_AGAIN = timedelta(seconds=5)
"""How often the door looks again at who reads a stream; the next frame after that may be a heartbeat away."""
ASK_AGAIN_SOON = timedelta(seconds=1)
"""Where no change of a standing tells that a reader is out, a stream has heartbeats, and a look, as often as that."""


async def live(request: Request) -> Response:
    """Open a stream; `Last-Event-ID`, or `after` on the first try, says where it goes on."""
    window = window_of(request)
    is_page = request.query_params.get("view") == View.DIRECTORY and token_of(request) is None
    page = View.CARDS if request.query_params.get("shape") == View.CARDS else View.DIRECTORY
    view = page if is_page else View.CHANGES
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
    beat_s = ASK_AGAIN_SOON.total_seconds() if _is_untold(window, request) else HEARTBEAT_S
    stream = window.live.stream(
        view, zone, after, sight=sight_of(request), is_lost=is_lost, viewer=key, heartbeat_s=beat_s
    )
    async with aclosing(stream) as frames:
        async for frame in _while_welcome(frames, window, request):
            yield frame


async def _while_welcome(frames: AsyncIterator[bytes], window: Window, request: Request) -> AsyncIterator[bytes]:
    """Pass frames on while the reader sees what they saw; heartbeats are frames, too, so a quiet stream ends as well.

    With the first frame the stream is followed, so whatever came between the guard's look and that is seen here.
    """
    asked_at: datetime | None = None
    ask_again = ASK_AGAIN_SOON if _is_untold(window, request) else ASK_AGAIN
    async for frame in frames:
        # A clock that was set back is no excuse.
        is_fresh = asked_at is not None and timedelta() <= window.clock() - asked_at < ask_again
        if is_reset(frame) or not is_fresh:
            if await to_its_end(_sight_now(window, request), name="live look") != sight_of(request):
                return
            asked_at = window.clock()
        yield frame


def _is_untold(window: Window, request: Request) -> bool:
    """Say whether a reader is known by what has no standing: a token, or the address by which a proxy names them."""
    is_proxied = window.doorkeeper is not None and window.doorkeeper.door.proxy is not None
    return is_proxied or token_of(request) is not None


async def _sight_now(window: Window, request: Request) -> Sight | None:
    """Look again at who reads: what they may see by now, or None where that is nothing any more."""
    try:
        if token_of(request):
            token = await window.bearers.recognise(request)
            return sight_for(window.policy, token) if token and TokenScope.CHANGES in token.scopes else None
        if window.doorkeeper is None:
            return sight_for(window.policy, None)
        caller = await window.doorkeeper.recognise(request)
    except (StoreUnavailable, SlackSilent):
        return None  # the reader comes back, and is told why at the door
    if not isinstance(caller, Caller):
        return None
    return sight_for(window.policy, as_asked(request, caller.viewer, window.doorkeeper.door))
