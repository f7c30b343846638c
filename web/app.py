"""The web application: every route on one screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from db import Bell, Store
from db.filters import CustomField
from db.records import TokenScope
from db.visibility import Policy
from web import etags, later
from web.address import Address
from web.admits import Admits, GuardedRoute
from web.assets import Assets
from web.attempts import Attempts
from web.bearers import Bearers
from web.census import Census
from web.choices import Chooser
from web.doorkeeper import Doorkeeper
from web.errors import HANDLERS
from web.frames import Telling
from web.guard import Guard
from web.headers import SecurityHeaders
from web.hosts import Hosts
from web.limiter import SigninLimit
from web.live import LOOK_EVERY_S, Live
from web.origin import Origins
from web.pictures import SLACKS, pictures_from
from web.ports import Actions, Clock, Door, MetricsReader, StatusReader, WorkspacesReader
from web.signin import answer, ask
from web.signin_slack import from_slack, to_slack
from web.signout import ask_to_leave, leave
from web.templating import Templates
from web.view_as import view_as
from web.views.away import card, export_csv, export_json, export_vcf
from web.views.directory import directory
from web.views.health import Health, healthz, metrics, readyz
from web.views.letters import ask_to_drop, dead_letters, drop, replay
from web.views.live import live
from web.views.profile import profile
from web.views.runs import confirm, resync, runs
from web.views.sheet import sheet
from web.views.whats_new import whats_new
from web.window import Window

LETTERS_COMMANDS = (
    ("usersync dead-letters", "On the machine where it runs, this lists what could not be read"),
    ("usersync dead-letters show NUMBER", "This prints one"),
)


class Directory(Starlette):
    """Starlette, of which every answer carries our headers: its page of failure stands outside all middlewares."""

    def __init__(self, carries: Middleware, **options: Any) -> None:
        super().__init__(**options)
        self._carries = carries

    def build_middleware_stack(self) -> ASGIApp:
        """Build what Starlette builds, and put the headers around it."""
        return self._carries.cls(super().build_middleware_stack(), *self._carries.args, **self._carries.kwargs)


def create_app(
    *,
    store: Store,
    bell: Bell,
    status: StatusReader,
    clock: Clock,
    name_of_page: str | None = None,
    demo: bool = False,
    image_sources: Iterable[str] = SLACKS,
    address: Address = Address(),  # noqa: B008 - the same for whoever sets none
    attempts: Attempts | None = None,
    version: str = "",
    read_metrics: MetricsReader = lambda: (b"", "text/plain"),
    workspaces: WorkspacesReader = tuple,
    door: Door | None = None,
    custom_fields: tuple[CustomField, ...] = (),
    actions: Actions | None = None,
    policy: Policy = Policy(),  # noqa: B008 - frozen: nothing can be left in it
    pages_look_every_s: float = LOOK_EVERY_S,
) -> Starlette:
    """Build the application. Run `app.state.live.run()` beside it, and `await app.state.live.close()` to end it.

    `image_sources` are all that pages show pictures from, in the words of a content policy. Only under `address` an
    answer is given, and only its pages may change anything. Without a `door` everybody may look.
    """
    assets, pictures = Assets(), pictures_from(image_sources, is_https=address.is_https)
    templates, chooser = Templates(assets, pictures), Chooser(address)
    census = Census()
    telling = Telling(templates=templates, clock=clock, status=status, census=census)
    following = Live(store=store, bell=bell, telling=telling, census=census, look_every_s=pages_look_every_s)
    routes = [
        GuardedRoute("/", etags.page(directory), admits=Admits.VIEWERS),
        GuardedRoute("/users/{team_id}/{user_id}", etags.page(profile), admits=Admits.VIEWERS),
        GuardedRoute("/users/{team_id}/{user_id}/card.vcf", card, admits=Admits.VIEWERS),
        GuardedRoute("/print", sheet, admits=Admits.VIEWERS),
        GuardedRoute("/export.csv", export_csv, admits=Admits.VIEWERS),
        GuardedRoute("/export.json", export_json, admits=Admits.VIEWERS),
        GuardedRoute("/whats-new", etags.page(whats_new), admits=Admits.VIEWERS),
        GuardedRoute("/runs", etags.counted(runs), admits=Admits.ADMINS_OR_OPEN),
        GuardedRoute("/runs/resync", resync, admits=Admits.ADMINS, methods=["POST"]),
        GuardedRoute("/runs/confirm", confirm, admits=Admits.ADMINS, methods=["POST"]),
        GuardedRoute("/dead-letters", etags.counted(dead_letters), admits=Admits.ADMINS, instead=LETTERS_COMMANDS),
        GuardedRoute("/dead-letters/replay", replay, admits=Admits.ADMINS, methods=["POST"]),
        GuardedRoute("/dead-letters/drop", ask_to_drop, admits=Admits.ADMINS),
        GuardedRoute("/dead-letters/drop", drop, admits=Admits.ADMINS, methods=["POST"]),
        GuardedRoute("/export.vcf", export_vcf, admits=Admits.VIEWERS),
        GuardedRoute("/view-as", view_as, admits=Admits.VIEWERS, methods=["POST"]),
        GuardedRoute("/choices", chooser.choose, admits=Admits.VIEWERS, methods=["POST"]),
        GuardedRoute("/live", live, admits=Admits.VIEWERS, scope=TokenScope.CHANGES),
        GuardedRoute("/api/v1/users", etags.data(later.users), admits=Admits.VIEWERS, scope=TokenScope.USERS),
        GuardedRoute(
            "/api/v1/users/{team_id}/{user_id}", etags.data(later.user), admits=Admits.VIEWERS, scope=TokenScope.USERS
        ),
        GuardedRoute("/api/v1/changes", later.changes, admits=Admits.VIEWERS, scope=TokenScope.CHANGES),
        GuardedRoute("/api/v1/openapi.json", later.openapi, admits=Admits.ANYBODY),
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
    doorkeeper = Doorkeeper(door, store=store, clock=clock) if door else None
    bearers = Bearers(store=store, clock=clock)
    middleware = [
        Middleware(Hosts, address=address, templates=templates),
        Middleware(Origins, address=address),
        Middleware(SigninLimit, attempts=attempts or Attempts()),
        # The lightest level: the next ones cost more time than they save. Event streams are left alone by it.
        Middleware(GZipMiddleware, minimum_size=1000, compresslevel=1),
        Middleware(Guard, doorkeeper=doorkeeper, bearers=bearers, policy=policy),
    ]
    carries = Middleware(SecurityHeaders, image_sources=pictures.sources, is_https=address.is_https)
    app = Directory(carries, routes=routes, middleware=middleware, exception_handlers=dict(HANDLERS))
    app.state.live = following
    app.state.health = Health(store, clock, status, read_metrics, version)
    app.state.window = Window(
        store=store,
        clock=clock,
        status=status,
        templates=templates,
        pictures=pictures,
        live=following,
        name_of_page=name_of_page,
        is_demo=demo,
        version=version,
        chooser=chooser,
        workspaces=workspaces,
        doorkeeper=doorkeeper,
        bearers=bearers,
        policy=policy,
        custom_fields=custom_fields,
        actions=actions,
        census=census,
    )
    return app
