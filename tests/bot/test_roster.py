"""The roster: who else lives, our place among them, and what is known while the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.roster import Roster
from db import Store
from db.instances import Instance, ProcessRole
from tests.support.engines import Migrated, a_database


class Watch:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
async def server(tmp_path: Path, migrated: Migrated) -> AsyncIterator[Store]:
    """A server that several may be on."""
    async with a_database("postgresql", tmp_path, migrated) as url:
        store = await Store.open(url)
        yield store
        await store.close()


def process(
    store: Store, name: str, *, watch: Watch | None = None, on_left: Callable[[], None] = lambda: None, **says: object
) -> Roster:
    told = Instance(name, **{"sockets_wanted": 2, "app_id": "A1", **says})  # type: ignore[arg-type]
    return Roster(store, name, says=lambda: told, on_left=on_left, monotonic=watch or Watch())


async def say(store: Store, statement: str) -> None:
    async with store.transaction() as tx:
        await tx.instances._connection.execute(sa.text(statement))


async def all_beat(*rosters: Roster) -> None:
    for _ in range(2):
        for each in rosters:
            await each.beat()


async def test_each_knows_the_others_and_its_place_among_those_that_follow_slack(server: Store) -> None:
    web = process(server, "a web", role=ProcessRole.WEB)
    one, two = process(server, "one", sockets=2, connections=3), process(server, "two")
    await all_beat(web, one, two)

    assert ["a web", "one"] == [each.instance for each in two.others]
    assert (0, 1) == (one.rank, two.rank)
    assert (2, 3) == (two.sockets, two.connections("A1"))
    assert ["one", "two"] == [each.instance for each in web.bots]


async def test_replicas_of_another_app_take_none_of_our_share(server: Store) -> None:
    others = [process(server, f"other {number}", app_id="A2", connections=2) for number in range(4)]
    ours = process(server, "ours")
    await all_beat(*others, ours)

    assert 2 == ours.share()
    assert 0 == ours.connections("A1")


async def test_whoever_leaves_is_not_brought_back_by_a_beat_under_way(server: Store) -> None:
    one, two = process(server, "one"), process(server, "two")
    await all_beat(one, two)

    for _ in range(10):
        await asyncio.gather(one.beat(), one.leave(), one.beat())
        await two.beat()
        assert () == two.others


async def test_whoever_leaves_is_not_brought_back_by_a_late_beat(server: Store) -> None:
    one, two = process(server, "one"), process(server, "two")
    await all_beat(one, two)

    await one.leave()
    await one.beat()
    await two.beat()

    assert () == two.others


async def test_while_the_database_is_away_what_was_known_stays(server: Store) -> None:
    one, two = process(server, "one", sockets=2), process(server, "two")
    await all_beat(one, two)

    await say(server, "ALTER TABLE instances RENAME TO nowhere")
    await two.beat()

    assert ["one"] == [each.instance for each in two.others]
    assert 2 == two.sockets


async def test_whoever_could_not_ask_for_long_takes_nobodys_silence_for_death_at_once(server: Store) -> None:
    watch = Watch()
    one, two = process(server, "one", sockets=2), process(server, "two", watch=watch)
    await all_beat(one, two)
    await one.leave()

    watch.now_s += 20
    await two.beat()
    at_first = [each.instance for each in two.others]
    watch.now_s += 3
    await two.beat()

    assert ["one"] == at_first
    assert () == two.others


REFUSED = {"refusal": "Slack refuses it."}


async def test_whose_token_is_refused_leaves_its_share_to_one_that_can_answer(server: Store) -> None:
    refused, well = process(server, "refused", **REFUSED), process(server, "well", sockets=2)
    await all_beat(refused, well)

    assert (0, 2) == (refused.share(), well.share())
    assert (2, 0) == (refused.sockets_wanted, well.sockets_wanted)
    assert (1, 0) == (refused.rank, well.rank), "who can post tells first"
    assert refused.cedes
    assert not well.cedes


@pytest.mark.parametrize("other", [{"sockets": 2, **REFUSED}, {"sockets": 0}, {"sockets": 2, "app_id": "A2"}])
async def test_whose_token_is_refused_keeps_its_share_where_nobody_else_can_answer(
    server: Store, other: dict[str, object]
) -> None:
    refused, another = process(server, "refused", **REFUSED), process(server, "another", **other)
    await all_beat(refused, another)

    assert (2, 2) == (refused.share(), another.share())
    assert not refused.cedes


async def test_the_refused_take_no_place_among_those_that_hold_connections(server: Store) -> None:
    refused = [process(server, f"a refused {number}", **REFUSED) for number in range(9)]
    well = [process(server, f"well {number}", sockets=2) for number in range(2)]
    await all_beat(*refused, *well)

    assert [0] * 9 + [2, 2] == [each.share() for each in [*refused, *well]]


async def test_it_is_told_once_that_one_that_follows_slack_is_gone_however_it_went(server: Store) -> None:
    told: list[str] = []
    ours = process(server, "ours", on_left=lambda: told.append("gone"))
    others = [process(server, "one"), process(server, "two"), process(server, "a web", role=ProcessRole.WEB)]
    await all_beat(*others, ours)

    await others[0].leave()
    await all_beat(others[1], ours)
    after_leaving = list(told)
    await say(server, "UPDATE instances SET heartbeat_at = heartbeat_at - interval '16 s' WHERE instance = 'two'")
    await all_beat(ours)
    after_silence = list(told)
    await others[2].leave()
    await all_beat(ours)

    assert ["gone"] == after_leaving
    assert ["gone", "gone"] == after_silence == told
