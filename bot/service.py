"""The composition root: opens, wires, supervises, closes; the only file of bot that imports web."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from starlette.applications import Starlette

from bot import __version__
from bot.backoff import Backoff
from bot.clock import utc_now
from bot.disk_watch import Usage
from bot.duties import ENDED_TOGETHER, SOCKETS, duties
from bot.front import Front
from bot.house import House
from bot.pace import Pace
from bot.runs.progress import Progress
from bot.secret_key import key_path, signing_key
from bot.settings import Settings
from bot.slack import open_session
from bot.supervisor import Supervisor
from bot.troubles import AMISS
from bot.viewers import ViewerUnknown
from bot.waiting_room import opened
from bot.webserver import WebServer
from db.errors import StoreUnavailable
from db.instances import ProcessRole
from db.records import User
from db.visibility import Policy
from web.address import Address
from web.app import create_app
from web.attempts import Attempts
from web.pictures import SLACKS, Pictures
from web.ports import Door, OpenId, SigninRefused, SlackSilent, Status, Walk
from web.proxied import TrustedProxy
from web.undirected import create_bare_app
from web.waiting import Waiting

if TYPE_CHECKING:
    from bot.openid import OpenIdClient

DRAIN_S = 3
"""For envelopes under way: each is decided within the budget of 2.5 seconds that it has for its ack."""
PARTING_S = 3
"""For answers under way, while everything else ends; what has not ended a second later is left behind."""


class Service:
    """One running usersync. `async with Service(settings) as service:` serves until the block ends."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = utc_now,
        is_demo: bool = False,
        image_sources: Iterable[str] = SLACKS,
        pace: Pace | None = None,
        role: ProcessRole = ProcessRole.ALL,
        or_next_port: bool = False,
        tell: Callable[[str], None] = lambda _: None,
        stop: asyncio.Event | None = None,
        command: str = "usersync",
        disk_usage: Callable[[Path], Usage] = shutil.disk_usage,
    ) -> None:
        """`stop`, once set, ends the wait for a database that does not answer at the start."""
        self._settings = settings
        self._clock = clock
        self._is_demo = is_demo
        self._image_sources = tuple(image_sources)
        self._pace = pace or Pace()
        self._role = role
        self._tell = tell
        self._stop = stop or asyncio.Event()
        self._command = command
        self._disk_usage = disk_usage
        self._stack = AsyncExitStack()
        self._is_closed = False
        self._front = Front(settings, or_next_port=or_next_port)
        self._address = Address(settings.public_url, local_url=self._front.local_url)
        self.is_first_start = False
        """True where no workspace or no key was there before: nobody can have signed in yet."""

    @property
    def url(self) -> str:
        """Tell the directory's address."""
        return self._front.url

    @property
    def shown_url(self) -> str:
        """Tell the address to type."""
        return self._front.shown_url(self._address.url)

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
        """Open in the order of need: memory, window, then Slack.

        Raises StoreError, KeyUnusable, PortTaken, and ToldToEnd while it waits for the memory.
        """
        settings = self._settings
        self._tasks = Supervisor()
        self._waiting = Waiting(version=__version__, address=self._address)
        self.store = await opened(settings.database_url.get_secret_value(), stop=self._stop, on_wait=self._note_wait)
        self._stack.push_async_callback(self.store.close)
        self._key = self._read_key()
        self._move_in(await self._stack.enter_async_context(open_session()))
        self._stack.push_async_callback(self._tasks.cancel_all)
        await self.installations.refresh()
        await self.house.places.refresh()
        self.is_first_start |= not self.installations.is_introduced
        if self.house.neighbours.is_shared:
            await self.house.roster.beat()
            self._stack.push_async_callback(self.house.roster.leave)
            await self.house.elsewhere.look()
        if self._role.shows_directory:
            self._tasks.start("live pages", self._app.state.live.run())
        self._waiting.open(self._app)
        self._listen()
        await self._front.server.started()
        self._tasks.start("bell", self.store.listen(Backoff(first_s=2)))
        for name, work in duties(self.house, settings, clock=self._clock, pace=self._pace):
            self._tasks.start(name, work)

    def _move_in(self, session: aiohttp.ClientSession) -> None:
        self.house = house = House(
            self.store,
            self._settings,
            session,
            clock=self._clock,
            pace=self._pace,
            role=self._role,
            base_url=lambda: self._address.url,
            tell=self._tell,
            disk_usage=self._disk_usage,
            shown_picture=Pictures(self._image_sources if self._settings.avatars == "slack" else ()).shown,
        )
        self.introduction, self.installations, self.sockets = house.introduction, house.installations, house.sockets
        self.handler, self.ingest, self.runs, self.errands = house.handler, house.ingest, house.runs, house.errands
        self.alerts, self.metrics, self.links = house.alerts, house.metrics, house.ways_in.links
        self._app = self._make_web() if self._role.shows_directory else self._make_bare_web()

    def _read_key(self) -> str:
        """Tell what signs sessions; empty where nobody signs in. Raises KeyUnusable."""
        settings = self._settings
        if settings.auth == "none" or not self._role.shows_directory:
            return ""
        self.is_first_start = not settings.secret_key and not key_path(settings.sqlite_file or "").exists()
        return signing_key(next(iter(settings.secret_keys), None), settings.sqlite_file)

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
            admins=settings.admins,
            command=self._command,
            older_keys=settings.secret_keys[1:],
            openid=_openid(self.house.ways_in.openid) if self.house.ways_in.openid else None,
            proxy=self._trusted_proxy(),
        )

    def _trusted_proxy(self) -> TrustedProxy | None:
        settings = self._settings
        if settings.auth != "proxy":
            return None
        return TrustedProxy(settings.auth_header or "", settings.trusted_proxies)

    async def _find_user(self, team_id: str, user_id: str) -> User | None:
        """Ask Slack on behalf of the window, in its words."""
        try:
            return await self.house.viewers.find_user(team_id, user_id)
        except ViewerUnknown as error:
            raise SlackSilent(str(error)) from error

    def _make_bare_web(self) -> Starlette:
        return create_bare_app(
            store=self.store,
            status=self.status,
            clock=self._clock,
            version=__version__,
            read_metrics=self.metrics.exposition,
            public_url=self._settings.public_url,
        )

    def _make_web(self) -> Starlette:
        settings = self._settings
        return create_app(
            store=self.store,
            bell=self.store.bell,
            status=self.status,
            clock=self._clock,
            demo=self._is_demo,
            image_sources=self._image_sources if settings.avatars == "slack" else (),
            address=self._address,
            attempts=Attempts(trusted_proxies=settings.trusted_proxies),
            door=self._make_door(),
            policy=Policy(settings.visibility),
            custom_fields=settings.fields,
            version=__version__,
            read_metrics=self.metrics.exposition,
            workspaces=self.installations.list_workspaces,
            actions=self.house.deeds,
            pages_look_every_s=self._pace.pages_look_every_s,
        )

    def status(self) -> Status:
        """Say how the service is, for the page."""
        outlook, database, progress = self.house.outlook, self.house.database, self.house.outlook.progress
        return Status(
            sockets=outlook.sockets.open,
            sockets_wanted=outlook.sockets.wanted,
            sockets_elsewhere=self.house.roster.sockets,
            connected_since=outlook.connected_since,
            last_heard_at=outlook.last_heard_at,
            walk=_walk(progress, self._clock()) if progress else None,
            walked_at=outlook.standing.walked_at,
            trouble=outlook.trouble,
            demo=self._is_demo,
            rejected=outlook.rejected,
            is_followed=outlook.is_followed,
            is_backfilled=outlook.standing.is_backfilled,
            held_up_since=database.away_since,
            database_trouble=database.trouble,
            warnings=(*outlook.warnings, *filter(None, [self.house.neighbours.unlike])),
            amiss=tuple(AMISS[kind] for kind in outlook.amiss),
            letters=outlook.letters,
            reconcile_every_s=self._settings.reconcile_every,
        )

    async def close(self) -> None:
        """Drain, commit, ack; then end all else, none waiting for another; the memory last of all. Once is enough."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await self.handler.drain(timeout_s=DRAIN_S)
            with suppress(TimeoutError):  # ten seconds are all that Docker grants, be the database silent or not
                async with asyncio.timeout(PARTING_S + 1):
                    await asyncio.gather(
                        self._hang_up(),
                        self._tasks.cancel(*ENDED_TOGETHER),
                        self.ingest.drained(),
                        self.errands.close(timeout_s=PARTING_S),
                        self._close_window(),
                    )
                    if self._role.follows_slack:
                        await self.alerts.leave()
        finally:
            await self._stack.aclose()

    async def _hang_up(self) -> None:
        await self._tasks.cancel(SOCKETS)
        await self.sockets.close()
        await self.house.roster.leave()

    async def _close_window(self) -> None:
        if self._role.shows_directory:
            await self._app.state.live.close()
        await self._close_web()

    def _listen(self) -> None:
        """Bind and answer; once is enough. Raises PortTaken."""
        if not self._front.is_open:
            self._front.listen(lambda bound: WebServer(self._waiting, bound), self._tasks)
            self._stack.push_async_callback(self._close_web)

    async def _close_web(self) -> None:
        await self._front.close(self._tasks)

    def _note_wait(self, error: StoreUnavailable) -> None:
        """Tell, once, that the memory is waited for; anybody who looks is told without the driver's own words."""
        if not self._front.is_open:
            self._listen()
            self._tell(f"The database is waited for. {error.plain} {self.url}readyz tells how it stands.")
        self._waiting.reason = f"The database is waited for. {error.plain}"


def _walk(progress: Progress, now: datetime) -> Walk:
    return Walk(progress.seen, progress.started_at, progress.expected, progress.left(now))


def _openid(client: OpenIdClient) -> OpenId:
    """Let the window sign people in with Slack, in its words."""
    from bot.openid import OpenIdRefused, OpenIdSilent  # it is loaded where this way in is offered

    async def identify(*, code: str, verifier: str, nonce: str) -> tuple[str, str]:
        try:
            return await client.identify(code=code, verifier=verifier, nonce=nonce)
        except OpenIdSilent as error:
            raise SlackSilent(str(error)) from error
        except OpenIdRefused as error:
            raise SigninRefused(str(error)) from error

    return OpenId(client.authorize_url, identify)
