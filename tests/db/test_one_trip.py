"""SQLite in one trip a statement: a transaction begins with its first, and one without any touches nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from db import Store
from tests.support.factories import TEAM
from tests.support.memory import install


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the table lies."""
    return tmp_path / "usersync.sqlite3"


@contextmanager
def another_writer(file: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else at the same file, who waits for no lock."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as connection:
        yield connection


async def fail_after(store: Store, *, rev: int) -> None:
    """Write something, and fail before it is committed."""
    async with store.transaction() as tx:
        await tx.workspaces.set_rev(TEAM, rev)
        raise ZeroDivisionError


async def test_the_first_statement_of_a_transaction_takes_the_write_lock(file: Path) -> None:
    store = await Store.open(f"sqlite:///{file}")
    await install(store, TEAM)
    with another_writer(file) as other:
        async with store.transaction() as tx:
            await tx.workspaces.find_workspace(TEAM)
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    await store.close()


async def test_a_transaction_without_a_statement_waits_for_nobody_and_holds_nobody_up(file: Path) -> None:
    store = await Store.open(f"sqlite:///{file}")
    await install(store, TEAM)
    with another_writer(file) as other:
        other.execute("BEGIN IMMEDIATE")
        async with store.transaction():
            pass
        other.execute("COMMIT")
        async with store.transaction():
            other.execute("BEGIN IMMEDIATE")
            other.execute("COMMIT")
    await store.close()


async def test_what_failed_is_taken_back_and_the_next_transaction_begins_anew(file: Path) -> None:
    store = await Store.open(f"sqlite:///{file}")
    await install(store, TEAM)
    with pytest.raises(ZeroDivisionError):
        await fail_after(store, rev=7)
    async with store.reading() as rx:
        workspace = await rx.workspaces.find_workspace(TEAM)
    assert workspace is not None
    assert 0 == workspace.rev

    async with store.transaction() as tx:
        await tx.workspaces.set_rev(TEAM, 8)
    async with store.reading() as rx:
        workspace = await rx.workspaces.find_workspace(TEAM)
    assert workspace is not None
    assert 8 == workspace.rev
    await store.close()


async def test_a_reader_sees_one_moment_from_its_first_question_on(file: Path) -> None:
    store = await Store.open(f"sqlite:///{file}")
    await install(store, TEAM)
    async with store.reading() as rx:
        before = await rx.workspaces.find_workspace(TEAM)
        async with store.transaction() as tx:
            await tx.workspaces.set_rev(TEAM, 9)
        assert before == await rx.workspaces.find_workspace(TEAM)
    await store.close()
