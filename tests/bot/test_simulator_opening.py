"""The demo's opening: there is news at once, and all of it was told by events."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.service import Service
from bot.simulator import Simulator
from bot.simulator.opening import ANNIVERSARIES, JOINERS, LEAVERS, MOVERS, opening
from db import Sight, looking
from web.latest import week_of


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A workspace with enough people for a story."""
    async with Simulator(crowd=60) as simulator:
        yield simulator


@pytest.mark.parametrize("seed", range(3))
async def test_there_is_news_of_every_sort(slack: Simulator, service: Service, seed: int) -> None:
    for act in opening(slack, random.Random(seed)):
        act()
    await slack.eventually_acked()
    since, today = datetime.now(UTC) - timedelta(days=30), datetime.now(UTC).date()
    async with looking(service.store, Sight()) as seen:
        joined = await seen.latest.joined(since, limit=50)
        moved = await seen.latest.moved(since, limit=50)
        left = await seen.latest.left(since, limit=50)
        years = [len(await seen.latest.started_on(day, limit=50)) for day in week_of(today)]

    # Whoever the dice chose twice may have left since.
    assert JOINERS - LEAVERS <= len(joined) <= JOINERS
    assert 1 <= len(moved) <= MOVERS
    assert LEAVERS == len(left)
    assert 1 <= sum(years) <= len(ANNIVERSARIES)
