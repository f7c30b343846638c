"""The tables come to today's shape by themselves, or the database is left exactly as it was."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine

from db import Store
from db.engine import open_writer, parse_url
from db.errors import ForeignTables, NewerSchema, StoreUnavailable, UnusableUrl
from db.migrate import VERSION_TABLE, _config, known_revisions, newest_revision
from db.tables import metadata
from tests.support.factories import TEAM, an_observation
from tests.support.memory import get_user, install, keep
from tests.support.schemas import make_older


@pytest.fixture
async def engine(empty_url: str) -> AsyncIterator[AsyncEngine]:
    """A way into the database past usersync."""
    engine = open_writer(parse_url(empty_url))
    yield engine
    await engine.dispose()


async def say(engine: AsyncEngine, *statements: str) -> None:
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(sa.text(statement))


async def tables(engine: AsyncEngine) -> set[str]:
    async with engine.begin() as connection:
        return set(await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()))


async def open_and_close(url: str) -> None:
    store = await Store.open(url)
    await store.close()


def names_in(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def _is_portable(thing: object, name: str | None, kind: str, _is_reflected: bool, _other: object) -> bool:
    """What only one engine has is told apart by its name: the index for searching, and SQLite's numbers of rows."""
    return not (name or "").startswith("users_search") and (kind, name) != ("column", "row_id")


def _differences(connection: sa.Connection) -> list[object]:
    opts = {"compare_type": True, "compare_server_default": True, "version_table": VERSION_TABLE}
    context = MigrationContext.configure(connection, opts=opts | {"include_object": _is_portable})
    return list(compare_metadata(context, metadata))


async def test_from_empty_to_head_is_what_the_tables_say(empty_url: str, engine: AsyncEngine) -> None:
    await open_and_close(empty_url)
    async with engine.begin() as connection:
        differences = await connection.run_sync(_differences)

    assert [] == differences
    assert {*metadata.tables, VERSION_TABLE} == {
        name for name in await tables(engine) if not name.startswith("users_search")
    }


async def test_names_are_ordered_by_code_point_whatever_the_servers_language(
    empty_url: str, engine: AsyncEngine
) -> None:
    """A test server may order by code point by itself, so the order alone would prove nothing."""
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite compares bytes and has no language")
    await open_and_close(empty_url)
    is_postgresql = engine.dialect.name == "postgresql"
    statement = (
        "SELECT collation_name FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'sort_key' "
        f"AND table_schema = {'current_schema()' if is_postgresql else 'DATABASE()'}"
    )
    async with engine.begin() as connection:
        collation = await connection.scalar(sa.text(statement))

    assert ("C" if is_postgresql else "utf8mb4_bin") == collation


async def test_a_drift_between_tables_and_migrations_would_be_seen(empty_url: str, engine: AsyncEngine) -> None:
    await open_and_close(empty_url)
    await say(engine, "ALTER TABLE workspaces DROP COLUMN domain", "ALTER TABLE users ADD COLUMN shoe_size INTEGER")
    async with engine.begin() as connection:
        differences = await connection.run_sync(_differences)

    assert 2 == len(differences)


def test_the_names_of_the_files_are_the_revisions_that_alembic_reads() -> None:
    scripts = ScriptDirectory.from_config(_config())

    assert known_revisions() == {each.revision for each in scripts.walk_revisions()}
    assert newest_revision() == scripts.get_current_head()


async def test_opening_again_changes_nothing_and_keeps_the_rows(empty_url: str, engine: AsyncEngine) -> None:
    store = await Store.open(empty_url)
    await install(store, TEAM)
    await keep(store, an_observation(real_name="Ada"))
    before = await get_user(store)
    await store.close()

    store = await Store.open(empty_url)
    after = await get_user(store)
    await store.close()
    async with engine.begin() as connection:
        differences = await connection.run_sync(_differences)

    assert before == after
    assert [] == differences


async def test_opening_again_leaves_a_sqlite_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "usersync.sqlite3"
    await open_and_close(f"sqlite:///{file}")
    before = file.read_bytes()

    await open_and_close(f"sqlite:///{file}")

    assert before == file.read_bytes()


async def test_somebody_elses_tables_are_refused(empty_url: str, engine: AsyncEngine) -> None:
    await say(engine, "CREATE TABLE customers (id INTEGER)", "CREATE TABLE users (id INTEGER)")
    with pytest.raises(ForeignTables, match=r"of its own.*customers, users") as refusal:
        await Store.open(empty_url)

    assert {"customers", "users"} == await tables(engine)
    assert "DATABASE_URL" in str(refusal.value)


@pytest.mark.parametrize("journal", ["delete", "wal"])
async def test_somebody_elses_file_is_the_same_to_the_byte_afterwards(tmp_path: Path, journal: str) -> None:
    file = tmp_path / "crm.sqlite3"
    theirs = sa.create_engine(f"sqlite:///{file}")
    with theirs.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE customers (id INTEGER)")
    with theirs.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA journal_mode={journal}")
    theirs.dispose()
    before = file.read_bytes()

    with pytest.raises(ForeignTables):
        await Store.open(f"sqlite:///{file}")

    assert before == file.read_bytes()
    assert {"crm.sqlite3"} == names_in(tmp_path)


async def test_another_programs_alembic_table_is_not_taken_for_ours(empty_url: str, engine: AsyncEngine) -> None:
    await say(engine, "CREATE TABLE alembic_version (version_num VARCHAR(32))")

    with pytest.raises(ForeignTables):
        await Store.open(empty_url)


async def test_a_newer_schema_is_refused_and_left_alone(empty_url: str, engine: AsyncEngine) -> None:
    await open_and_close(empty_url)
    await say(engine, f"UPDATE {VERSION_TABLE} SET version_num = '9999'", "ALTER TABLE users ADD COLUMN later INTEGER")
    with pytest.raises(NewerSchema, match="9999"):
        await Store.open(empty_url)
    async with engine.begin() as connection:
        revision = await connection.scalar(sa.text(f"SELECT version_num FROM {VERSION_TABLE}"))

    assert "9999" == revision


async def test_a_newer_sqlite_file_is_the_same_to_the_byte_afterwards(tmp_path: Path) -> None:
    file = tmp_path / "usersync.sqlite3"
    await open_and_close(f"sqlite:///{file}")
    engine = open_writer(parse_url(f"sqlite:///{file}"))
    await say(engine, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    await engine.dispose()
    before = file.read_bytes()

    with pytest.raises(NewerSchema):
        await Store.open(f"sqlite:///{file}")

    assert before == file.read_bytes()


async def test_four_starts_at_once_on_an_empty_database_all_succeed(empty_url: str, engine: AsyncEngine) -> None:
    stores = await asyncio.gather(*(Store.open(empty_url) for _ in range(4)))
    await install(stores[0], TEAM)
    await keep(stores[1], an_observation(real_name="Ada"))
    seen = await get_user(stores[3])
    for store in stores:
        await store.close()
    async with engine.begin() as connection:
        revisions = list(await connection.scalars(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")))

    assert "Ada" == seen.real_name
    assert 1 == len(revisions)


async def test_a_start_waits_for_whoever_is_at_a_file_that_has_no_wal_yet(tmp_path: Path) -> None:
    """SQLite's own wait does not hold for the turn to WAL: it refuses at once."""
    file = tmp_path / "usersync.sqlite3"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        opening = asyncio.create_task(Store.open(f"sqlite:///{file}"))
        done, _ = await asyncio.wait({opening}, timeout=0.3)
        other.execute("ROLLBACK")
    store = await opening
    await store.close()

    assert not done


async def test_a_start_killed_before_its_first_revision_goes_on(empty_url: str, engine: AsyncEngine) -> None:
    """MariaDB commits each statement, so the version table may stand there alone and empty."""
    await say(engine, f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL)")

    await open_and_close(empty_url)

    assert {*metadata.tables, VERSION_TABLE} == {
        name for name in await tables(engine) if not name.startswith("users_search")
    }


async def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "holiday.jpg"
    file.write_bytes(os.urandom(4096))
    before = file.read_bytes()

    with pytest.raises(StoreUnavailable, match="not a database"):
        await Store.open(f"sqlite:///{file}")

    assert before == file.read_bytes()


async def test_a_folder_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="names a folder"):
        await Store.open(f"sqlite:///{tmp_path}")


async def test_a_folder_that_cannot_be_made_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")

    with pytest.raises(StoreUnavailable, match="FileExistsError"):
        await Store.open(f"sqlite:///{tmp_path / 'data' / 'usersync.sqlite3'}")


async def test_an_empty_file_is_an_empty_database(tmp_path: Path) -> None:
    file = tmp_path / "usersync.sqlite3"
    file.touch()

    await open_and_close(f"sqlite:///{file}")

    assert file.stat().st_size > 0


async def test_the_folder_of_a_new_file_is_made(tmp_path: Path) -> None:
    await open_and_close(f"sqlite:///{tmp_path / 'data' / 'deep' / 'usersync.sqlite3'}")

    assert (tmp_path / "data" / "deep" / "usersync.sqlite3").is_file()


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/none", "mariadb://nobody@127.0.0.1:1/none"])
async def test_a_server_that_is_away_is_told_in_words_without_the_password(url: str) -> None:
    with pytest.raises(StoreUnavailable) as refusal:
        await Store.open(url.replace("nobody", "nobody:s3cret"))

    assert "cannot be reached" in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "Write it like"),
        ("nonsense", "Write it like"),
        ("oracle://x/y", "'oracle'"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
async def test_a_url_that_cannot_be_used_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(UnusableUrl, match=words):
        await Store.open(url)


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite"),
        ("sqlite+pysqlite:///x.db", "sqlite+aiosqlite"),
        ("postgres://u@h/d", "postgresql+asyncpg"),
        ("postgresql+psycopg2://u@h/d", "postgresql+asyncpg"),
        ("mysql://u@h/d", "mysql+asyncmy"),
        ("mariadb+pymysql://u@h/d", "mariadb+asyncmy"),
    ],
)
def test_a_url_may_name_a_driver_or_none(url: str, driver: str) -> None:
    assert driver == parse_url(url).drivername


async def test_pictures_of_emoji_are_no_news_to_whoever_had_none(empty_url: str, engine: AsyncEngine) -> None:
    await make_older(empty_url, "0006", with_workspace=TEAM)
    columns = "team_id, id, updated, moment, kind, state, sort_key, search_text, email_key, rev, status_emoji"
    for user_id, emoji in (("U1", "':coffee:'"), ("U2", "''"), ("U3", "NULL")):
        values = f"'{TEAM}', '{user_id}', 100, 0, 'member', 'active', 'ada', 'ada', '', 0, {emoji}"
        await say(engine, f"INSERT INTO users ({columns}) VALUES ({values})")
    await open_and_close(empty_url)
    async with engine.begin() as connection:
        told = (await connection.execute(sa.text("SELECT status_emoji_url FROM users ORDER BY id"))).scalars().all()

    assert ["", "", None] == told
