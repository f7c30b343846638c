"""Sign-in links: spent once, by one, in time; what is stored opens nothing."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.housekeeping import LINKS_KEEP, prune
from db import Store
from db.engine import open_writer, parse_url
from db.records import Signin
from db.signins import LINK_LIFETIME
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, keep

BLINK = timedelta(microseconds=1)


async def make(store: Store, user_id: str = "U1", team_id: str = TEAM) -> str:
    async with store.transaction() as tx:
        return await tx.signins.make(team_id, user_id, now=NOW)


async def spend(store: Store, token: str, now: datetime = NOW) -> bool:
    async with store.transaction() as tx:
        return await tx.signins.spend(token, now=now)


async def find(store: Store, token: str, now: datetime = NOW) -> Signin | None:
    async with store.reading() as rx:
        return await rx.signins.find(token, now=now)


async def test_a_link_is_found_by_its_token_as_often_as_one_looks(store: Store) -> None:
    token = await make(store)

    assert [Signin(TEAM, "U1", NOW, NOW + LINK_LIFETIME)] * 2 == [await find(store, token), await find(store, token)]


async def test_a_link_is_spent_once(store: Store) -> None:
    token = await make(store)

    assert [True, False] == [await spend(store, token), await spend(store, token)]
    assert await find(store, token) is None


async def test_of_many_who_spend_at_the_same_moment_one_succeeds(store: Store) -> None:
    token = await make(store)

    assert [True] == [each for each in await asyncio.gather(*(spend(store, token) for _ in range(5))) if each]


async def test_a_link_is_good_until_its_last_moment(store: Store) -> None:
    token = await make(store)
    end = NOW + LINK_LIFETIME

    assert (None, False) == (await find(store, token, end), await spend(store, token, end))
    assert await spend(store, token, end - BLINK)


async def test_a_second_link_leaves_the_first_good(store: Store) -> None:
    first, second = await make(store), await make(store)

    assert first != second
    assert [True, True] == [await spend(store, second), await spend(store, first)]


@pytest.mark.parametrize("token", ["", "x", "\ud800", "é" * 5000, "' OR 1=1 --", "\x00"])
async def test_a_token_that_nobody_made_opens_nothing(store: Store, token: str) -> None:
    await make(store)

    assert (None, False) == (await find(store, token), await spend(store, token))


async def test_what_is_stored_is_a_digest(store: Store, database_url: str) -> None:
    token = await make(store)
    engine = open_writer(parse_url(database_url))
    async with engine.begin() as connection:
        (row,) = await connection.execute(sa.text("SELECT * FROM signins"))
    await engine.dispose()

    assert hashlib.sha256(token.encode()).hexdigest() == row.digest
    assert token not in str(row)
    assert len(token) >= 43


async def test_the_links_of_an_erased_user_go_with_them(memory: Store) -> None:
    await keep(memory, an_observation("U1"), an_observation("U2"))
    erased, other, elsewhere = await make(memory), await make(memory, "U2"), await make(memory, "U1", "T0OTHER001")

    await keep(memory, an_observation("U1", is_forgotten=True, updated=200))

    assert await find(memory, erased) is None
    assert await find(memory, other)
    assert await find(memory, elsewhere)


async def test_old_links_are_swept_away(store: Store) -> None:
    token = await make(store)
    ends = NOW + LINK_LIFETIME

    await prune(store, now=ends + LINKS_KEEP, history_keep=timedelta(days=1))
    kept = await find(store, token)
    await prune(store, now=ends + LINKS_KEEP + BLINK, history_keep=timedelta(days=1))

    assert kept
    assert await find(store, token) is None
