"""Two replicas on one PostgreSQL: whichever hears of a change, the pages of both show it, in order and once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.pace import Pace
from bot.service import Service
from bot.settings import Settings
from bot.simulator import PretendUser, Simulator
from tests.conftest import QUICK, settings_for
from tests.support.bells import listeners_ended, rings
from tests.support.beside import are_calm
from tests.support.replicas import Follower, log_of, places_in
from tests.support.waiting import eventually

Start = Callable[..., Any]
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def settings(slack: Simulator, database_url: str) -> Settings:
    """Settings that lead to the pretend Slack and to the database that the replicas share."""
    return settings_for(slack, database_url)


async def two_replicas(start: Start, pace: Pace = QUICK) -> tuple[Service, Service]:
    """Start two, and wait until both follow Slack and everybody was read."""
    pair: tuple[Service, Service] = (await start(pace=pace), await start(pace=pace))
    await are_calm(*pair)
    return pair


async def both_were_told(people: list[PretendUser], slack: Simulator, pair: tuple[Service, Service]) -> None:
    """Let Slack tell of changes until each replica has committed some of them."""
    begun = [each.ingest.tally.committed for each in pair]
    number = 0
    while any(each.ingest.tally.committed - before < 3 for each, before in zip(pair, begun, strict=True)):
        for person in people:
            number += 1
            slack.changes(person, title=f"Title {number}")
        await slack.eventually_acked(timeout=60)


@pytest.mark.parametrize("bell", ["rings", "is cut"])
async def test_what_either_replica_commits_is_on_the_streams_of_both_in_order_and_once(
    slack: Simulator, start: Start, bell: str
) -> None:
    people = [slack.adds(f"Ada {number}") for number in range(4)]
    one, other = pair = await two_replicas(start)
    if bell == "is cut":
        for each in pair:
            await each._tasks.cancel("bell")
    before = len(places_in(await log_of(one.store)))
    staying, moving = Follower(), Follower()

    async with staying.following(one.url):
        async with moving.following(other.url):
            await both_were_told(people, slack, pair)
            await eventually(lambda: moving.places, of="something on the stream")
        await both_were_told(people, slack, pair)
        async with moving.following(one.url):
            await both_were_told(people, slack, pair)
        async with moving.following(other.url):
            await both_were_told(people, slack, pair)
            kept = places_in(await log_of(one.store))[before:]
            for each in (staying, moving):
                await eventually(lambda: len(each.places) >= len(kept), of="all that was committed")  # noqa: B023

    assert kept == staying.places
    assert kept == moving.places


async def test_a_change_is_on_the_stream_of_the_other_replica_sooner_than_it_would_look_by_itself(
    slack: Simulator, start: Start
) -> None:
    ada = slack.adds("Ada Lovelace")
    pair = await two_replicas(start, replace(QUICK, pages_look_every_s=600))
    followers = [Follower() for _ in pair]

    async with followers[0].following(pair[0].url), followers[1].following(pair[1].url):
        for number in range(4):
            slack.changes(ada, title=f"Title {number}")
            await eventually(lambda: all(len(each.places) > number for each in followers), of="the change on both")  # noqa: B023


async def test_a_change_is_on_the_stream_of_the_other_replica_while_nobody_listens(
    slack: Simulator, start: Start, database_url: str
) -> None:
    ada = slack.adds("Ada Lovelace")
    pair = await two_replicas(start)
    followers = [Follower() for _ in pair]

    async with followers[0].following(pair[0].url), followers[1].following(pair[1].url):
        await listeners_ended(database_url)
        slack.changes(ada, title="While nobody listened")
        await eventually(lambda: all(each.places for each in followers), of="the change on both")


async def test_two_replicas_at_rest_ring_no_bell_of_each_other(start: Start) -> None:
    pair = await two_replicas(start)

    async def nothing_rings() -> bool:
        rung = [await each.store.bell.wait(after=each.store.bell.generation, timeout_s=0.5) for each in pair]
        return not any(rung)

    await eventually(nothing_rings, within_s=30, of="silence, once the runs are over")
    before = [each.store.bell.generation for each in pair]
    await rings(pair[0].store)
    for each, rung in zip(pair, before, strict=True):
        await each.store.bell.wait(after=rung, timeout_s=10)

    assert await nothing_rings()
    assert [1, 1] == [each.store.bell.generation - rung for each, rung in zip(pair, before, strict=True)]
