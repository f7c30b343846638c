"""What is answered where no directory is shown: health and figures; whoever looks for people is told where they are."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from db import Store
from web.headers import SecurityHeaders
from web.ports import Clock, MetricsReader, StatusReader
from web.views.health import Health, healthz, metrics, readyz
from web.waiting import METHODS

_WORDS = "This usersync follows Slack and shows no directory (`usersync serve --only bot`)."


def create_bare_app(
    *,
    store: Store,
    status: StatusReader,
    clock: Clock,
    version: str,
    read_metrics: MetricsReader,
    public_url: str | None = None,
) -> Starlette:
    """Make it; `public_url` is where people find the directory, if that is known."""
    where = f"It is at {public_url}" if public_url else "Another one with `--only web`, or without `--only`, shows it."

    async def nothing_here(_request: Request) -> Response:
        return PlainTextResponse(f"{_WORDS} {where}\n", status_code=404)

    routes = [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/{path:path}", nothing_here, methods=METHODS),
    ]
    carries = Middleware(SecurityHeaders, image_sources=(), is_https=(public_url or "").startswith("https:"))
    app = Starlette(routes=routes, middleware=[carries])
    app.state.health = Health(store, clock, status, read_metrics, version)
    return app
