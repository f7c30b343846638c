"""Whether the process lives; it touches nothing else, so a slow database never gets us killed."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from web.window import window_of


async def healthz(request: Request) -> Response:
    """Say that the process lives, and which version it is."""
    return JSONResponse({"status": "ok", "version": window_of(request).version})
