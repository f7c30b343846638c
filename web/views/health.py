"""Whether the process lives, which touches nothing else; whether it is ready, which asks the database; its figures."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from db.errors import StoreAway, StoreError, StoreFull, StoreLocked, StoreReadOnly
from web.readiness import judge
from web.window import Window, window_of

DATABASE_PATIENCE_S = 2


async def healthz(request: Request) -> Response:
    """Say that the process lives, and which version it is."""
    return JSONResponse({"status": "ok", "version": window_of(request).version})


async def readyz(request: Request) -> Response:
    """Say whether all is as it should be: 200, or 503 with every reason. It names nobody."""
    window = window_of(request)
    away = await _why_away(window)
    found = judge(window.status(), window.clock(), database_answers=away is None, why_not=_told(away))
    return JSONResponse(
        {"ready": found.is_ready, "reasons": list(found.reasons), "warnings": list(found.warnings), **found.facts},
        status_code=200 if found.is_ready else 503,
        headers={"Cache-Control": "no-store"},
    )


async def metrics(request: Request) -> Response:
    """Give the figures for Prometheus. They name nobody."""
    body, media_type = window_of(request).metrics()
    return Response(body, headers={"Content-Type": media_type, "Cache-Control": "no-store"})


def _told(away: StoreError | None) -> str:
    """Tell what is known of the reason, without the driver's own words: anybody may ask."""
    return away.plain if isinstance(away, StoreAway | StoreLocked | StoreFull | StoreReadOnly) else ""


async def _why_away(window: Window) -> StoreError | None:
    """Ask for a row, and whether one could be written: a database that only reads takes no event in."""
    try:
        async with asyncio.timeout(DATABASE_PATIENCE_S), window.store.reading() as rx:
            await rx.workspaces.list_workspaces()
    except StoreError as error:
        return error
    except TimeoutError:
        return StoreAway()
    return await window.store.why_not_written(within_s=DATABASE_PATIENCE_S)
