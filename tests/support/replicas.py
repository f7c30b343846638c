"""Several replicas on one database: what each tells on its stream and in its API, and what the table says to that."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

import httpx

from bot.simulator import Simulator
from db import Store
from db.records import Change, Position
from tests.support.killing import Talk, kept_in, missing, opened, unlike_slack
from tests.support.waiting import eventually

Place = tuple[int, int]
"""`rev` and `seq`."""


def a_client(url: str, *, timeout_s: float = 20) -> httpx.AsyncClient:
    """Look at a replica as a program does."""
    return httpx.AsyncClient(base_url=url, trust_env=False, timeout=timeout_s)


class Follower:
    """Reads `/live` as a browser does, here or there, and goes on behind its last id; keeps the places it was told."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.last_id = ""

    @asynccontextmanager
    async def following(self, url: str) -> AsyncIterator[None]:
        """Follow one replica until the block ends; at its beginning the stream is open, and its place known."""
        is_open = asyncio.Event()
        reading = asyncio.create_task(self._read(url, is_open), name="follower")
        try:
            await eventually(lambda: is_open.is_set() or reading.done(), of="an open stream")
            yield
        finally:
            reading.cancel()
            await asyncio.wait([reading])
        if not reading.cancelled() and (error := reading.exception()):
            raise error

    async def _read(self, url: str, is_open: asyncio.Event) -> None:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self.last_id} if self.last_id else {})
        async with a_client(url) as client, client.stream("GET", "/live", headers=headers) as answer:
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    self.last_id = value
                    is_open.set()
                elif name == "data":
                    told = json.loads(value)
                    self.places.append((told["rev"], told["seq"]))


async def log_of(store: Store) -> tuple[Change, ...]:
    """Read the whole change log."""
    async with store.reading() as rx:
        return await rx.changes.list_changes(Position({}), limit=1_000_000)


def places_in(log: Iterable[Change]) -> list[Place]:
    """Tell the places of the changes of people, in the order of the log."""
    return [(change.rev, change.seq) for change in log if change.user_id is not None]


def gaps_in(log: Sequence[Change], *, rev: int) -> list[str]:
    """Name each place that lacks or is there twice between the first commit and the workspace's own `rev`."""
    by_rev: dict[int, list[int]] = defaultdict(list)
    for change in log:
        by_rev[change.rev].append(change.seq)
    lacking = [f"rev {each} is not there" for each in range(1, rev + 1) if each not in by_rev]
    beyond = [f"rev {each} is ahead of the workspace" for each in by_rev if each > rev]
    torn = [f"rev {each} has {seqs}" for each, seqs in by_rev.items() if sorted(seqs) != list(range(len(seqs)))]
    return lacking + beyond + torn


async def all_is_well(talk: Talk, slack: Simulator, url: str) -> None:
    """Whatever was acked is there, the log has no gap, and the rows are Slack's people, once each."""
    await slack.until(lambda: all(each.is_settled for each in slack.envelopes), timeout=60)
    async with opened(url) as store:
        await eventually(lambda: _is_like(slack, store), within_s=60, of="a table like Slack's people")
        async with store.reading() as rx:
            workspaces = await rx.workspaces.list_workspaces()
    lacks = await missing(talk, slack, url)
    users, log = await kept_in(slack, url)

    assert [] == lacks
    assert [slack.team_id] == [each.team_id for each in workspaces]
    assert {each["id"] for each in slack.users()} == set(users)
    assert [] == gaps_in(log, rev=workspaces[0].rev)


async def _is_like(slack: Simulator, store: Store) -> bool:
    return not await unlike_slack(slack, store)


async def is_ready(url: str) -> bool:
    """Ask a replica whether all is well."""
    async with a_client(url) as client:
        try:
            return (await client.get("/readyz")).status_code == 200
        except httpx.TransportError:
            return False


async def people_at(url: str) -> list[dict[str, object]]:
    """Read everybody of a replica's API, in the order in which it tells them."""
    async with a_client(url) as client:
        answer = await client.get("/api/v1/users", params={"kind": "all", "state": "all", "limit": 200})
        answer.raise_for_status()
        found: list[dict[str, object]] = answer.json()["users"]
    return found
