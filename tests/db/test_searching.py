"""The index of words and the rows: the same after any writes, after a rewrite of the file, and after a start."""

from __future__ import annotations

import random
import sqlite3
import string
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from db import Store
from db.engine import open_writer, parse_url
from db.filters import Lack, UserFilter
from tests.support.engines import Migrated, a_database
from tests.support.factories import TEAM, an_observation
from tests.support.memory import install, keep, keep_people
from tests.support.schemas import make_older


async def found(store: Store, q: str) -> list[str]:
    async with store.reading() as rx:
        page = await rx.users.list_users(UserFilter(q=q, kinds=frozenset(), states=frozenset()))
    return [user.id for user in page.users]


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path, migrated: Migrated) -> AsyncIterator[str]:
    async with a_database(request.param, tmp_path, migrated) as url:
        yield url


async def say(url: str, *statements: str) -> None:
    """Do what somebody else may do to the database."""
    store = await Store.open(url)
    async with store._writer.begin() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
    await store.close()


LEFT_BEHIND = {
    "sqlite": [
        ("DROP TABLE users_search",),
        ("DROP TRIGGER users_search_of_a_new_row",),
        ("DROP TABLE users_search", "DROP TRIGGER users_search_of_a_changed_row"),
        ("INSERT INTO users_search (users_search) VALUES ('delete-all')",),
    ],
    "postgresql": [("DROP INDEX users_search",)],
}


async def test_an_index_that_was_left_behind_is_made_anew_at_the_next_start(url: str) -> None:
    for statements in LEFT_BEHIND[url.partition(":")[0]]:
        await say(url, "DELETE FROM users")
        await say(url, *statements)
        store = await Store.open(url)
        await install(store, TEAM)
        await keep_people(store, {"U1": "Ada Lovelace"})
        await store.close()
        await say(url, *statements)

        store = await Store.open(url)
        await keep_people(store, {"U2": "Ada Byron"})
        assert ["U2", "U1"] == await found(store, "ada"), statements
        await store.close()


async def test_an_index_that_is_whole_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'usersync.sqlite3'}"
    store = await Store.open(url)
    await install(store, TEAM)
    await keep_people(store, {"U1": "Ada Lovelace"})
    await store.close()
    with closing(sqlite3.connect(tmp_path / "usersync.sqlite3")) as file, file:
        file.execute("INSERT INTO users_search (users_search, rowid, search_text) VALUES ('delete', 1, ' nwada ')")
        before = file.execute("SELECT * FROM users_search_data ORDER BY id").fetchall()

    await (await Store.open(url)).close()

    with closing(sqlite3.connect(tmp_path / "usersync.sqlite3")) as file:
        assert before == file.execute("SELECT * FROM users_search_data ORDER BY id").fetchall()


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_written_the_index_holds_what_the_rows_say(tmp_path: Path, seed: int) -> None:
    """SQLite's own comparison of index and rows (sqlite.org/fts5.html, the integrity-check command) finds no fault."""
    rng = random.Random(seed)
    store = await Store.open(f"sqlite:///{tmp_path / 'usersync.sqlite3'}")
    await install(store, TEAM)
    for turn in range(40):
        people = [
            an_observation(
                f"U{rng.randrange(30)}",
                updated=100 + turn,
                moment=turn,
                deleted=rng.random() < 0.2,
                is_forgotten=rng.random() < 0.02,
                real_name=rng.choice(["Ada Lovelace", "山田太郎", "Zoë O'Brien", "", None]),
                title=rng.choice(["Engineer", "Head of Ops", ""]),
            )
            for _ in range(rng.randrange(1, 6))
        ]
        await keep(store, *{each.id: each for each in people}.values())
        if turn % 13 == 5:
            async with store.transaction() as tx:
                await tx.users._connection.execute(sa.text(f"DELETE FROM users WHERE id = 'U{turn}'"))
        if turn % 13 == 12:
            await store.wipe(patience_s=1)  # rewrites the file, in which other tables' rows are numbered anew
    await store.close()

    with closing(sqlite3.connect(tmp_path / "usersync.sqlite3")) as file:
        file.execute("INSERT INTO users_search (users_search, rank) VALUES ('integrity-check', 1)")
        assert [("ok",)] == file.execute("PRAGMA integrity_check").fetchall()


async def test_a_fault_between_index_and_rows_would_be_seen(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path / 'usersync.sqlite3'}")
    await install(store, TEAM)
    await keep_people(store, {"U1": "Ada Lovelace"})
    await store.close()

    with closing(sqlite3.connect(tmp_path / "usersync.sqlite3")) as file:
        file.execute("INSERT INTO users_search (users_search, rowid, search_text) VALUES ('delete', 1, ' nwada ')")
        with pytest.raises(sqlite3.DatabaseError, match="malformed"):
            file.execute("INSERT INTO users_search (users_search, rank) VALUES ('integrity-check', 1)")


async def test_people_of_one_name_stand_together_whichever_usersync_has_read_them(empty_url: str) -> None:
    await make_older(empty_url, "0006", with_workspace=TEAM)
    columns = "team_id, id, updated, moment, kind, state, sort_key, search_text, email_key, rev, real_name, fields"
    told = "'田 中 太 郎', '', '', 0, '田中太郎', '{\"Xf1\": {\"value\": \"A\"}}'"
    said = f"'{TEAM}', 'U1', 100, 0, 'member', 'active', {told}"
    engine = open_writer(parse_url(empty_url))
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"INSERT INTO users ({columns}) VALUES ({said})")
    store = await Store.open(empty_url)
    await keep(store, an_observation("U2", real_name="田中太郎", fields={"Xf1": {"value": "B"}}))
    async with store.reading() as rx:
        keys = {user.sort_key for user in (await rx.users.find_users(TEAM, ["U1", "U2"])).values()}
    async with engine.begin() as connection:
        copied = set(await connection.scalars(sa.text("SELECT sort_key FROM user_fields")))
    await engine.dispose()
    await store.close()

    assert {"田中太郎"} == keys == copied


async def test_a_zone_that_no_index_can_hold_does_not_keep_the_tables_from_changing(empty_url: str) -> None:
    await make_older(empty_url, "0006", with_workspace=TEAM)
    columns = "team_id, id, updated, moment, kind, state, sort_key, search_text, email_key, rev, tz"
    zones = {"U1": "".join(random.Random(1).choices(string.ascii_letters, k=8_000)), "U2": "Asia/Tokyo"}
    engine = open_writer(parse_url(empty_url))
    async with engine.begin() as connection:
        for user_id, zone in zones.items():
            values = f"'{TEAM}', '{user_id}', 100, 0, 'member', 'active', 'ada', 'ada', '', 0, '{zone}'"
            await connection.exec_driver_sql(f"INSERT INTO users ({columns}) VALUES ({values})")
    await engine.dispose()
    store = await Store.open(empty_url)
    async with store.reading() as rx:
        users = await rx.users.find_users(TEAM, list(zones))
        counts = await rx.users.count_users(UserFilter())
    await store.close()

    assert {"U1": None, "U2": "Asia/Tokyo"} == {user.id: user.tz for user in users.values()}
    assert 1 == counts.lacks[Lack.ZONE]


async def test_people_of_an_older_usersync_are_found_and_narrowed_after_its_tables_have_changed(empty_url: str) -> None:
    await make_older(empty_url, "0006", with_workspace=TEAM)
    columns = "team_id, id, updated, moment, kind, state, sort_key, search_text, email_key, rev, real_name, title, tz"
    person = f"'{TEAM}', 'U{{}}', 100, 0, 'member', 'active', 'zoe', 'zoe', '', 0, 'Zoë O''Brien', 'Chief', 'UTC'"
    engine = open_writer(parse_url(empty_url))
    async with engine.begin() as connection:
        for number in range(3):
            await connection.execute(sa.text(f"INSERT INTO users ({columns}) VALUES ({person.format(number)})"))
    await engine.dispose()

    store = await Store.open(empty_url)
    async with store.reading() as rx:
        of_title = await rx.users.list_users(UserFilter(titles=frozenset({"chief"})))
        counts = await rx.users.count_users(UserFilter())

    assert ["U0", "U1", "U2"] == await found(store, "obrien") == await found(store, "zoe")
    assert ["U0", "U1", "U2"] == [user.id for user in of_title.users]
    assert [("chief", 3)] == [(each.key, each.count) for each in counts.titles]
    await store.close()
