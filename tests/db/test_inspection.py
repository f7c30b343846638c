"""Looking at a database from outside changes nothing, and tells what is there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from db import Store
from db.errors import ForeignTables, StoreUnavailable, UnusableUrl
from db.inspection import inspect
from db.migrate import newest_revision
from db.records import Workspace


async def test_a_database_in_use_tells_its_revision_and_workspaces(store: Store, database_url: str) -> None:
    async with store.transaction() as tx:
        await tx.workspaces.save_workspace(Workspace("T1", name="Acme", bot_user_id="U1"))

    seen = await inspect(database_url)

    assert newest_revision() == seen.revision == seen.newest
    assert ["Acme"] == [each.name for each in seen.workspaces]
    assert (None if seen.engine != "sqlite" else "wal") == seen.journal_mode


async def test_an_empty_database_stays_empty(empty_url: str) -> None:
    seen = await inspect(empty_url)

    assert seen.revision is None
    assert not seen.workspaces
    again = await inspect(empty_url)
    assert again == seen


async def test_no_file_and_no_folder_is_made(tmp_path: Path) -> None:
    seen = await inspect(f"sqlite:///{tmp_path / 'deep' / 'down' / 'usersync.sqlite3'}")

    assert not seen.is_there
    assert not (tmp_path / "deep").exists()


async def test_somebody_elses_tables_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "theirs.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER)")

    with pytest.raises(ForeignTables):
        await inspect(f"sqlite:///{file}")


async def test_a_database_that_somebody_locks_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'usersync.sqlite3'}"
    await (await Store.open(url)).close()
    with closing(sqlite3.connect(tmp_path / "usersync.sqlite3", isolation_level=None)) as lock:
        lock.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreUnavailable):
            await inspect(url)


async def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(UnusableUrl):
        await inspect("oracle://x/y")


async def test_looking_leaves_the_journal_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "usersync.sqlite3"
    store = await Store.open(f"sqlite:///{file}")
    await store.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")

    looks = [(await inspect(f"sqlite:///{file}")).journal_mode for _ in range(2)]

    assert ["delete", "delete"] == looks
