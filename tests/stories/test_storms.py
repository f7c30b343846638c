"""Promise 5 in a storm: events by the hundred, most of them noise, and only real changes are written as changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.service import Service
from bot.simulator import Simulator
from db.records import SLACK_FIELDS
from tests.support.locks import held
from tests.support.storm import HUDDLE, Books, Storm, check_acks, check_promotions, check_rows, check_writes, crowd
from tests.support.waiting import eventually

FIELDS = ", ".join((*SLACK_FIELDS, "kind", "state", "sort_key", "search_text", "rev", "changed_at"))
Start = Callable[..., Any]


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A pretend Slack that sends again within seconds, and for as long as it takes."""
    async with Simulator(retry_delays=(0.0, *[1.0] * 30)) as simulator:
        yield simulator


async def storm_over(slack: Simulator, start: Start, database_url: str, *, people: int) -> tuple[Service, Storm, Books]:
    """Have a service know so many people, and count what it writes from now on."""
    storm = Storm(slack, crowd(slack, people), seed=7)
    service: Service = await start()
    await eventually(lambda: service.runs.finished, within_s=40, of="the first run")
    books = Books(database_url)
    await books.count_writes()
    return service, storm, books


async def test_a_storm_is_acked_whole_and_only_real_changes_are_written_as_changes(
    slack: Simulator, start: Start, database_url: str
) -> None:
    _, storm, books = await storm_over(slack, start, database_url, people=100)

    await storm.rages(1_500, window=300)

    check_acks(slack)
    check_rows(storm, books)
    check_writes(storm, books)
    check_promotions(storm, books)


async def test_a_storm_of_noise_alone_moves_nothing_but_watermarks(
    slack: Simulator, start: Start, database_url: str
) -> None:
    _, storm, books = await storm_over(slack, start, database_url, people=3)
    before = books.rows(f"SELECT {FIELDS} FROM users ORDER BY id")
    rings = books.number("SELECT rev FROM workspaces")

    for _ in range(100):
        for user in storm.people:
            for huddle in HUDDLE:
                slack.changes(user, **huddle)
    await slack.eventually_acked(timeout=60)

    assert before == books.rows(f"SELECT {FIELDS} FROM users ORDER BY id")
    assert rings == books.number("SELECT rev FROM workspaces")
    assert 0 == books.number("SELECT count(*) FROM changes WHERE user_id IS NOT NULL")
    assert 0 == books.number("SELECT count(*) FROM storm_index_writes")
    assert 3 <= books.number("SELECT count(*) FROM storm_writes") <= 600


@pytest.mark.slow
async def test_what_is_shed_while_the_database_is_held_comes_again_and_is_followed_by_a_run(
    slack: Simulator, start: Start, database_url: str
) -> None:
    service, storm, books = await storm_over(slack, start, database_url, people=100)
    runs = service.runs.finished

    async with held(books.url):
        raging = asyncio.create_task(storm.rages(3_000, window=5_000))
        await eventually(lambda: service.ingest.tally.not_committed > 500, within_s=40, of="events shed")
        acked_meanwhile = len(slack.acked())
    await raging

    assert 0 == acked_meanwhile
    check_acks(slack)
    check_rows(storm, books)
    check_writes(storm, books)
    await eventually(lambda: service.runs.finished > runs, within_s=40, of="the run after it")
