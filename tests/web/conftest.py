"""A memory with a few people in it, a clock that stands still, and the application over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

import web
from bot.webserver import bind
from db import Bell, Store, record
from db.records import Observation, Source, Workspace
from tests.support.waiting import eventually

TEAM = "T0MERIDIAN"
NOON = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
"""A Monday afternoon in Lisbon, where it is also UTC."""


@dataclass
class Clock:
    """Stands still until it is told to move."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass
class Slack:
    """Puts people into the memory, as events would."""

    store: Store
    clock: Clock
    known: dict[str, str] = field(default_factory=dict)

    async def says(self, user_id: str, *, joined: bool = False, **values: Any) -> None:
        """Record one observation of one user."""
        if user_id not in self.known:
            values = {"deleted": False, "is_bot": False, "name": user_id.lower()} | values
            self.known[user_id] = user_id
        moment = self.clock()
        seen = Observation(
            team_id=TEAM,
            id=user_id,
            values=values,
            updated=int(moment.timestamp()),
            moment=int(moment.timestamp() * 1_000_000) + len(self.known),
            source=Source.EVENT,
            joined=joined,
        )
        async with self.store.transaction() as tx:
            await record(tx, TEAM, [seen], now=moment)

    async def shows(self, *people: dict[str, Any]) -> None:
        """Record many at once as a first reading does: nobody changed, we only begin to look."""
        moment = int(self.clock().timestamp()) - 86400
        seen = [
            Observation(TEAM, each["id"], {"deleted": False, "is_bot": False} | _but_id(each), moment, 0, Source.RUN)
            for each in people
        ]
        self.known |= {each["id"]: each["id"] for each in people}
        async with self.store.transaction() as tx:
            await record(tx, TEAM, seen, now=self.clock(), is_backfill=True)


def _but_id(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "id"}


@dataclass
class Service:
    """How the service says it is."""

    clock: Clock
    status: web.Status = field(default_factory=web.Status)

    def __call__(self) -> web.Status:
        return self.status

    def is_now(self, **values: Any) -> None:
        self.status = replace(self.status, **values)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url, bell=Bell())
    async with store.transaction() as tx:
        await tx.workspaces.save_workspace(Workspace(TEAM, "Meridian", "meridian"))
    yield store
    await store.close()


@pytest.fixture
def slack(store: Store, clock: Clock) -> Slack:
    return Slack(store, clock)


@pytest.fixture
def service(clock: Clock) -> Service:
    heard_at = clock() - timedelta(seconds=14)
    return Service(clock, web.Status(sockets=2, sockets_wanted=2, last_heard_at=heard_at, walked_at=heard_at))


@pytest.fixture
def app(store: Store, clock: Clock, service: Service) -> Starlette:
    return web.create_app(
        store=store,
        bell=store.bell,
        status=service,
        clock=clock,
        demo=True,
        version="0.1.0",
        workspaces=lambda: (Workspace(TEAM, "Meridian"),),
    )


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """Serve the application on a real socket, the follower of the change log beside it."""
    with bind("127.0.0.1", 0) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", http="httptools", ws="none"))
        following = asyncio.create_task(app.state.live.run(), name="live")
        serve = asyncio.create_task(server.serve(sockets=[listening]), name="uvicorn")
        try:
            await eventually(lambda: server.started, of="the server")
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            await app.state.live.close()
            server.should_exit = True
            async with asyncio.timeout(30):
                await asyncio.gather(following, serve)
