"""Promise 9 to the byte: of whoever was erased no word is found, in no table, in no file beside them."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.erasure import Erasure, NotWiped
from bot.housekeeping import prune
from bot.wiper import AT_THE_LATEST, Wiper
from db import Store
from db.copies import keep_copy, list_copies
from db.engine import parse_url
from db.wiping import wiping_turn
from tests.support.factories import TEAM, an_observation
from tests.support.leftovers import leftovers
from tests.support.memory import NOW, a_letter, find_user, get_user, install, keep, put_aside
from tests.support.planting import WORDS, plant, word


@pytest.fixture
async def memory(store: Store) -> Store:
    await install(store, TEAM)
    return store


def file_of(url: str) -> Path | None:
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else None


def touched(file: Path, tail: str) -> Path:
    path = file.with_name(f"{file.name}{tail}")
    path.touch()
    return path


def lose_without_overwriting(file: Path) -> None:
    """Delete as a usersync did that did not overwrite what it deleted."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=OFF")
        columns = "key, reason, payload, source, put_aside_at, times"
        for number in range(200):
            values = (f"old:{number}", "-", word("keyed", "letter") * 500, "event", "2026-01-01 00:00:00.000000", 1)
            connection.execute(f"INSERT INTO dead_letters ({columns}) VALUES (?, ?, ?, ?, ?, ?)", values)
        connection.execute("DELETE FROM dead_letters WHERE key LIKE 'old:%'")
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


async def number_of_users_table(store: Store) -> int:
    """Tell the number that MariaDB gives a table whenever it makes it anew."""
    async with store.transaction() as tx:
        named = "SELECT table_id FROM information_schema.innodb_sys_tables WHERE name = CONCAT(DATABASE(), '/users')"
        return int((await tx.wipes._connection.execute(sa.text(named))).scalar_one())


@contextmanager
def writing_to(store: Store) -> Iterator[list[str]]:
    """Write down which tables are written to meanwhile, each at its first time."""
    tables: list[str] = []

    def note(_: Any, __: Any, sql: str, *___: Any) -> None:
        found = re.match(r"(?:UPDATE|DELETE FROM) (\w+)", sql)
        if found and found[1] not in tables:
            tables.append(found[1])

    engine = store._writer.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield tables
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


async def by_event(store: Store) -> None:
    await keep(store, an_observation(updated=300, deleted=True, is_forgotten=True))
    assert await Wiper(store, clock=lambda: NOW).wipe()


async def by_command(store: Store) -> None:
    await keep(store, an_observation(updated=300, deleted=True))
    assert [line async for line in Erasure(store, clock=lambda: NOW).purge("U1")]


@pytest.mark.parametrize("erase", [by_event, by_command])
async def test_no_word_of_whoever_was_erased_is_left_anywhere(
    memory: Store, database_url: str, erase: Callable[[Store], Awaitable[None]]
) -> None:
    await plant(memory)
    await keep(memory, an_observation("U2", real_name="Grace Hopper", email="grace@x.example"))
    await put_aside(memory, a_letter("event:other", user_id="U2", payload='{"of": "Grace, U10 and XU1"}'))
    if file := file_of(database_url):
        keep_copy(file, "0005", now=NOW)
        lose_without_overwriting(file)
    planted = await leftovers(database_url, WORDS)
    assert set(WORDS) == {word for words in planted.values() for word in words}

    await erase(memory)

    assert {} == await leftovers(database_url, WORDS)
    row = await get_user(memory)
    assert ("erased", True, "", "", None) == (row.kind, row.is_forgotten, row.search_text, row.email_key, row.joined_at)
    async with memory.reading() as rx:
        assert ["event:other"] == [each.key for each in await rx.dead_letters.list_newest(9)]
        assert [(None, None)] == [(each.asked_by, each.cancel_asked_by) for each in await rx.runs.list_runs(9)]
        assert ["Slow."] == [each.words for each in await rx.alerts.list_newest(9)]
        assert [] == await rx.traces.list_links(TEAM, "U1")
        assert [] == await rx.traces.list_ended_sessions(TEAM, "U1")
        assert () == await rx.wishes.list_wishes(TEAM)
        assert () == await rx.wipes.list_due()
    assert "grace@x.example" == (await get_user(memory, "U2")).email


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_copies_are_deleted_and_what_the_way_back_moved_aside_is_named(memory: Store, database_url: str) -> None:
    file = file_of(database_url)
    assert file is not None
    await keep(memory, an_observation(deleted=True, email="ada@x.example"))
    copy = keep_copy(file, "0005", now=NOW)
    half = touched(file, ".before-20260101T000000000000Z-from-0004.unfinished")
    aside = touched(file, ".newer")

    lines = [line async for line in Erasure(memory, clock=lambda: NOW).purge("U1")]

    assert [] == list_copies(file)
    assert {aside.name} == {each.name for each in file.parent.iterdir()} & {aside.name, half.name}
    assert any(str(copy) in line and line.startswith("Deleted") for line in lines)
    assert any(line.startswith(f"- {aside}") for line in lines)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_reader_that_stays_is_told_of_and_the_wiping_is_made_up_for(memory: Store, database_url: str) -> None:
    file = file_of(database_url)
    assert file is not None
    await plant(memory)
    await keep(memory, an_observation(updated=300, deleted=True))
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM users").fetchone()

        with pytest.raises(NotWiped, match="could not be emptied"):
            [line async for line in Erasure(memory, clock=lambda: NOW, patience_s=0).purge("U1")]
        left = await leftovers(database_url, WORDS)
    wiper = Wiper(memory, clock=lambda: NOW + AT_THE_LATEST, is_busy=lambda: True)

    assert left
    assert await wiper.is_time()
    assert await wiper.wipe()
    assert {} == await leftovers(database_url, WORDS)
    assert not await wiper.is_time()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_file_that_is_held_is_said_not_to_be_wiped(memory: Store, database_url: str) -> None:
    file = file_of(database_url)
    assert file is not None
    await keep(memory, an_observation(deleted=True))
    erasure = Erasure(memory, clock=lambda: NOW, patience_s=0)
    lines = erasure.purge("U1")
    await anext(lines)
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")

        with pytest.raises(NotWiped, match="tables, and its bytes are still in the file"):
            [line async for line in lines]

    async with memory.reading() as rx:
        assert 1 == len(await rx.wipes.list_due())


@pytest.mark.runs_on("postgresql", "mariadb", because="a file is rewritten by whoever has its one lock")
async def test_one_process_wipes_at_a_time_and_the_others_leave_it_to_that_one(
    memory: Store, database_url: str
) -> None:
    await plant(memory)
    await keep(memory, an_observation(updated=300, deleted=True))
    erasure = Erasure(memory, clock=lambda: NOW, patience_s=0)
    lines = erasure.purge("U1")
    await anext(lines)
    async with wiping_turn(parse_url(database_url), patience_s=0) as is_ours:
        assert is_ours

        with pytest.raises(NotWiped, match="Another usersync"):
            [line async for line in lines]
        async with memory.reading() as rx:
            due = await rx.wipes.list_due()

    assert 1 == len(due)
    assert await Wiper(memory, clock=lambda: NOW).wipe()
    async with memory.reading() as rx:
        assert () == await rx.wipes.list_due()


@pytest.mark.runs_on("mariadb", because="there it can be told whether a table was made anew")
async def test_what_another_process_has_wiped_meanwhile_is_not_wiped_once_more(
    memory: Store, database_url: str
) -> None:
    await keep(memory, an_observation(email="ada@x.example"))
    await keep(memory, an_observation(updated=300, is_forgotten=True))
    wiper = Wiper(memory, clock=lambda: NOW)
    async with wiping_turn(parse_url(database_url), patience_s=0):
        waiting = asyncio.create_task(wiper.wipe())
        async with memory.transaction() as tx:
            await tx.wipes.resolve(await tx.wipes.list_due())
        before = await number_of_users_table(memory)

    assert await waiting
    assert before == await number_of_users_table(memory)


async def test_an_erasure_writes_in_the_order_of_housekeeping_so_that_neither_waits_for_the_other(
    memory: Store,
) -> None:
    await plant(memory)
    with writing_to(memory) as pruned:
        await prune(memory, now=NOW, history_keep=timedelta(days=1))
    with writing_to(memory) as erased:
        await keep(memory, an_observation(updated=300, deleted=True, is_forgotten=True))

    shared = [table for table in pruned if table not in ("changes", "workspaces")]
    assert shared == [table for table in erased if table in shared]
    assert {"dead_letters", "runs", "alerts", "alert_posts", "signins", "ended_sessions", "wishes"} == set(shared)


async def test_several_erasures_are_wiped_at_once_when_things_are_calm(memory: Store) -> None:
    for number in range(3):
        await keep(memory, an_observation(f"U{number}", email=f"{number}@x.example"))
        await keep(memory, an_observation(f"U{number}", updated=200, is_forgotten=True))
    busy = True
    early = Wiper(memory, clock=lambda: NOW)
    wiper = Wiper(memory, clock=lambda: NOW + AT_THE_LATEST / 2, is_busy=lambda: busy)

    assert not await early.is_time()
    assert not await wiper.is_time()
    busy = False
    assert await wiper.is_time()
    assert await wiper.wipe()
    assert not await wiper.is_time()


async def test_erased_people_of_whom_nothing_was_known_are_no_reason_to_rewrite_a_file(memory: Store) -> None:
    await keep(memory, an_observation(is_forgotten=True))

    async with memory.reading() as rx:
        assert () == await rx.wipes.list_due()
    assert "erased" == (await get_user(memory)).kind


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_deleted_is_overwritten_at_once(memory: Store) -> None:
    async with memory.transaction() as tx:
        connection = tx.users._connection

        assert 1 == (await connection.exec_driver_sql("PRAGMA secure_delete")).scalar()


async def test_an_id_that_only_letters_speak_of_leaves_a_tombstone(memory: Store) -> None:
    await put_aside(memory, a_letter("event:1", user_id=None, payload='{"user": {"id": "U0GONE", "name": 5}}'))
    erasure = Erasure(memory, clock=lambda: NOW)

    lines = [line async for line in erasure.purge(f"{TEAM}/U0GONE")]
    await keep(memory, an_observation("U0GONE", updated=10**9, real_name="Back", email="back@x.example"))

    assert "1 dead letter" in lines[0]
    row = await find_user(memory, "U0GONE")
    assert row is not None
    assert ("erased", None, None) == (row.kind, row.real_name, row.email)
