"""Whether the process lives, which touches nothing else; whether it is ready, which asks the database; its figures."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from db import Store
from db.errors import StoreAway, StoreError, StoreFull, StoreLocked, StoreReadOnly, StoreRefusesUs
from web.ports import Clock, MetricsReader, StatusReader
from web.readiness import judge

DATABASE_PATIENCE_S = 2


@dataclass(frozen=True, slots=True)
class Health:
    """What the answers are made of; handed in once by the root, also where no directory is shown."""

    store: Store
    clock: Clock
    status: StatusReader
    metrics: MetricsReader
    version: str


async def healthz(request: Request) -> Response:
    """Say that the process lives, and which version it is."""
    return JSONResponse({"status": "ok", "version": _health_of(request).version})


async def readyz(request: Request) -> Response:
    """Say whether all is as it should be: 200, or 503 with every reason. It names nobody."""
    health = _health_of(request)
    away = await _why_away(health)
    found = judge(health.status(), health.clock(), database_answers=away is None, why_not=_told(away))
    return JSONResponse(
        {"ready": found.is_ready, "reasons": list(found.reasons), "warnings": list(found.warnings), **found.facts},
        status_code=200 if found.is_ready else 503,
        headers={"Cache-Control": "no-store"},
    )


async def metrics(request: Request) -> Response:
    """Give the figures for Prometheus. They name nobody."""
    body, media_type = _health_of(request).metrics()
    return Response(body, headers={"Content-Type": media_type, "Cache-Control": "no-store"})


def _health_of(request: Request) -> Health:
    health: Health = request.app.state.health
    return health


def _told(away: StoreError | None) -> str:
    """Tell what is known of the reason, without the driver's own words: anybody may ask."""
    return away.plain if isinstance(away, StoreAway | StoreLocked | StoreFull | StoreReadOnly | StoreRefusesUs) else ""


async def _why_away(health: Health) -> StoreError | None:
    """Ask for a row, and whether one could be written: a database that only reads takes no event in."""
    try:
        async with asyncio.timeout(DATABASE_PATIENCE_S), health.store.reading() as rx:
            await rx.workspaces.list_workspaces()
    except StoreError as error:
        return error
    except TimeoutError:
        return StoreAway()
    return await health.store.why_not_written(within_s=DATABASE_PATIENCE_S)
