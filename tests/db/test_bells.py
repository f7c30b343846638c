"""The bells of several processes on one PostgreSQL ring together; elsewhere whoever waits looks by themselves."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress

import pytest

from bot.backoff import Backoff
from db import Bell, Store
from db.bells import Bells
from db.engine import parse_url
from tests.support.bells import listeners_ended, ringing, rings, stores
from tests.support.lines import a_line
from tests.support.postgres import PostgresServer
from tests.support.promptness import promptly
from tests.support.waiting import eventually

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
where_nothing_carries = pytest.mark.parametrize("database_url", ["sqlite", "mariadb"], indirect=True)


@on_postgresql
async def test_a_commit_of_one_store_rings_the_bell_of_the_other_at_once(database_url: str) -> None:
    async with stores(database_url, 2) as (one, other):

        async def heard(_: int) -> None:
            seen = other.bell.generation
            await rings(one)
            assert await other.bell.wait(after=seen, timeout_s=10)

        await promptly(heard, within_s=0.5)


@on_postgresql
async def test_nothing_is_heard_of_what_was_rolled_back_nor_of_a_commit_that_changes_nothing(database_url: str) -> None:
    async with stores(database_url, 2) as (one, other):
        seen = other.bell.generation
        await _rings_and_fails(one)
        async with one.transaction() as tx:
            await tx.workspaces.list_workspaces()
        await rings(one)
        await other.bell.wait(after=seen, timeout_s=10)

        assert not await other.bell.wait(after=seen + 1, timeout_s=0.3)


@on_postgresql
async def test_a_ring_is_heard_once_by_each_and_told_to_nobody_again(database_url: str) -> None:
    async with stores(database_url, 3) as together:
        before = [each.bell.generation for each in together]
        for number, each in enumerate(together):
            await rings(each)
            for beside, seen in zip(together, before, strict=True):
                await beside.bell.wait(after=seen + number, timeout_s=10)

        at_rest = [not await each.bell.wait(after=each.bell.generation, timeout_s=0.3) for each in together]

        assert [True] * 3 == at_rest
        assert [3] * 3 == [each.bell.generation - seen for each, seen in zip(together, before, strict=True)]


@on_postgresql
async def test_a_store_without_a_line_is_heard_no_sooner_than_its_line_is_there(database_url: str) -> None:
    one = await Store.open(database_url)
    async with stores(database_url, 1) as [other]:
        seen = other.bell.generation
        await rings(one)
        assert not await other.bell.wait(after=seen, timeout_s=0.2)
        async with ringing(one):
            assert await other.bell.wait(after=seen, timeout_s=10)
    await one.close()


@on_postgresql
async def test_whose_listening_backend_was_killed_comes_back_and_rings_for_what_was_missed(database_url: str) -> None:
    async with stores(database_url, 2) as (one, other):
        seen = [each.bell.generation for each in (one, other)]
        ended = await listeners_ended(database_url)
        for each, before in zip((one, other), seen, strict=True):
            assert await each.bell.wait(after=before, timeout_s=20)
        await eventually(lambda: _is_heard(one, other), of="a ring on the new line")

    assert 2 == ended


async def _rings_and_fails(store: Store) -> None:
    with suppress(ZeroDivisionError):
        async with store.transaction() as tx:
            tx.rings()
            raise ZeroDivisionError


async def _is_heard(one: Store, other: Store) -> bool:
    seen = other.bell.generation
    await rings(one)
    return await other.bell.wait(after=seen, timeout_s=0.2)


async def test_a_line_that_fell_silent_is_found_out_and_replaced(postgres: PostgresServer) -> None:
    async with postgres.database() as name, a_line(postgres.port) as line:
        bell = Bell()
        bells = Bells(parse_url(postgres.url(name, port=line.port)), bell=bell, check_every_s=0.1, answer_s=0.3)
        task = asyncio.create_task(bells.ring_together(Backoff(first_s=0.1)), name="bell")
        await bell.wait(after=0, timeout_s=20)

        line.silence()
        await line.mend()

        assert await bell.wait(after=1, timeout_s=20)
        task.cancel()
        await asyncio.wait([task])


async def test_whoever_ends_does_not_wait_for_a_silent_server(postgres: PostgresServer) -> None:
    async with postgres.database() as name, a_line(postgres.port) as line:
        store = await Store.open(postgres.url(name, port=line.port))
        async with ringing(store):
            line.silence()
            store._bells.ring()  # asked for nothing that would be answered
            await asyncio.sleep(0)  # so it is waited for
            started = asyncio.get_running_loop().time()
        took_s = asyncio.get_running_loop().time() - started
        await store.close()
        gc.collect()

    assert took_s < 3


@where_nothing_carries
async def test_elsewhere_listening_ends_at_once_and_a_wait_ends_by_its_time(database_url: str) -> None:
    one, other = await Store.open(database_url), await Store.open(database_url)
    async with asyncio.timeout(5):
        await other.listen(Backoff())
    seen = other.bell.generation
    await rings(one)

    assert not await other.bell.wait(after=seen, timeout_s=0.1)
    await one.close()
    await other.close()
