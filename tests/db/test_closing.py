"""A store that is closed leaves nothing open behind it, be it in use or not."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from db import Store
from tests.support.factories import TEAM
from tests.support.memory import a_letter, install


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the garbage collector complains of; connections that nobody closed do so."""
    gc.collect()
    complaints: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: complaints.append(str(told.exc_value)))
    yield complaints
    gc.collect()


async def read(store: Store) -> None:
    async with store.reading() as rx:
        await rx.workspaces.list_workspaces()


async def write(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.workspaces.list_workspaces()


async def test_what_is_given_back_after_the_end_is_closed_too(database_url: str, left: list[str]) -> None:
    store = await Store.open(database_url)
    async with store.reading() as rx, store.transaction() as tx:
        await store.close()
        seen = (await rx.workspaces.list_workspaces(), await tx.workspaces.list_workspaces())
    gc.collect()

    assert ((), ()) == tuple(map(tuple, seen))
    assert [] == left


async def test_a_store_that_is_closed_in_the_middle_of_questions_answers_them_and_leaves_nothing_open(
    database_url: str, left: list[str]
) -> None:
    store = await Store.open(database_url)
    asking = [asyncio.create_task(each(store)) for each in [*[read] * 6, *[write] * 3]]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*asking)
    await store.close()  # whoever still waited has opened another one
    gc.collect()

    assert [] == left


async def test_a_store_that_is_closed_while_it_tries_to_write_a_file_that_is_held_leaves_nothing_open(
    tmp_path: Path, left: list[str]
) -> None:
    store = await Store.open(f"sqlite:///{tmp_path / 'usersync.sqlite3'}")
    await asyncio.gather(*[read(store) for _ in range(4)])
    with closing(sqlite3.connect(tmp_path / "usersync.sqlite3", isolation_level=None)) as lock:
        lock.execute("BEGIN IMMEDIATE")
        refusal = await store.why_not_written(within_s=0.01)
        trying: Any = store._trying
        await store.close()
        await asyncio.wait({trying})
        lock.execute("ROLLBACK")
    del trying
    gc.collect()

    assert refusal is not None
    assert [] == left


async def test_questions_that_are_cancelled_leave_nothing_open(database_url: str, left: list[str]) -> None:
    store = await Store.open(database_url)
    for turns in range(40):
        asking = [asyncio.create_task(each(store)) for each in (read, write)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in asking:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*asking)
        await asyncio.wait(asking)
    await store.close()
    gc.collect()

    assert [] == left


async def test_a_file_that_is_closed_lies_in_one_piece(tmp_path: Path) -> None:
    file = tmp_path / "usersync.sqlite3"
    store = await Store.open(f"sqlite:///{file}")
    await install(store, TEAM)
    async with store.reading() as rx:  # while somebody reads, what is written cannot leave the log
        await rx.workspaces.list_workspaces()
        for number in range(20):
            async with store.transaction() as tx:
                await tx.dead_letters.put_aside(a_letter(f"event:Ev{number}", payload="x" * 1_000_000))
    await store.close()

    assert [] == beside(file)


def beside(file: Path) -> list[str]:
    """Name what SQLite keeps beside an open file."""
    return [each.name for each in file.parent.iterdir() if each.name.endswith(("-wal", "-shm"))]
