"""More than may wait for the database is shed at once: not acked, told as a gap, and no burden on what waits."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot.entries import entry_of
from bot.ingest import Ingest, Late, Outcome, Shed
from db import Store
from tests.bot.test_parse import NOW_S
from tests.support.engines import WHOLE
from tests.support.factories import TEAM, a_user_payload, an_event
from tests.support.locks import held
from tests.support.memory import install

pytestmark = pytest.mark.runs_on(*WHOLE, because="a lock is not the same everywhere")

LIMIT = 10


async def test_what_comes_on_top_of_too_much_is_shed_at_once_and_asks_for_a_run(database_url: str) -> None:
    gaps: list[str] = []
    store = await Store.open(database_url)
    await install(store, TEAM)
    ingest = Ingest(store, clock=lambda: datetime.now(UTC), on_gap=gaps.append, budget_s=30, in_flight=LIMIT)
    entries = [
        entry_of(an_event(a_user_payload(f"U{number}"), event_id=f"Ev{number}"), now_s=NOW_S)
        for number in range(3 * LIMIT)
    ]

    async with held(database_url) as lock:
        waiting = [asyncio.create_task(ingest.accept(entry)) for entry in entries]
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        shed = [task for task in done if isinstance(task.exception(), Shed)]
        told = list(gaps)
        lock.rollback()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    await ingest.drained()
    await store.close()

    assert len(shed) >= LIMIT
    assert [f"{LIMIT} events are waiting for the database"] * len(shed) == told
    assert {Outcome, Shed} == {type(each) for each in outcomes} - {Late}
