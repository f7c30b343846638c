"""SQLite in few trips: a transaction begins with its first statement, and ends with those that are told together."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from db import Store
from db.errors import RowRefused
from tests.support.factories import TEAM
from tests.support.memory import install, keep_people


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


async def look_and_fail_between(store: Store) -> None:
    """Say something, look at it, say something else, and fail before it is committed."""
    async with store.transaction() as tx:
        await tx.say([("UPDATE workspaces SET rev = ?", [(5,)]), ("UPDATE workspaces SET name = ?", [("Ada",)])])
        workspace = await tx.workspaces.find_workspace(TEAM)
        assert workspace is not None
        assert (5, "Ada") == (workspace.rev, workspace.name)
        await tx.say([("UPDATE workspaces SET rev = ?", [(6,)])])
        raise ZeroDivisionError


async def test_what_is_told_together_is_seen_by_the_next_question_and_taken_back_with_the_rest(file: Path) -> None:
    store = await Store.open(f"sqlite:///{file}")
    await install(store, TEAM)
    with pytest.raises(ZeroDivisionError):
        await look_and_fail_between(store)
    async with store.reading() as rx:
        workspace = await rx.workspaces.find_workspace(TEAM)
    assert workspace is not None
    assert 0 == workspace.rev
    await store.close()


async def test_where_one_of_them_is_refused_nothing_of_the_transaction_stands(file: Path) -> None:
    store = await Store.open(f"sqlite:///{file}")
    await install(store, TEAM)
    with pytest.raises(RowRefused):
        async with store.transaction() as tx:
            await tx.say([("UPDATE workspaces SET rev = ?", [(5,)]), ("UPDATE workspaces SET rev = ?", [(None,)])])
    async with store.transaction() as tx:  # the connection is as good as before
        workspace = await tx.workspaces.find_workspace(TEAM)
        assert workspace is not None
        assert 0 == workspace.rev
    await store.close()


async def test_of_rows_that_are_rewritten_together_a_gone_one_stays_gone(file: Path) -> None:
    store = await Store.open(f"sqlite:///{file}")
    await install(store, TEAM)
    await keep_people(store, {f"U{number}": f"Person {number}" for number in range(4)})
    async with store.transaction() as tx:
        stored = await tx.users.find_users(TEAM, [f"U{number}" for number in range(4)])
        await tx.say([("DELETE FROM users WHERE id = ?", [("U0",)])])
        await tx.users.update([replace(user, title=f"Title of {user.id}") for user in stored.values()])
    async with store.reading() as rx:
        found = await rx.users.find_users(TEAM, list(stored))
    assert {user_id: f"Title of {user_id}" for user_id in ("U1", "U2", "U3")} == {
        user_id: user.title for user_id, user in found.items()
    }
    await store.close()


async def test_rows_that_are_rewritten_together_are_each_found_by_number(file: Path) -> None:
    store = await Store.open(f"sqlite:///{file}")
    await install(store, TEAM)
    await keep_people(store, {f"U{number}": f"Ada {number}" for number in range(9)})
    async with store.transaction() as tx:
        stored = await tx.users.find_users(TEAM, ["U2", "U5", "U7"])
        moved = [replace(each, title="Moved", rev=9) for each in stored.values()]
        said = tx.users.rewriting(moved, stored, rev=9, changed_at={})
        await tx.say(said)
        (update,) = (sql for sql, _ in said if sql.startswith("UPDATE"))
        plan = (await tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {update}")).all()
    await store.close()

    assert [] == [row[3] for row in plan if row[3].startswith("SCAN users")]
    assert [row[3] for row in plan if row[3].startswith("SEARCH users USING INTEGER PRIMARY KEY")]
