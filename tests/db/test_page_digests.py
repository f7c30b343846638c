"""A row knows which entry of a page it repeats; whatever writes the row takes that away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from db import Store, drop_contact, purge, record, set_hidden
from db.records import Observation, Source
from db.tables import users
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, all_changes, get_user, keep, rev_of, stored_bytes

LEFT = int((NOW - timedelta(days=400)).timestamp())


def a_page(digest: int | None = 7, *, updated: int = 100, **values: object) -> Observation:
    told = {"real_name": "Ada", "title": None, "email": "ada@x.example"} | values
    return replace(an_observation(updated=updated, source=Source.RUN, **told), digest=digest)


async def digest_of(store: Store) -> int | None:
    async with store.reading() as rx:
        return (await rx.users.find_digests(TEAM, ["U1", "U2"]))["U1"]


@pytest.mark.parametrize("is_backfill", [True, False])
async def test_a_row_knows_the_entry_that_made_it(memory: Store, *, is_backfill: bool) -> None:
    await keep(memory, a_page(-(2**63)), is_backfill=is_backfill)

    assert -(2**63) == await digest_of(memory)


async def test_a_row_learns_of_an_entry_that_repeats_it_and_nothing_else_moves(memory: Store) -> None:
    await keep(memory, an_observation(real_name="Ada", title=None, email="ada@x.example"))
    before = await get_user(memory)

    done = await keep(memory, a_page())

    assert (0, 0, 0) == (done.inserted, done.updated, done.watermarks)
    assert 7 == await digest_of(memory)
    assert before == await get_user(memory)
    assert 1 == await rev_of(memory) == len(await all_changes(memory))


@pytest.mark.parametrize(
    "event",
    [
        an_observation(real_name="Ada King", updated=200),
        an_observation(real_name="Ada", updated=200),
        an_observation(phone="1", updated=50),
        an_observation(is_forgotten=True, updated=50),
    ],
    ids=["newer", "noise", "older", "erased"],
)
async def test_an_event_that_writes_the_row_takes_the_digest_away(memory: Store, event: Observation) -> None:
    await keep(memory, a_page())
    await keep(memory, event)

    assert await digest_of(memory) is None


async def test_an_event_that_writes_nothing_leaves_it(memory: Store) -> None:
    await keep(memory, a_page())
    await keep(memory, an_observation(real_name="Adah", updated=50))

    assert 7 == await digest_of(memory)


async def test_within_one_batch_the_last_word_counts(memory: Store) -> None:
    await keep(memory, a_page(), an_observation(real_name="Ada King", updated=200))
    assert await digest_of(memory) is None

    await keep(memory, an_observation(real_name="Ada", updated=300), a_page(9, updated=400))
    assert 9 == await digest_of(memory)


async def test_an_entry_that_is_behind_the_row_is_read_again_each_time(memory: Store) -> None:
    await keep(memory, an_observation(real_name="Ada King", updated=200))
    await keep(memory, a_page())

    assert await digest_of(memory) is None


async def test_of_whoever_lost_their_contact_data_no_digest_stays(memory: Store) -> None:
    page = a_page(updated=LEFT, deleted=True)
    await keep(memory, page)
    async with memory.transaction() as tx:
        await drop_contact(tx, TEAM, ["U1"], left_before=NOW - timedelta(days=365), now=NOW)
    assert await digest_of(memory) is None

    before = await stored_bytes(memory, users)
    await keep(memory, page)

    assert before == await stored_bytes(memory, users)


async def test_of_the_erased_no_digest_is_kept(memory: Store) -> None:
    await keep(memory, a_page(deleted=True))
    async with memory.transaction() as tx:
        await purge(tx, TEAM, "U1", now=NOW)
    await keep(memory, a_page(deleted=True, real_name="Erased", updated=200))

    assert await digest_of(memory) is None


async def test_whoever_is_hidden_is_read_once_more(memory: Store) -> None:
    await keep(memory, a_page())
    async with memory.transaction() as tx:
        await set_hidden(tx, TEAM, "U1", is_hidden=True, now=NOW)
    assert await digest_of(memory) is None

    async with memory.transaction() as tx:
        await record(tx, TEAM, [a_page()], now=NOW)

    assert 7 == await digest_of(memory)
