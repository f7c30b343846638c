"""A directory moves between engines with its history, every value as it was; or nothing of it does, in words."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from db import Store
from db.copying import Copied, Copying
from db.dialects import has_tables, hold_still, is_of_search
from db.engine import open_source, parse_url
from db.errors import NotCopied, StoreUnavailable
from db.filters import UserFilter
from db.migrate import VERSION_TABLE
from db.records import Position, RunKind
from db.slices import SLICE
from db.tables import metadata
from tests.support.engines import ENGINES, a_database
from tests.support.factories import TEAM, an_observation
from tests.support.lively import everything, fill, say
from tests.support.memory import NOW, a_letter, get_user, install, keep, put_aside, rev_of
from tests.support.postgres import PostgresServer
from tests.support.schemas import make_older, set_revision
from tests.support.waiting import eventually

MakeDatabase = Callable[[str], Awaitable[str]]
INDEX_IS_WHOLE = {
    "sqlite": "SELECT (SELECT count(*) FROM users_search_docsize) = (SELECT count(*) FROM users)",
    "postgresql": "SELECT to_regclass('users_search') IS NOT NULL",
}
JSON_OF = "SELECT CAST(fields AS CHAR(80)) FROM users WHERE id = '{}'"
PAIRS = [(one, other) for one in ENGINES for other in ENGINES]


@pytest.fixture
async def a_new(tmp_path: Path) -> AsyncIterator[MakeDatabase]:
    """Make empty databases, as many as a test needs."""
    async with AsyncExitStack() as stack:
        made = 0

        async def make(engine: str) -> str:
            nonlocal made
            made += 1
            folder = tmp_path / str(made)
            folder.mkdir()
            return await stack.enter_async_context(a_database(engine, folder))

        yield make


async def a_directory(url: str) -> str:
    """Fill a database with a lively directory."""
    store = await Store.open(url)
    await fill(store)
    await store.close()
    return url


async def a_crowd(url: str, people: int) -> str:
    """Fill a database with so many people."""
    store = await Store.open(url)
    await install(store, TEAM)
    await keep(store, *(an_observation(f"U{number:05}", real_name=f"Ada {number}") for number in range(people)))
    await store.close()
    return url


def beside(url: str) -> list[Path]:
    """List what lies in the folder of a file."""
    return list(Path(url.removeprefix("sqlite:///")).parent.iterdir())


async def copied(source: str, target: str) -> Copied:
    return await Copying(source, target).run()


async def refused(source: str, target: str) -> str:
    with pytest.raises(NotCopied) as refusal:
        await copied(source, target)
    return str(refusal.value)


@pytest.mark.parametrize(("one", "other"), PAIRS)
async def test_every_row_of_every_table_is_the_same_afterwards(one: str, other: str, a_new: MakeDatabase) -> None:
    source, target = await a_directory(await a_new(one)), await a_new(other)
    written = '{"b": 1.50, "a":  {"c": "é"}, "b2": []}'
    await say(
        source,
        "UPDATE users SET fields = 'null' WHERE id = 'UBOT'",  # JSON's null, which is no empty cell
        f"UPDATE users SET fields = '{written}' WHERE id = 'ULEFT'",
        "UPDATE users SET fields = NULL WHERE id = 'UGUEST'",
        "INSERT INTO instances (instance, heartbeat_at, sockets, trouble) VALUES"
        " ('serve of old', '2026-01-02 03:04:05.123456', 2, 'Slack cannot be reached.')",
        "INSERT INTO wishes (wish_id, team_id, asked_by, is_confirmed, run_id, asked_at) VALUES"
        f" (2, '{TEAM}', 'UADA', TRUE, 7, '2026-01-02 03:04:05.123456')",
    )
    before = await everything(source)
    assert set(metadata.tables) == set(_filled(before))

    done = await copied(source, target)

    assert before == await everything(target)
    assert before == await everything(source)
    told = {each: await say(target, JSON_OF.format(each)) for each in ("UBOT", "ULEFT", "UGUEST")}
    assert {"UBOT": "null", "ULEFT": written, "UGUEST": None} == {
        each: text and text.rstrip() for each, text in told.items()
    }
    assert {name: len(rows) for name, rows in before.items()} == done.rows
    assert () == done.left_behind
    assert 1 == done.due_wipes


async def test_no_table_is_forgotten(store: Store, database_url: str) -> None:
    engine = open_source(parse_url(database_url))
    async with engine.begin() as connection:
        made = {name for name in await has_tables(connection) if not is_of_search(name)}
    await engine.dispose()

    assert {VERSION_TABLE, *metadata.tables} == made


@pytest.mark.parametrize("other", ENGINES)
async def test_more_than_a_slice_is_copied_and_read_again(other: str, a_new: MakeDatabase) -> None:
    source, target = await a_crowd(await a_new("sqlite"), 2 * SLICE + 7), await a_new(other)
    back = await a_new("sqlite")

    copying = Copying(source, target)
    done = await copying.run()
    await copied(target, back)

    assert 2 * SLICE + 7 == done.rows["users"] == done.rows["changes"]
    assert copying.progress.done == copying.progress.total == 2 * sum(done.rows.values())
    assert await everything(source) == await everything(back)


@pytest.mark.parametrize("other", ENGINES)
async def test_the_copy_goes_on_where_the_directory_stood(other: str, a_new: MakeDatabase) -> None:
    source, target = await a_directory(await a_new("sqlite")), await a_new(other)
    before = await everything(source)
    await copied(source, target)

    store = await Store.open(target)
    rev = await rev_of(store)
    async with store.reading() as rx:
        position = await rx.workspaces.find_position()
    await keep(store, an_observation("UPLAIN", title="Countess", updated=900))
    await put_aside(store, a_letter("event:new"))
    async with store.transaction() as tx:
        run = await tx.runs.begin(
            TEAM, kind=RunKind.RESYNC, instance="z", asked_by=None, is_confirmed=False, expected=None, at=NOW
        )
        await tx.api_tokens.make("another", frozenset(), now=NOW)
    async with store.reading() as rx:
        letters = await rx.dead_letters.list_newest(100)
        followed = await rx.changes.list_changes(Position(position.marks))
        tokens = await rx.api_tokens.list_tokens()

    def highest(table: str) -> int:
        return max(row[0] for row in before[table])

    assert rev + 1 == (await get_user(store, "UPLAIN")).rev
    assert [("UPLAIN", rev + 1)] == [(each.user_id, each.rev) for each in followed]
    assert highest("runs") + 1 == run.run_id
    assert highest("dead_letters") + 1 == max(each.letter_id for each in letters)
    assert highest("api_tokens") + 1 == max(each.token_id for each in tokens)
    await store.close()


@pytest.mark.parametrize("other", ENGINES)
async def test_whom_a_search_found_it_finds_in_the_copy(other: str, a_new: MakeDatabase) -> None:
    source, target = await a_directory(await a_new("sqlite")), await a_new(other)
    await copied(source, target)
    assert await say(target, INDEX_IS_WHOLE.get(other, "SELECT 1"))  # before a start, which would mend it

    here, there = await Store.open(source), await Store.open(target)
    for typed in ("ada", "ada love", "countess", "büro", "member", "elsewhere"):
        assert await _found(here, typed) == await _found(there, typed), typed
    assert len(await _found(there, "ada")) > 3
    await keep(there, an_observation("UNEW", real_name="Quentin Zzyzx"))
    assert ["UNEW"] == await _found(there, "zzyzx")
    await here.close()
    await there.close()


async def _found(store: Store, typed: str) -> list[str]:
    async with store.reading() as rx:
        page = await rx.users.list_users(UserFilter(q=typed))
    return [user.id for user in page.users]


TAMPERS = {
    "sqlite": (
        (
            "CREATE TRIGGER tampers AFTER INSERT ON users WHEN new.id = 'UMEMBER' BEGIN "
            "UPDATE users SET title = 'Duchess', email = 'x' WHERE id = new.id; END"
        ),
    ),
    "postgresql": (
        (
            "CREATE FUNCTION tampers() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF new.id = 'UMEMBER' THEN new.title := 'Duchess'; new.email := 'x'; END IF; RETURN new; END $$"
        ),
        "CREATE TRIGGER tampers BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION tampers()",
    ),
    "mariadb": (
        (
            "CREATE TRIGGER tampers BEFORE INSERT ON users FOR EACH ROW "
            "SET new.title = IF(new.id = 'UMEMBER', 'Duchess', new.title), "
            "new.email = IF(new.id = 'UMEMBER', 'x', new.email)"
        ),
    ),
}
LOSES = {
    "sqlite": (
        (
            "CREATE TRIGGER loses AFTER INSERT ON changes WHEN new.rev = 2 BEGIN "
            "DELETE FROM changes WHERE team_id = new.team_id AND rev = new.rev AND seq = new.seq; END"
        ),
    ),
    "postgresql": (
        (
            "CREATE FUNCTION loses() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF new.rev = 2 THEN RETURN NULL; END IF; RETURN new; END $$"
        ),
        "CREATE TRIGGER loses BEFORE INSERT ON changes FOR EACH ROW EXECUTE FUNCTION loses()",
    ),
}


async def _empty_with(url: str, *statements: str) -> str:
    await (await Store.open(url)).close()
    await say(url, *statements)
    return url


def _filled(rows: dict[str, list[tuple[Any, ...]]]) -> list[str]:
    return [name for name, found in rows.items() if found]


@pytest.mark.parametrize("other", ENGINES)
async def test_a_row_that_is_not_the_same_is_noticed_and_nothing_stays(other: str, a_new: MakeDatabase) -> None:
    source, target = await a_directory(await a_new("sqlite")), await _empty_with(await a_new(other), *TAMPERS[other])

    words = await refused(source, target)

    assert f"users with team_id {TEAM}, id UMEMBER is not what FROM holds, in title, email." in words
    assert "Duchess" not in words
    assert "Ada" not in words
    assert [] == _filled(await everything(target))

    await say(target, "DROP TRIGGER tampers" + (" ON users" if other == "postgresql" else ""))
    await copied(source, target)
    assert await everything(source) == await everything(target)


@pytest.mark.parametrize("other", LOSES)
async def test_a_row_that_is_lost_is_noticed(other: str, a_new: MakeDatabase) -> None:
    source, target = await a_directory(await a_new("sqlite")), await _empty_with(await a_new(other), *LOSES[other])

    words = await refused(source, target)

    assert f"changes with team_id {TEAM}, rev 2, seq 0 was written, and is not there." in words


async def test_a_row_that_nobody_wrote_is_noticed(a_new: MakeDatabase) -> None:
    source = await a_directory(await a_new("sqlite"))
    adds = (
        "CREATE TRIGGER adds AFTER INSERT ON users WHEN new.id = 'UMEMBER' BEGIN "
        "INSERT INTO wipes VALUES ('T', 'U', '2026-01-01 00:00:00.000000'); END"
    )
    target = await _empty_with(await a_new("sqlite"), adds)

    assert "1 rows of wipes were written, and it holds 2." in await refused(source, target)


async def test_a_row_that_an_engine_cannot_hold_is_named_without_its_values(a_new: MakeDatabase) -> None:
    source, target = await a_crowd(await a_new("sqlite"), 700), await a_new("postgresql")
    await say(source, "UPDATE users SET real_name = 'secret' || char(0) || 'name' WHERE id = 'U00613'")

    words = await refused(source, target)

    assert f"It refuses the row of users with team_id {TEAM}, id U00613" in words
    assert "secret" not in words
    assert set() == await _tables(target)


async def test_a_text_too_long_for_mariadb_is_named(a_new: MakeDatabase) -> None:
    source, target = await a_crowd(await a_new("sqlite"), 30), await a_new("mariadb")
    await say(source, "UPDATE users SET title = printf('%70000s', 'x') WHERE id = 'U00013'")

    words = await refused(source, target)

    assert f"It refuses the row of users with team_id {TEAM}, id U00013" in words
    assert [] == _filled(await everything(target))


async def _tables(url: str) -> set[str]:
    engine = open_source(parse_url(url))
    try:
        async with engine.begin() as connection:
            return await has_tables(connection)
    finally:
        await engine.dispose()


@pytest.mark.parametrize("one", ENGINES)
async def test_what_is_no_directory_is_not_copied(one: str, a_new: MakeDatabase) -> None:
    source, target = await a_new(one), await a_new("sqlite")
    if one == "sqlite":
        assert "FROM" in (words := await refused(source, target))
        assert "There is no such file" in words
        await say(source, "SELECT 1")  # the file is made
    assert "It is empty" in await refused(source, target)
    await say(source, "CREATE TABLE theirs (id INTEGER PRIMARY KEY)")

    assert "tables that usersync did not make" in await refused(source, target)
    assert [] == beside(target)


async def test_an_older_shape_is_refused_with_what_to_do(a_new: MakeDatabase) -> None:
    source, target = await a_new("sqlite"), await a_new("sqlite")
    await make_older(source, "0005")

    words = await refused(source, target)

    assert "of an older shape: revision 0005" in words
    assert "Start this version once on it" in words
    await (await Store.open(source)).close()
    assert 1 == (await copied(source, target)).rows["workspaces"]


async def test_a_newer_shape_is_refused_on_either_side(a_new: MakeDatabase) -> None:
    source, newer, target = await a_directory(await a_new("sqlite")), await a_new("sqlite"), await a_new("sqlite")
    await _empty_with(newer)
    await set_revision(newer, "9999")

    assert "FROM" in (words := await refused(newer, target))
    assert "newer usersync (its revision is 9999)" in words
    assert "TO" in (words := await refused(source, newer))
    assert "newer usersync (its revision is 9999)" in words


@pytest.mark.parametrize("other", ENGINES)
async def test_nothing_is_written_over(other: str, a_new: MakeDatabase) -> None:
    source, target = await a_directory(await a_new("sqlite")), await a_directory(await a_new(other))
    before = await everything(target)

    words = await refused(source, target)

    assert "It is not empty: its table alert_posts holds rows" in words
    assert before == await everything(target)


@pytest.mark.parametrize("other", ENGINES)
async def test_somebody_elses_tables_are_left_alone(other: str, a_new: MakeDatabase) -> None:
    source, target, beside = await a_directory(await a_new("sqlite")), await a_new(other), await a_new(other)
    theirs = "CREATE TABLE theirs (id INTEGER PRIMARY KEY)"
    await say(target, theirs)
    await _empty_with(beside, theirs)

    for each in (target, beside):
        assert "tables that usersync did not make (theirs)" in await refused(source, each)
    assert {"theirs"} == await _tables(target)


async def test_an_empty_database_of_an_older_shape_is_brought_to_todays(a_new: MakeDatabase) -> None:
    source, target = await a_directory(await a_new("sqlite")), await a_new("sqlite")
    await make_older(target, "0003")
    await say(target, "DELETE FROM workspaces")

    await copied(source, target)

    assert await everything(source) == await everything(target)


@pytest.mark.parametrize("one", ENGINES)
async def test_a_database_is_not_copied_into_itself(one: str, a_new: MakeDatabase) -> None:
    url = await _empty_with(await a_new(one))

    assert "the same database" in await refused(url, url)


async def test_a_table_of_the_owners_is_left_behind_and_named(a_new: MakeDatabase) -> None:
    source, target = await a_directory(await a_new("sqlite")), await a_new("sqlite")
    await say(source, "CREATE TABLE theirs (id INTEGER)", "ALTER TABLE users ADD COLUMN desk TEXT")

    assert ("theirs", "users.desk") == (await copied(source, target)).left_behind


@pytest.mark.parametrize("one", ENGINES)
async def test_while_it_is_read_nobody_writes_to_it(one: str, a_new: MakeDatabase) -> None:
    url = await a_directory(await a_new(one))
    store = await Store.open(url)
    engine = open_source(parse_url(url))
    async with engine.begin() as connection:
        await hold_still(connection, [VERSION_TABLE, *metadata.tables])
        with pytest.raises(StoreUnavailable):
            await keep(store, an_observation("UPLAIN", title="Countess", updated=900))
        with pytest.raises(StoreUnavailable):
            await put_aside(store, a_letter("event:new"))
        async with store.reading() as rx:
            assert 2 == len(await rx.workspaces.list_workspaces())
    await engine.dispose()
    await keep(store, an_observation("UPLAIN", title="Countess", updated=900))
    await store.close()


@pytest.mark.parametrize("is_target", [False, True])
@pytest.mark.parametrize("one", [each for each in ENGINES if each != "sqlite"])
async def test_a_database_that_a_usersync_is_at_is_refused(one: str, is_target: bool, a_new: MakeDatabase) -> None:
    here, file = await a_new(one), await a_new("sqlite")
    source, target = (file, here) if is_target else (here, file)
    await a_directory(source)
    if is_target:
        await _empty_with(target)
    store = await Store.open(here)
    async with store.reading():
        words = await refused(source, target)
    await store.close()

    assert f"{'TO' if is_target else 'FROM'} (" in words
    assert "open to it, as usersync serve has them all the time. Stop every usersync on it" in words
    assert (await copied(source, target)).rows["users"] > 20


@pytest.mark.parametrize("one", [each for each in ENGINES if each != "sqlite"])
async def test_a_run_that_gave_a_sign_of_life_is_waited_for(one: str, a_new: MakeDatabase) -> None:
    source, target = await a_directory(await a_new(one)), await a_new("sqlite")
    store = await Store.open(source)
    async with store.transaction() as tx:
        left = await tx.runs.find_running(TEAM)
        assert left is not None
        await tx.runs.take_over(left, instance="another")
    await store.close()

    assert f"A run of {TEAM} gave a sign of life within 10 s" in await refused(source, target)


SLOWLY = (
    "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN new; END $$",
    "CREATE TRIGGER slowly BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION slowly()",
)


async def test_a_target_that_goes_away_in_the_middle_holds_nothing_and_takes_another_copy(
    a_new: MakeDatabase, postgres: PostgresServer
) -> None:
    source = await a_crowd(await a_new("sqlite"), 3 * SLICE)
    async with postgres.database() as name:
        target = await _empty_with(postgres.url(name), *SLOWLY)
        copying = Copying(source, target)
        at_it = asyncio.create_task(copying.run())
        await eventually(lambda: copying.progress.table == "users" and copying.progress.done > SLICE, within_s=60)
        await postgres.end_connections()
        with pytest.raises(NotCopied, match=r"TO \(postgresql://.*The database cannot be reached"):
            await at_it

        assert [] == _filled(await everything(target))
        await say(target, "DROP TRIGGER slowly ON users")
        await copied(source, target)
        assert await everything(source) == await everything(target)


async def test_a_source_that_goes_away_in_the_middle_leaves_no_file(
    a_new: MakeDatabase, postgres: PostgresServer
) -> None:
    target = await a_new("sqlite")
    async with postgres.database() as name:
        source = await a_crowd(postgres.url(name), 20 * SLICE)
        copying = Copying(source, target)
        at_it = asyncio.create_task(copying.run())
        await eventually(lambda: copying.progress.table == "users", within_s=60)
        await postgres.end_connections()
        with pytest.raises(NotCopied, match=r"FROM \(postgresql://.*The database cannot be reached"):
            await at_it

    assert [] == beside(target)


async def test_an_interrupted_copy_leaves_no_file(a_new: MakeDatabase) -> None:
    source, target = await a_crowd(await a_new("sqlite"), 4 * SLICE), await a_new("sqlite")
    copying = Copying(source, target)
    at_it = asyncio.create_task(copying.run())
    await eventually(lambda: copying.progress.done > SLICE, within_s=60)
    at_it.cancel()
    with pytest.raises(asyncio.CancelledError):
        await at_it
    del at_it
    gc.collect()  # aiosqlite keeps a question that was cut short, and its lock, until then; a verb ends its process

    assert [] == beside(target)
    await copied(source, target)
    assert await everything(source) == await everything(target)


async def test_words_hold_no_password(a_new: MakeDatabase) -> None:
    source = await a_directory(await a_new("sqlite"))

    words = await refused(source, "postgresql://nobody:s3cret@127.0.0.1:1/none")

    assert "TO (postgresql://127.0.0.1:1/none): The database cannot be reached" in words
    assert "s3cret" not in words
    assert "nobody" not in words
