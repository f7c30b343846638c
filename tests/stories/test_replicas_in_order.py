"""Two replicas commit changes of the same few people side by side: one order, without a gap, and the newest wins."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.service import Service
from bot.simulator import Simulator
from tests.conftest import QUICK, settings_for
from tests.support.killing import Talk
from tests.support.replicas import Place, a_client, all_is_well, log_of, places_in
from tests.support.waiting import eventually

SEED = 20261129
EVENTS = 1_200
on_servers = pytest.mark.parametrize("database_url", ["postgresql", "mariadb"], indirect=True)


class Hours:
    """Slack's clock, which is ahead of ours by more and more."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


@pytest.fixture
def hours() -> Hours:
    """What passes in Slack while the story lasts seconds."""
    return Hours()


@pytest.fixture
async def slack(hours: Hours) -> AsyncIterator[Simulator]:
    """A pretend Slack that sends again soon, in whose time the story happens."""
    async with Simulator(clock=hours, retry_delays=(0.2,) * 100) as slack:
        yield slack


class Reader:
    """Follows `/api/v1/changes` of one replica, a few at a time, from where everything stood at its beginning."""

    def __init__(self, url: str) -> None:
        self._client = a_client(url)
        self._position = ""
        self.places: list[Place] = []
        self.titles: dict[str, str] = {}
        """By user, as the changes alone tell them."""

    async def begin(self) -> None:
        """Note the place."""
        self._position = (await self._ask())["position"]

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Read on until the block ends, and then whatever is left."""
        reading = asyncio.create_task(self._read_on(), name="reader")
        try:
            yield
        finally:
            reading.cancel()
            await asyncio.wait([reading])
            if not reading.cancelled():
                reading.result()
        while await self._read():
            pass
        await self._client.aclose()

    async def _read_on(self) -> None:
        while True:
            if not await self._read():
                await asyncio.sleep(0.01)

    async def _read(self) -> bool:
        told = await self._ask(after=self._position, limit=7)
        for change in told["changes"]:
            self.places.append((change["rev"], change["seq"]))
            if "title" in change["after"]:
                self.titles[change["user_id"]] = change["after"]["title"]
        self._position = told["position"]
        return bool(told["has_more"])

    async def _ask(self, **params: Any) -> dict[str, Any]:
        answer = await self._client.get("/api/v1/changes", params=params)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


@pytest.mark.slow
@on_servers
async def test_what_two_replicas_commit_side_by_side_is_one_sequence_that_every_reader_is_told(
    slack: Simulator, hours: Hours, database_url: str
) -> None:
    talk = Talk(slack, random.Random(SEED))
    talk.adds(8)
    settings = settings_for(slack, database_url)
    async with Service(settings, pace=QUICK) as one, Service(settings, pace=QUICK) as other:
        for each in (one, other):
            await eventually(lambda: each.runs.finished and each.status().sockets == 2, within_s=60)  # noqa: B023
        before = len(places_in(await log_of(one.store)))
        readers = [Reader(each.url) for each in (one, other)]
        for reader in readers:
            await reader.begin()
        async with readers[0].following(), readers[1].following():
            dice = random.Random(SEED)
            while len(talk.told) < EVENTS:
                hours.ahead_s += dice.choice((0, 1, 60, 300))
                talk.goes_on(dice.choice((1, 3, 10, 60)))
                await slack.until(lambda: slack.unacked_count < 200, timeout=60)
            await slack.eventually_acked(timeout=60)
        tallies = [each.ingest.tally.committed for each in (one, other)]
        kept = places_in(await log_of(one.store))[before:]
        titles = {user["id"]: user["profile"]["title"] for user in slack.users()}

    await all_is_well(talk, slack, database_url)
    assert all(each > EVENTS / 4 for each in tallies), tallies
    assert hours.ahead_s > 3600
    assert sorted(set(kept)) == kept
    for reader in readers:
        assert kept == reader.places
        assert reader.titles == {user_id: titles[user_id] for user_id in reader.titles}
