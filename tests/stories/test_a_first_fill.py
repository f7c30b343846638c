"""A first fill of SQLite keeps no index while rows pour in: all are there once it waits, fails or is gone on with."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.runs.claim import Order
from bot.runs.progress import Progress
from bot.runs.put_off import PutOff
from bot.runs.runner import RunPace
from bot.simulator import Simulator
from db import Store
from db.dialects import make_index
from db.engine import open_writer, parse_url
from db.filters import Counts, Page, UserFilter
from db.records import RunKind, User
from db.tables import users
from tests.support.factories import TEAM, an_observation
from tests.support.memory import install, keep
from tests.support.runs import a_runner
from tests.support.waiting import eventually


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "usersync.sqlite3"


@pytest.fixture
async def store(file: Path) -> Store:
    return await Store.open(f"sqlite:///{file}")


def indexes(file: Path) -> dict[str, str]:
    """Read the indexes of the users from outside, as SQLite has them."""
    asked = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'users' AND sql IS NOT NULL"
    with closing(sqlite3.connect(file)) as connection:
        return dict(connection.execute(asked).fetchall())


async def put_off(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.users.put_off_indexes()


async def make_all(store: Store) -> int:
    """Make one after the other, each by a transaction of its own; count them."""
    made = 0
    while True:
        async with store.transaction() as tx:
            if not await tx.users.make_index():
                return made
        made += 1


async def ask(store: Store) -> list[Page | Counts | tuple[User, ...]]:
    """Ask what a reader asks."""
    asked = [UserFilter(), UserFilter(q="ada"), UserFilter(titles=frozenset({"engineer"}))]
    async with store.reading() as rx:
        pages = [await rx.users.list_users(each, limit=3) for each in asked]
        counts = [await rx.users.count_users(each) for each in asked]
        return [*pages, *counts, await rx.users.list_by_email_key("u1@meridian.example")]


async def test_whatever_is_asked_meanwhile_is_answered_as_with_an_index(store: Store, file: Path) -> None:
    at_first = indexes(file)
    await install(store, TEAM)
    await put_off(store)
    people = [
        an_observation(f"U{number}", real_name=f"Ada {number}", title="Engineer", email=f"u{number}@meridian.example")
        for number in range(1, 8)
    ]
    await keep(store, *people)
    assert {} == indexes(file)
    meanwhile = await ask(store)

    assert len(at_first) == await make_all(store) > 8
    assert at_first == indexes(file)
    assert meanwhile == await ask(store)
    await store.close()


async def test_a_table_with_anybody_in_it_keeps_its_indexes(store: Store, file: Path) -> None:
    at_first = indexes(file)
    await install(store, TEAM)
    await keep(store, an_observation("U1"))

    await put_off(store)

    assert at_first == indexes(file)
    await store.close()


async def test_the_next_run_makes_what_a_killed_fill_had_put_off(store: Store, file: Path, slack: Simulator) -> None:
    at_first = indexes(file)
    await put_off(store)
    await install(store, slack.team_id)
    await keep(store, an_observation("U1"))
    assert {} == indexes(file)

    async with a_runner(slack, store) as runner:
        await runner.run(slack.team_id, Order(), on_start=lambda _: None)

    assert at_first == indexes(file)
    await store.close()


async def test_whoever_breaks_a_fill_off_at_once_leaves_them_all(store: Store, file: Path, slack: Simulator) -> None:
    at_first = indexes(file)
    async with a_runner(slack, store) as runner:
        run = asyncio.create_task(runner.run(slack.team_id, Order(), on_start=lambda _: run.cancel()))
        await asyncio.gather(run, return_exceptions=True)

    assert at_first == indexes(file)
    await store.close()


async def test_they_are_made_while_the_fill_waits_for_slack(store: Store, file: Path, slack: Simulator) -> None:
    at_first, waits, may_go_on = indexes(file), asyncio.Event(), asyncio.Event()

    async def sleep(_: float) -> None:
        waits.set()
        await may_go_on.wait()

    slack.page_limit = 3
    for number in range(20):
        slack.adds(f"Ada {number}")
    pace = RunPace(lists_a_minute=4, asks_a_minute=10_000)
    async with a_runner(slack, store, pace=pace, sleep=sleep) as runner:
        run = asyncio.create_task(runner.run(slack.team_id, Order(), on_start=lambda _: None))
        await waits.wait()
        await eventually(lambda: at_first == indexes(file), of="the indexes of a fill that waits")
        may_go_on.set()
        assert 22 == (await run).run.seen

    assert at_first == indexes(file)
    await store.close()


async def test_a_fill_that_is_broken_off_leaves_them_all(store: Store, file: Path, slack: Simulator) -> None:
    at_first, waits = indexes(file), asyncio.Event()

    async def sleep(_: float) -> None:
        waits.set()
        await asyncio.Event().wait()

    slack.page_limit = 3
    for number in range(9):
        slack.adds(f"Ada {number}")
    async with a_runner(slack, store, pace=RunPace(lists_a_minute=1), sleep=sleep) as runner:
        run = asyncio.create_task(runner.run(slack.team_id, Order(), on_start=lambda _: None))
        await waits.wait()
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)

    assert at_first == indexes(file)
    await store.close()


async def test_whoever_makes_an_index_has_its_cache_back(store: Store, file: Path) -> None:
    """What is sorted for it lies in the memory of the cache, which everything after it needs again."""
    await store.close()
    asked, engine = "PRAGMA cache_size", open_writer(parse_url(f"sqlite:///{file}"))
    async with engine.begin() as connection:
        at_first = await connection.exec_driver_sql(asked)
        await connection.exec_driver_sql("DROP INDEX users_by_name")
        is_made = await make_index(connection, users)
        after = await connection.exec_driver_sql(asked)
    await engine.dispose()

    assert is_made
    assert at_first.scalar_one() == after.scalar_one()


async def test_whoever_fills_is_told_when_rows_begin_to_cost_more(store: Store, file: Path) -> None:
    at_first, progress = indexes(file), Progress(TEAM, RunKind.BACKFILL, datetime.now(UTC))
    put_off = PutOff(store, progress)
    async with put_off.during(may_begin=True):
        assert not await put_off.after_page()
        assert {} == indexes(file)
        progress.waits = "Slack wants a pause."
        assert await put_off.after_page()
        assert at_first == indexes(file)
        assert not await put_off.after_page(), "there is nothing left to make"
    await store.close()
