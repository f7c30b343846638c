"""Group commit at its bounds: what is being written is in flight, and a letter that nobody can keep hurts no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.entries import Entry, entry_of
from bot.ingest import Ingest, NotCommitted, Shed, Unavailable
from db import Store
from tests.support.engines import WHOLE
from tests.support.factories import TEAM, a_user_payload, an_event
from tests.support.locks import held
from tests.support.memory import NOW, install
from tests.support.refusing import refuse
from tests.support.waiting import eventually

pytestmark = pytest.mark.runs_on(*WHOLE, because="what is tried here is ours, and a lock is not the same everywhere")

NOW_S = 1_700_000_100


def joined(number: int) -> Entry:
    event = an_event(a_user_payload(f"U{number}"), kind="team_join", event_id=f"Ev{number}")
    return entry_of(event, now_s=NOW_S)


def unreadable(number: int) -> Entry:
    return entry_of(an_event(f"poison {number}", event_id=f"EvBad{number}"), now_s=NOW_S)


def an_ingest(store: Store, *, in_flight: int = 2_000, budget_s: float = 30) -> Ingest:
    return Ingest(store, clock=lambda: NOW, on_gap=lambda _: None, in_flight=in_flight, budget_s=budget_s)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A memory with one workspace in it."""
    store = await Store.open(database_url)
    await install(store, TEAM)
    yield store
    await store.close()


async def test_a_batch_that_is_being_written_counts_as_in_flight(store: Store, database_url: str) -> None:
    ingest = an_ingest(store, in_flight=3)
    async with held(database_url) as lock:
        waiting = [asyncio.create_task(ingest.accept(joined(number))) for number in range(3)]
        await eventually(lambda: any("commit" in task.get_name() for task in asyncio.all_tasks()), of="a committer")
        await asyncio.wait(waiting, timeout=0.1)  # by then the batch is taken

        with pytest.raises(Shed):
            await ingest.accept(joined(4))
        lock.rollback()
        await asyncio.gather(*waiting)
    await ingest.drained()

    assert 0 == ingest.in_flight
    assert 3 == ingest.tally.committed


async def test_a_letter_whose_payload_the_database_refuses_is_kept_for_its_reason(
    store: Store, database_url: str
) -> None:
    await refuse(database_url, "INSERT", "dead_letters", when="NEW.payload LIKE '%poison%'")
    ingest = an_ingest(store)

    done = await asyncio.gather(*(ingest.accept(each) for each in (joined(1), unreadable(1), joined(2))))

    async with store.reading() as rx:
        (letter,) = await rx.dead_letters.list_newest(10)
        known = await rx.users.find_users(TEAM, ["U1", "U2"])
    assert {"U1", "U2"} == set(known)
    assert [False, True, False] == [outcome.reason is not None for outcome in done]
    assert "refuses to keep it" in letter.payload
    assert "poison" not in letter.payload


async def test_a_letter_that_the_database_refuses_in_any_form_stays_unacked_alone(
    store: Store, database_url: str
) -> None:
    await refuse(database_url, "INSERT", "dead_letters")
    ingest = an_ingest(store)

    done = await asyncio.gather(
        *(ingest.accept(each) for each in (joined(1), unreadable(1), joined(2), unreadable(2))), return_exceptions=True
    )

    async with store.reading() as rx:
        known = await rx.users.find_users(TEAM, ["U1", "U2"])
    assert {"U1", "U2"} == set(known)
    assert [False, True, False, True] == [isinstance(outcome, Unavailable) for outcome in done]
    assert (2, 0, 2) == (ingest.tally.committed, ingest.tally.put_aside, ingest.tally.not_committed)


async def test_a_commit_later_than_the_budget_is_not_committed_for_whoever_waits(
    store: Store, database_url: str
) -> None:
    ingest = an_ingest(store, budget_s=0.2)
    async with held(database_url) as lock:
        with pytest.raises(NotCommitted, match="no commit within"):
            await ingest.accept(joined(1))
        lock.rollback()
    await ingest.drained()

    assert 1 == ingest.tally.committed
