"""The composition root: opens, wires, supervises, closes; the only file of bot that imports web."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp
from starlette.applications import Starlette

from bot import __version__
from bot.alerts import Alerts
from bot.app import make_app
from bot.authorize import Installations
from bot.backoff import Backoff
from bot.command.answers import Answers
from bot.command.desk import Desk
from bot.command.wiring import Terms, make_desk
from bot.errands import Errands
from bot.handler import EnvelopeHandler
from bot.housekeeping import keep_house
from bot.ingest import Ingest
from bot.intake import Intake
from bot.introduction import Introduction
from bot.lag import Lag
from bot.metrics import Metrics, Parts
from bot.pace import Pace
from bot.runs.progress import Progress
from bot.runs.runner import Runner
from bot.runs.schedule import Schedule
from bot.runs.telling import RunTeller
from bot.secret_key import key_path, signing_key
from bot.settings import Settings, is_loopback, proxy_for
from bot.signin_links import OpenLinks, SigninLinks, base_url
from bot.signs import SignReader
from bot.slack import SlackClient, SlackClock, make_client, open_session
from bot.socket_client import SocketClient
from bot.sockets import Sockets
from bot.standing import Standing
from bot.supervisor import Supervisor
from bot.viewers import Viewers, ViewerUnknown
from bot.webserver import WebServer, bind
from db import Store
from db.records import User
from web.app import create_app
from web.ports import Door, SlackSilent, Status, Walk

DRAIN_S = 5
_AT_LOCALHOST = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::")  # noqa: S104 - only compared
"""Addresses to listen on at which `localhost` leads to us, where a wildcard leads nowhere."""


def utc_now() -> datetime:
    """Tell the host's time, aware UTC."""
    return datetime.now(UTC)


class Service:
    """One running usersync. `async with Service(settings) as service:` serves until the block ends."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = utc_now,
        is_demo: bool = False,
        image_sources: Iterable[str] = ("https:",),
        pace: Pace | None = None,
        or_next_port: bool = False,
        tell: Callable[[str], None] = lambda _: None,
        command: str = "usersync",
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._is_demo = is_demo
        self._image_sources = tuple(image_sources)
        self._pace = pace or Pace()
        self._or_next_port = or_next_port
        self._tell = tell
        self._command = command
        self._stack = AsyncExitStack()
        self._is_closed = False
        self.is_first_start = False
        """True where no workspace or no key was there before: nobody can have signed in yet."""

    @property
    def url(self) -> str:
        """Tell the directory's address."""
        host, port = self._web.address
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"

    @property
    def shown_url(self) -> str:
        """Tell the address to type: where links lead, unless this machine's own name does not lead to us."""
        settings = self._settings
        if settings.public_url or settings.host in _AT_LOCALHOST:
            return f"{base_url(settings.public_url, self._web.address[1])}/"
        return self.url

    @property
    def failed(self) -> asyncio.Future[None]:
        """Done when a part of the service has died; it holds the reason."""
        return self._tasks.failed

    async def __aenter__(self) -> Service:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _open(self) -> None:
        """Open in the order of need: memory, window, then Slack. Raises StoreError, KeyUnusable, PortTaken."""
        settings = self._settings
        self._tasks = Supervisor()
        self.store = await Store.open(settings.database_url)
        self._stack.push_async_callback(self.store.close)
        self._key = self._read_key()
        self._wire(await self._stack.enter_async_context(open_session()))
        self._stack.push_async_callback(self._tasks.cancel_all)
        await self.installations.refresh()
        self.is_first_start |= not self.installations.is_introduced
        self._web = WebServer(self._app, bind(settings.host, settings.port, or_next=self._or_next_port))
        self._tasks.start("web server", self._web.run())
        self._tasks.start("live pages", self._app.state.live.run())
        await self._web.started()
        keep = timedelta(seconds=settings.history_keep)
        self._tasks.start("housekeeping", keep_house(self.store, clock=self._clock, history_keep=keep))
        self._tasks.start("alerts", self.alerts.run())
        self._tasks.start("introduction", self.introduction.run())
        self._tasks.start("sockets", self._follow())
        self._tasks.start("runs", self.runs.run())

    async def _follow(self) -> None:
        """Open the sockets as soon as a workspace is known; one from an earlier start will do, if Slack is away."""
        await self.introduction.tried()
        if not self.installations.is_introduced:
            await self.introduction.team_id()
        await self.sockets.run()

    def _wire(self, session: aiohttp.ClientSession) -> None:
        settings = self._settings
        proxy = proxy_for(settings.slack_api_url)
        slack_clock = SlackClock()

        def client(token: str | None) -> SlackClient:
            return make_client(
                token=token, api_url=settings.slack_api_url, proxy=proxy, session=session, clock=slack_clock
            )

        self.client = client(settings.slack_bot_token)
        self.installations = Installations(self.store, bot_token=settings.slack_bot_token)
        self.introduction = Introduction(
            self.store,
            self.client,
            self.installations,
            app_token=settings.slack_app_token or "",
            backoff=Backoff(first_s=1, longest_s=60),
            watch_s=self._pace.watch_s,
        )
        self.runs = Schedule(
            Runner(self.store, self.client, verb="serve", clock=self._clock, pace=self._pace.runs),
            self.store,
            team_id=self.introduction.team_id,
            not_ready=self._why_not_ready,
            on_seen=self.installations.refresh,
            on_ended=RunTeller(self.store, self.installations, lambda: self.sockets.status.open, self._tell),
            rhythm=replace(self._pace.rhythm, every_s=settings.reconcile_every),
        )
        self.links = self._make_links()
        self.ingest = Ingest(self.store, clock=self._clock, on_gap=self.runs.want)
        self.metrics = Metrics()
        intake = Intake(self.ingest, slack_clock, Lag(on_note=self.metrics.note_lag))
        app = make_app(
            client=client(None),
            installations=self.installations,
            intake=intake,
            desk=self._make_desk(Answers(session, self.client, proxy=proxy)),
        )
        self.handler = EnvelopeHandler(app, intake, clock=self._clock, on_gap=self.runs.want)
        self.socket_web_client = client(None)
        self.sockets = Sockets(
            make_client=lambda: SocketClient(
                app_token=settings.slack_app_token or "",
                web_client=self.socket_web_client,
                proxy=proxy,
                on_request=self.handler.handle,
                app_id=self.introduction.app_id,
            ),
            wanted=settings.sockets,
            clock=self._clock,
            on_connected=lambda: self.runs.want_again("a connection to Slack is open"),
            stagger_s=self._pace.stagger_s,
            refusal=lambda: self.introduction.refusal,
        )
        self.viewers = Viewers(self.client, team_id=lambda: self.introduction.known_team_id)
        self.standing = Standing(
            self.introduction, self.installations, self.sockets, self.runs, self.client, self.socket_web_client
        )
        self._measure(intake.lag)
        self._app = self._make_web()

    def _measure(self, lag: Lag) -> None:
        signs = SignReader(
            self.store, self.standing, self.sockets, self.runs, self.ingest, self.handler, lag, self._clock
        )
        self.alerts = Alerts(self.store, signs=signs.read, clock=self._clock, look_every_s=self._pace.look_every_s)
        self.metrics.measure(
            Parts(self.handler, self.ingest, self.sockets, self.runs, self.standing, signs, self.alerts, __version__)
        )

    def _read_key(self) -> str:
        """Tell what signs sessions; empty where nobody signs in. Raises KeyUnusable."""
        settings = self._settings
        if settings.auth == "none":
            return ""
        self.is_first_start = not settings.secret_key and not key_path(settings.sqlite_file or "").exists()
        return signing_key(settings.secret_key, settings.sqlite_file)

    def _make_links(self) -> SigninLinks | OpenLinks:
        def base() -> str:
            return base_url(self._settings.public_url, self._web.address[1])  # the port is known once it is bound

        is_open = self._settings.auth == "none"
        return OpenLinks(self.store, base) if is_open else SigninLinks(self.store, base, self._clock)

    def _make_door(self) -> Door | None:
        settings = self._settings
        if settings.auth == "none":
            return None
        return Door(
            key=self._key,
            find_user=self._find_user,
            session_lifetime=timedelta(days=settings.session_days),
            public_url=settings.public_url,
            guests_may_sign_in=settings.guests_may_sign_in,
            command=self._command,
        )

    async def _find_user(self, team_id: str, user_id: str) -> User | None:
        """Ask Slack on behalf of the window, in its words."""
        try:
            return await self.viewers.find_user(team_id, user_id)
        except ViewerUnknown as error:
            raise SlackSilent(str(error)) from error

    def _make_desk(self, answers: Answers) -> Desk:
        self.errands = Errands()
        return make_desk(
            self.store,
            self.client,
            self.runs,
            errands=self.errands,
            answers=answers,
            links=self.links.make,
            is_known=lambda team_id: self.installations.find(team_id) is not None,
            condition=lambda team_id: self.standing.condition(team_id),
            clock=self._clock,
            terms=Terms(
                may_guests=self._settings.guests_may_sign_in,
                are_links_personal=self._settings.auth == "slack",
                updates_after_s=self._pace.updates_after_s,
                version=__version__,
            ),
        )

    def _make_web(self) -> Starlette:
        settings = self._settings
        is_private = is_loopback(settings.host) and (settings.auth != "none" or self._is_demo)
        names = ("localhost", "127.0.0.1", "[::1]", settings.host, settings.public_host) if is_private else ()
        return create_app(
            store=self.store,
            bell=self.store.bell,
            status=self.status,
            clock=self._clock,
            demo=self._is_demo,
            image_sources=self._image_sources if settings.avatars == "slack" else (),
            allowed_hosts=[name for name in names if name],
            door=self._make_door(),
            version=__version__,
            read_metrics=self.metrics.exposition,
            workspaces=self.installations.list_workspaces,
        )

    def status(self) -> Status:
        """Say how the service is, for the page."""
        standing, sockets, progress = self.standing, self.sockets.status, self.runs.progress
        return Status(
            sockets=sockets.open,
            sockets_wanted=sockets.wanted,
            connected_since=sockets.connected_since,
            last_heard_at=standing.last_heard_at,
            walk=_walk(progress, self._clock()) if progress else None,
            walked_at=standing.walked_at,
            trouble=standing.trouble,
            demo=self._is_demo,
            rejected=standing.rejected,
            is_backfilled=standing.is_backfilled,
            warnings=tuple(alert.words for alert in self.alerts.open),
            reconcile_every_s=self._settings.reconcile_every,
        )

    def _why_not_ready(self) -> str | None:
        """Say why no run can begin: nobody knows yet whose people the token would list."""
        if self.introduction.known_team_id:
            return None
        return self.introduction.trouble or "Slack has not told yet whose tokens these are. Try again in a moment."

    async def close(self) -> None:
        """Drain, commit, ack, close: Slack's side before the window, the memory last of all. Once is enough."""
        if self._is_closed:
            return
        self._is_closed = True
        await self.handler.drain(timeout_s=DRAIN_S)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_S):
                    await self.ingest.drained()
            await self._tasks.cancel("sockets", "runs", "introduction", "housekeeping", "alerts")
            await self.errands.close(timeout_s=DRAIN_S)
            await self.sockets.close()
            await self._app.state.live.close()
            self._web.close()
            await self._tasks.ended("web server")
        finally:
            await self._stack.aclose()


def _walk(progress: Progress, now: datetime) -> Walk:
    return Walk(progress.seen, progress.started_at, progress.expected, progress.left(now))
