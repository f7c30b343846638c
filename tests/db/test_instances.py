"""Processes on one server say that they live and what they are; a file has one, and nothing is written of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from db import Store
from db.instances import Instance, ProcessRole
from db.tables import instances

HEARD_AT = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
ONE = Instance(
    "serve of one",
    sockets=2,
    connections=3,
    sockets_wanted=2,
    connected_since=HEARD_AT,
    app_id="A1",
    heard_at=HEARD_AT,
    trouble="Slack cannot be reached.",
    version="1.2.3",
    refusal="Slack refuses a token.",
)
OTHER = Instance("serve of another", ProcessRole.WEB)


@pytest.fixture
def server(store: Store) -> Store:
    """A database that several processes may be on."""
    if store.place.endswith("sqlite3"):
        pytest.skip("a file has one process")
    return store


async def beat(store: Store, *says: Instance) -> tuple[Instance, ...]:
    async with store.transaction() as tx:
        for each in says:
            await tx.instances.beat(each.instance, each)
        return await tx.instances.list_said()


async def falls_silent(store: Store, instance: str) -> None:
    async with store.transaction() as tx:
        ours = instances.c.instance == instance
        then = datetime(2026, 1, 1, tzinfo=UTC)
        await tx.instances._connection.execute(sa.update(instances).where(ours).values(heartbeat_at=then))


async def test_what_a_process_says_is_read_by_all_in_the_order_in_which_they_started(server: Store) -> None:
    await beat(server, ONE)
    one, other = await beat(server, OTHER)

    assert ONE == replace(one, started_at=None)
    assert OTHER == replace(other, started_at=None)
    assert one.started_at is not None
    assert other.started_at is not None
    assert one.started_at <= other.started_at


async def test_a_process_started_when_it_first_said_so(server: Store) -> None:
    (first,) = await beat(server, ONE)
    (later,) = await beat(server, replace(ONE, sockets=0))

    assert first.started_at == later.started_at
    assert 0 == later.sockets


async def test_whoever_was_silent_too_long_is_not_listed_and_comes_back_as_it_was(server: Store) -> None:
    (first, _) = await beat(server, ONE, OTHER)
    await falls_silent(server, ONE.instance)

    assert [OTHER.instance] == [each.instance for each in await beat(server)]
    assert first in await beat(server, replace(ONE, started_at=first.started_at))


async def test_a_row_that_was_silent_for_long_goes_with_the_next_process_that_comes(server: Store) -> None:
    await beat(server, ONE)
    async with server.transaction() as tx:
        then = (await tx.instances._now()) - timedelta(minutes=2)
        await tx.instances._connection.execute(sa.update(instances).values(heartbeat_at=then))
    await beat(server, OTHER)

    async with server.transaction() as tx:
        rows = await tx.instances._connection.scalars(sa.select(instances.c.instance))
        assert [OTHER.instance] == list(rows)


@pytest.mark.runs_on("postgresql", because="MariaDB holds up whoever only looks whether a row is meant")
async def test_nobody_is_held_up_by_the_row_of_whoever_is_dead(store: Store) -> None:
    await beat(store, ONE, OTHER)
    await falls_silent(store, ONE.instance)
    async with store.transaction() as one, store.transaction() as other:
        dead = sa.select(instances).where(instances.c.instance == ONE.instance).with_for_update()
        await one.instances._connection.execute(dead)

        await other.instances.lock()


async def test_whoever_leaves_is_gone_at_once(server: Store) -> None:
    await beat(server, ONE, OTHER)
    async with server.transaction() as tx:
        await tx.instances.leave(ONE.instance)

    assert [OTHER.instance] == [each.instance for each in await beat(server)]


async def test_an_older_process_that_says_nothing_of_itself_lives_and_is_not_listed(server: Store) -> None:
    async with server.transaction() as tx:
        await tx.instances.beat("serve of old")
        assert {"serve of old"} == await tx.instances.list_living()

    assert [] == [each.instance for each in await beat(server)]


async def test_a_bare_beat_takes_nothing_back(server: Store) -> None:
    before = await beat(server, ONE)
    async with server.transaction() as tx:
        await tx.instances.beat(ONE.instance)

    assert before == await beat(server)


async def test_of_a_file_nothing_is_written(store: Store) -> None:
    if not store.place.endswith("sqlite3"):
        pytest.skip("this is about a file")

    assert () == await beat(store, ONE, OTHER)
