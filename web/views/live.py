"""The stream of changes: JSON for anybody who asks, fragments of HTML for our own page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from web.frames import View
from web.positions import BadPosition, decode
from web.viewer import zone_of_viewer
from web.window import Window, window_of

RETRY_MS = 1000


async def live(request: Request) -> Response:
    """Open a stream; `Last-Event-ID`, or `after` on the first try, says where it goes on."""
    window = window_of(request)
    view = View.DIRECTORY if request.query_params.get("view") == View.DIRECTORY else View.CHANGES
    place = request.headers.get("last-event-id") or request.query_params.get("after") or ""
    frames = _frames(window, view, request, place)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


async def _frames(window: Window, view: View, request: Request, place: str) -> AsyncIterator[bytes]:
    yield f"retry: {RETRY_MS}\n\n".encode()
    after, is_lost = None, False
    if place:
        try:
            after = decode(place)
        except BadPosition:
            is_lost = True
    async with aclosing(window.live.stream(view, zone_of_viewer(request), after, is_lost=is_lost)) as frames:
        async for frame in frames:
            yield frame
