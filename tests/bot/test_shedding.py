"""More than may wait for the database is shed at once: not acked, told as a gap, and no burden on what waits."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from bot.entries import entry_of
from bot.ingest import Ingest, Late, Outcome, Shed
from db import Store
from tests.bot.test_parse import NOW_S
from tests.support.factories import TEAM, a_user_payload, an_event
from tests.support.memory import install

LIMIT = 10


async def test_what_comes_on_top_of_too_much_is_shed_at_once_and_asks_for_a_run(tmp_path: Path) -> None:
    file, gaps = tmp_path / "usersync.sqlite3", []
    store = await Store.open(f"sqlite:///{file}")
    await install(store, TEAM)
    ingest = Ingest(store, clock=lambda: datetime.now(UTC), on_gap=gaps.append, budget_s=30, in_flight=LIMIT)
    entries = [
        entry_of(an_event(a_user_payload(f"U{number}"), event_id=f"Ev{number}"), now_s=NOW_S)
        for number in range(3 * LIMIT)
    ]

    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        waiting = [asyncio.create_task(ingest.accept(entry)) for entry in entries]
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        shed = [task for task in done if isinstance(task.exception(), Shed)]
        told = list(gaps)
        connection.execute("ROLLBACK")
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    await ingest.drained()
    await store.close()

    assert len(shed) >= LIMIT
    assert [f"{LIMIT} events are waiting for the database"] * len(shed) == told
    assert {Outcome, Shed} == {type(each) for each in outcomes} - {Late}
