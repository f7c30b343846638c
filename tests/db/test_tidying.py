"""SQLite's index of words: merged a little with each commit, so that no commit merges hundreds of pages at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from db import Store
from tests.support.factories import TEAM, an_observation
from tests.support.memory import install, keep

PEOPLE = 1_500
PAGES, PIECES = 24, 24
"""What a commit of one event may write of the index at most, and of so many pieces it may be. Both are far off."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "usersync.sqlite3"


@pytest.fixture
def books(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file)) as books:
        yield books


def pages_of(books: sqlite3.Connection) -> set[int]:
    return {row[0] for row in books.execute("SELECT id FROM users_search_data")}


def count_pieces(books: sqlite3.Connection) -> int:
    found: tuple[int] = books.execute("SELECT count(DISTINCT segid) FROM users_search_idx").fetchone()
    return found[0]


async def fill(store: Store) -> None:
    await install(store, TEAM)
    people = [
        an_observation(f"U{number}", updated=1, real_name=f"Ada{number * 7919} Lovelace{number * 104729} Byron{number}")
        for number in range(PEOPLE)
    ]
    for start in range(0, PEOPLE, 100):
        await keep(store, *people[start : start + 100], is_backfill=True)


async def test_no_commit_of_an_event_waits_for_a_merge_of_many_pages(file: Path, books: sqlite3.Connection) -> None:
    store = await Store.open(f"sqlite:///{file}")
    await fill(store)
    written, pieces = [], [count_pieces(books)]
    for turn in range(400):
        before = pages_of(books)
        await keep(store, an_observation(f"U{turn * 37 % PEOPLE}", updated=2 + turn, title=f"Engineer {turn * 611953}"))
        written.append(len(pages_of(books) - before))
        pieces.append(count_pieces(books))
    await store.close()

    assert max(written) <= PAGES
    assert max(pieces) <= PIECES
    books.execute("INSERT INTO users_search (users_search, rank) VALUES ('integrity-check', 1)")


async def test_batches_leave_few_pieces_too(file: Path, books: sqlite3.Connection) -> None:
    store = await Store.open(f"sqlite:///{file}")
    await fill(store)
    pieces = []
    for turn in range(30):
        people = [
            an_observation(f"U{(turn * 37 + number) % PEOPLE}", updated=2 + turn, title=f"Engineer {turn * number}")
            for number in range(100)
        ]
        await keep(store, *people)
        pieces.append(count_pieces(books))
    await store.close()

    assert max(pieces) <= PIECES


async def test_a_file_that_merges_by_itself_is_told_to_stop(file: Path, books: sqlite3.Connection) -> None:
    await (await Store.open(f"sqlite:///{file}")).close()
    with books:
        books.execute("INSERT INTO users_search (users_search, rank) VALUES ('automerge', 4)")

    await (await Store.open(f"sqlite:///{file}")).close()

    assert [(0,)] == books.execute("SELECT v FROM users_search_config WHERE k = 'automerge'").fetchall()
