"""The web application: every route on one screen."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from db import Bell, Store
from db.visibility import Policy
from web.admits import Admits, GuardedRoute
from web.assets import Assets
from web.doorkeeper import Doorkeeper
from web.errors import HANDLERS
from web.frames import Telling
from web.guard import Guard
from web.headers import SecurityHeaders
from web.live import Live
from web.ports import Clock, Door, MetricsReader, StatusReader, WorkspacesReader
from web.signin import answer, ask
from web.signin_slack import from_slack, to_slack
from web.signout import ask_to_leave, leave
from web.templating import Templates
from web.views.directory import directory
from web.views.health import healthz, metrics, readyz
from web.views.live import live
from web.views.profile import profile
from web.window import Window


def create_app(
    *,
    store: Store,
    bell: Bell,
    status: StatusReader,
    clock: Clock,
    name_of_page: str | None = None,
    demo: bool = False,
    image_sources: Iterable[str] = ("https:",),
    allowed_hosts: Iterable[str] = (),
    version: str = "",
    read_metrics: MetricsReader = lambda: (b"", "text/plain"),
    workspaces: WorkspacesReader = tuple,
    door: Door | None = None,
    policy: Policy = Policy(),  # noqa: B008 - frozen: nothing can be left in it
) -> Starlette:
    """Build the application. Run `app.state.live.run()` beside it, and `await app.state.live.close()` to end it.

    `image_sources` are the places that the content policy lets pictures come from; with `allowed_hosts` an answer is
    given only under those names, so no foreign page can point its own name at this address and read along.
    Without a `door` everybody may look.
    """
    assets = Assets()
    templates = Templates(assets)
    following = Live(store=store, bell=bell, telling=Telling(templates=templates, clock=clock, status=status))
    routes = [
        GuardedRoute("/", directory, admits=Admits.VIEWERS),
        GuardedRoute("/users/{team_id}/{user_id}", profile, admits=Admits.VIEWERS),
        GuardedRoute("/live", live, admits=Admits.VIEWERS),
        GuardedRoute("/signin", ask, admits=Admits.ANYBODY),
        GuardedRoute("/signin", answer, admits=Admits.ANYBODY, methods=["POST"]),
        GuardedRoute("/signin/slack", to_slack, admits=Admits.ANYBODY),
        GuardedRoute("/signin/slack/callback", from_slack, admits=Admits.ANYBODY),
        GuardedRoute("/signout", ask_to_leave, admits=Admits.ANYBODY),
        GuardedRoute("/signout", leave, admits=Admits.ANYBODY, methods=["POST"]),
        GuardedRoute("/healthz", healthz, admits=Admits.ANYBODY),
        GuardedRoute("/readyz", readyz, admits=Admits.ANYBODY),
        GuardedRoute("/metrics", metrics, admits=Admits.ANYBODY),
        GuardedRoute("/static/{digest}/{name}", assets.serve, admits=Admits.ANYBODY),
    ]
    middleware = [Middleware(SecurityHeaders, image_sources=tuple(image_sources))]
    if hosts := list(allowed_hosts):
        middleware.append(Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False))
    # The lightest level: the next ones cost more time than they save. Event streams are left alone by it.
    middleware.append(Middleware(GZipMiddleware, minimum_size=1000, compresslevel=1))
    doorkeeper = Doorkeeper(door, store=store, clock=clock) if door else None
    middleware.append(Middleware(Guard, doorkeeper=doorkeeper, policy=policy))
    app = Starlette(routes=routes, middleware=middleware, exception_handlers=dict(HANDLERS))
    app.state.live = following
    app.state.window = Window(
        store=store,
        clock=clock,
        status=status,
        templates=templates,
        live=following,
        name_of_page=name_of_page,
        is_demo=demo,
        version=version,
        metrics=read_metrics,
        workspaces=workspaces,
        doorkeeper=doorkeeper,
    )
    return app
