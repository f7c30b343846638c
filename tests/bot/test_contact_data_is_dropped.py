"""E-mail address and phone of whoever left go after a while, from their history too; only a return lifts that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.housekeeping import SLICE, drop_old_contact
from db import Store, mark_missing
from db.records import Change, Observation, Position, Source
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, all_changes, get_user, install, keep, rev_of

KEEP = timedelta(days=90)
LEFT = int((NOW - KEEP).timestamp()) - 1
CONTACT = {"email": "ada@x.example", "phone": "+44 20", "is_email_confirmed": True}


@pytest.fixture
async def memory(store: Store) -> Store:
    await install(store, TEAM)
    return store


async def drop(store: Store) -> int:
    return await drop_old_contact(store, now=NOW, contact_keep=KEEP)


async def leave(store: Store, *, at: int = LEFT) -> None:
    await keep(store, an_observation(updated=at - 9, real_name="Ada", deleted=False, **CONTACT))
    await keep(store, an_observation(updated=at - 8, real_name="Ada", phone="+44 21", deleted=False))
    await keep(store, an_observation(updated=at - 7, title="Countess", phone="+44 20", deleted=False))
    await keep(store, an_observation(updated=at, deleted=True))


async def contact_of(store: Store) -> tuple[str | None, str | None, bool | None]:
    user = await get_user(store)
    return user.email, user.phone, user.is_email_confirmed


def told_again(source: Source, *, updated: int = LEFT) -> Observation:
    return an_observation(source=source, updated=updated, moment=5, deleted=True, **CONTACT)


async def of_ada(store: Store) -> list[Change]:
    async with store.reading() as rx:
        return list(await rx.changes.list_changes(Position({})))


async def test_whoever_is_active_or_left_of_late_keeps_it(memory: Store) -> None:
    await keep(memory, an_observation(updated=LEFT, deleted=False, **CONTACT))
    assert 0 == await drop(memory)
    await keep(memory, an_observation(updated=LEFT + 1, deleted=True))

    assert 0 == await drop(memory)
    assert tuple(CONTACT.values()) == await contact_of(memory)


async def test_it_goes_from_the_row_and_from_what_is_recorded_and_the_change_holds_no_value(memory: Store) -> None:
    await leave(memory)
    rev = await rev_of(memory)

    assert 1 == await drop(memory)

    row, told = await get_user(memory), await of_ada(memory)
    assert ((None, None, None), "", NOW) == (await contact_of(memory), row.email_key, row.contact_dropped_at)
    assert "ada@" not in row.search_text
    assert not [each for each in told if set(CONTACT) & set(each.fields)]
    assert [({}, {"real_name": "Ada", "deleted": False}), ({"title": None}, {"title": "Countess"})] == [
        (each.before, each.after) for each in told[:2]
    ]
    last = told[-1]
    assert ({"contact_dropped_at": None}, Source.RETENTION) == (last.before, last.source)
    assert not last.is_new_user
    assert not last.is_reset
    assert (rev + 1, rev + 1) == (await rev_of(memory), row.rev)
    assert 0 == await drop(memory)


async def test_whoever_is_missing_for_long_loses_it_as_well(memory: Store) -> None:
    await keep(memory, an_observation(updated=LEFT, deleted=False, **CONTACT))
    async with memory.transaction() as tx:
        await mark_missing(tx, TEAM, ["U1"], since=NOW - KEEP - timedelta(seconds=1), now=NOW)

    assert 1 == await drop(memory)
    assert (None, None, None) == await contact_of(memory)


async def test_pages_and_events_do_not_bring_it_back_and_a_run_finds_nothing_to_write(memory: Store) -> None:
    await leave(memory)
    await drop(memory)
    rev, before = await rev_of(memory), await get_user(memory)

    repeated = await keep(memory, told_again(Source.RUN))
    newer = await keep(memory, told_again(Source.EVENT, updated=LEFT + 5))

    assert (0, 0, ()) == (repeated.watermarks, repeated.updated, repeated.changes)
    assert (1, 0, ()) == (newer.watermarks, newer.updated, newer.changes)
    assert rev == await rev_of(memory)
    assert (None, None, None) == await contact_of(memory)
    assert before.contact_dropped_at == (await get_user(memory)).contact_dropped_at


async def test_an_old_word_that_they_are_active_lifts_nothing(memory: Store) -> None:
    await leave(memory)
    await drop(memory)

    await keep(memory, an_observation(updated=LEFT - 1, deleted=False, **CONTACT))

    assert (None, None, None) == await contact_of(memory)
    assert (await get_user(memory)).contact_dropped_at


async def test_a_return_lifts_it_and_its_values_are_taken(memory: Store) -> None:
    await leave(memory)
    await drop(memory)

    await keep(memory, an_observation(updated=LEFT + 9, deleted=False, **{**CONTACT, "email": "new@x.example"}))

    row = await get_user(memory)
    assert ("new@x.example", "+44 20", None) == (row.email, row.phone, row.contact_dropped_at)
    assert "new@x.example" == row.email_key


@pytest.mark.parametrize("arrives", ["return first", "leaving first"])
async def test_a_return_that_arrives_after_a_newer_leaving_brings_nothing_back(memory: Store, arrives: str) -> None:
    await leave(memory)
    await drop(memory)
    told = [
        an_observation(updated=LEFT + 300, deleted=False, **CONTACT),
        an_observation(updated=LEFT + 400, deleted=True),
    ]

    for each in told if arrives == "return first" else reversed(told):
        await keep(memory, each)

    kept = tuple(CONTACT.values()) if arrives == "return first" else (None, None, None)
    assert (True, kept) == ((await get_user(memory)).deleted, await contact_of(memory))


async def test_a_row_without_any_is_marked_in_silence_so_that_none_comes(memory: Store) -> None:
    await keep(memory, an_observation(updated=LEFT, deleted=True))
    changes, rev = await all_changes(memory), await rev_of(memory)

    assert 1 == await drop(memory)
    await keep(memory, told_again(Source.RUN))

    assert (changes, rev) == (await all_changes(memory), await rev_of(memory))
    assert (None, None, None) == await contact_of(memory)


async def test_many_are_dropped_a_slice_at_a_time(memory: Store) -> None:
    people = [an_observation(f"U{number:04}", updated=LEFT, deleted=True, **CONTACT) for number in range(SLICE + 5)]
    await keep(memory, *people)

    assert SLICE + 5 == await drop(memory)
    assert 3 == await rev_of(memory)
