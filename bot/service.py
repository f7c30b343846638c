"""The composition root: opens, wires, supervises, closes; the only file of bot that imports web."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from starlette.applications import Starlette

from bot import __version__
from bot.app import make_app
from bot.authorize import Installations
from bot.backoff import Backoff
from bot.handler import EnvelopeHandler
from bot.housekeeping import keep_house
from bot.ingest import Ingest
from bot.intake import Intake
from bot.introduction import Introduction
from bot.runs.resync import Resync
from bot.settings import Settings, is_loopback, proxy_for
from bot.slack import SlackClient, SlackClock, make_client, open_session
from bot.socket_client import SocketClient
from bot.sockets import Sockets
from bot.walks import Pace, Walks
from bot.webserver import WebServer, bind
from db import Store
from web.app import create_app
from web.ports import Status, Walk

DRAIN_S = 5


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
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._is_demo = is_demo
        self._image_sources = tuple(image_sources)
        self._pace = pace or Pace()
        self._or_next_port = or_next_port
        self._stack = AsyncExitStack()
        self._is_closed = False
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.failed: asyncio.Future[None]
        """Done when a part of the service has died; it holds the reason."""

    @property
    def url(self) -> str:
        """Tell the directory's address."""
        host, port = self._web.address
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"

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
        """Open in the order of need: memory, window, then Slack. Raises StoreError, PortTaken."""
        settings = self._settings
        self.failed = asyncio.get_running_loop().create_future()
        self.store = await Store.open(settings.database_url)
        self._stack.push_async_callback(self.store.close)
        self._wire(await self._stack.enter_async_context(open_session()))
        self._stack.push_async_callback(self._cancel_all)
        await self.installations.refresh()
        self._web = WebServer(self._app, bind(settings.host, settings.port, or_next=self._or_next_port))
        self._start(self._web.run(), "web server")
        self._start(self._app.state.live.run(), "live pages")
        await self._web.started()
        keep = timedelta(seconds=settings.history_keep)
        self._start(keep_house(self.store, clock=self._clock, history_keep=keep), "housekeeping")
        self._start(self.introduction.run(), "introduction")
        self._start(self._follow(), "sockets")
        self._start(self.walks.run(), "walks")

    async def _follow(self) -> None:
        """Open the sockets as soon as a workspace is known; one from an earlier start will do."""
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
        )
        self.walks = Walks(
            self.installations,
            make_resync=lambda team_id: Resync(self.store, self.client, team_id=team_id, clock=self._clock),
            team_id=self.introduction.team_id,
            pace=self._pace,
        )
        self.ingest = Ingest(self.store, clock=self._clock, on_gap=self.walks.want)
        intake = Intake(self.ingest, slack_clock)
        app = make_app(client=client(None), installations=self.installations, intake=intake)
        self.handler = EnvelopeHandler(app, intake, on_gap=self.walks.want)
        socket_web_client = client(None)
        self.sockets = Sockets(
            make_client=lambda: SocketClient(
                app_token=settings.slack_app_token or "",
                web_client=socket_web_client,
                proxy=proxy,
                on_request=self.handler.handle,
            ),
            wanted=settings.sockets,
            clock=self._clock,
            on_connected=lambda: self.walks.want("a connection to Slack is open"),
            stagger_s=self._pace.stagger_s,
        )
        self._app = self._make_web()

    def _make_web(self) -> Starlette:
        settings = self._settings
        names = (
            ("localhost", "127.0.0.1", "[::1]", settings.host)
            if settings.auth != "none" and is_loopback(settings.host)
            else ()
        )
        return create_app(
            store=self.store,
            bell=self.store.bell,
            status=self.status,
            clock=self._clock,
            demo=self._is_demo,
            image_sources=self._image_sources if settings.avatars == "slack" else (),
            allowed_hosts=names,
            version=__version__,
        )

    def status(self) -> Status:
        """Say how the service is, for the page."""
        sockets, progress = self.sockets.status, self.walks.progress
        heard_s = self.sockets.last_heard_s
        workspaces = self.installations.list_workspaces()
        walked = [each.walked_at for each in workspaces if each.walked_at]
        return Status(
            sockets=sockets.open,
            sockets_wanted=sockets.wanted,
            connected_since=sockets.connected_since,
            last_heard_at=datetime.fromtimestamp(heard_s, UTC) if heard_s else None,
            walk=Walk(progress.seen, progress.started_at) if progress else None,
            walked_at=max(walked, default=None),
            trouble=self.introduction.trouble or sockets.trouble or self.walks.trouble,
            demo=self._is_demo,
        )

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
            await self._cancel("sockets", "walks", "introduction", "housekeeping")
            await self.sockets.close()
            await self._app.state.live.close()
            self._web.close()
            await asyncio.wait([self._tasks["web server"]])
        finally:
            await self._stack.aclose()

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Supervise a task: if it dies, the service has failed."""
        task = asyncio.create_task(work, name=name)
        self._tasks[name] = task
        task.add_done_callback(self._notice)

    def _notice(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) and not self.failed.done():
            self.failed.set_exception(error)
            self.failed.exception()  # whoever waits for it hears it; nobody has to

    async def _cancel(self, *names: str) -> None:
        tasks = [self._tasks[name] for name in names if name in self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _cancel_all(self) -> None:
        await self._cancel(*self._tasks)
