"""`usersync copy` in a process of its own, between two lives of a service: it goes on where it stood, or nothing is."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.secret_key import key_path
from bot.service import Service
from bot.simulator import Simulator
from db import Store
from tests.conftest import settings_for
from tests.support.engines import ENGINES, a_database
from tests.support.factories import TEAM, an_observation
from tests.support.killing import KILLED, serving
from tests.support.lively import everything, fill
from tests.support.memory import NOW, install, keep
from tests.support.planting import WORDS, plant
from tests.support.postgres import PostgresServer
from tests.support.program import environment, running
from tests.support.programs import Mirror
from tests.support.terminal import on_a_terminal
from tests.support.waiting import eventually

Start = Callable[..., Any]
pytestmark = pytest.mark.runs_on("sqlite", because="what is copied lies in a file; new_url is on every engine")


@pytest.fixture(params=ENGINES)
async def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database on each engine, in a folder of its own."""
    folder = tmp_path / "new"
    folder.mkdir()
    async with a_database(request.param, folder) as url:
        yield url


async def copied(source: str, target: str, folder: Path) -> tuple[int, str]:
    async with running("copy", source, target, env=environment(), cwd=folder) as program:
        return await program.ended(120), program.output


async def a_crowd(file: Path, people: int) -> str:
    url = f"sqlite:///{file}"
    store = await Store.open(url)
    await install(store, TEAM)
    await keep(store, *(an_observation(f"U{number:05}", real_name=f"Ada {number}") for number in range(people)))
    await store.close()
    return url


def parts_of(file: Path) -> list[Path]:
    """List a file and what SQLite keeps beside it."""
    return list(file.parent.glob(f"{file.name}*"))


def rows_in(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        has_table = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'users'").fetchone()[0]
        return int(connection.execute("SELECT count(*) FROM users").fetchone()[0]) if has_table else 0


async def test_it_copies_checks_and_says_what_to_do(new_url: str, tmp_path: Path) -> None:
    source = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    store = await Store.open(source)
    await fill(store)
    await store.close()
    key_path(str(tmp_path / "old.sqlite3")).write_text("x" * 43)
    before = await everything(source)

    code, output = await copied(source, new_url, tmp_path)

    assert 0 == code, output
    assert before == await everything(new_url)
    name = {"s": "SQLite", "p": "PostgreSQL", "m": "MariaDB"}[new_url[0]]
    people, changes = len(before["users"]), len(before["changes"])
    assert f"Copied {people} people and {changes} changes from SQLite to {name} in " in output
    assert "s; every row was read again and is the same." in output
    assert "Set DATABASE_URL to the address that you gave as TO (" in output
    assert f"The key that signs sessions is not in the database but in {tmp_path}/old.sqlite3.key." in output
    assert ("USERSYNC_SECRET_KEY" in output) == (name != "SQLite")
    assert "once the new one is good, delete it" in output
    assert "bytes of 1 erased person that were not wiped yet" in output
    assert not {said for said in WORDS if said in output}


async def test_a_service_goes_on_on_the_copy(
    new_url: str, slack: Simulator, start: Start, settings: Any, tmp_path: Path
) -> None:
    ada, grace = slack.adds("Ada Lovelace"), slack.adds("Grace Hopper")
    service: Service = await start()
    await eventually(lambda: service.runs.finished, within_s=40, of="the first run")
    slack.changes(ada, title="Analyst")
    await eventually(lambda: slack.envelopes[-1].is_settled, within_s=20, of="the ack")
    async with httpx.AsyncClient(base_url=service.url) as client:
        mirror = Mirror(client)
        await mirror.begin()
        await service.__aexit__(None, None, None)
    old_url = settings.database_url.get_secret_value()

    async def is_copied() -> bool:  # a thread of it may close the file a moment later
        code, output = await copied(old_url, new_url, tmp_path)
        assert code == 0 or "has it open" in output, output
        return code == 0

    await eventually(is_copied, within_s=30, of="a copy of a file that nobody has open any more")

    new: Service = await start(settings_for(slack, new_url))
    await eventually(lambda: new.runs.finished, within_s=40, of="the run on the copy")
    rev = await _rev(new.store, slack.team_id)
    slack.changes(ada, title="Countess")
    await eventually(lambda: slack.envelopes[-1].is_settled, within_s=20, of="the ack")
    async with new.store.reading() as rx:
        row = await rx.users.find_user(slack.team_id, ada.id)
    async with httpx.AsyncClient(base_url=new.url) as client:
        mirror._client = client
        await mirror.catch_up()
        found = (await client.get("/", params={"q": "countess"})).text

    assert row is not None
    assert ("Countess", rev + 1) == (row.title, row.rev)
    assert 1 == mirror.begun
    assert "Countess" == mirror.users[slack.team_id, ada.id]["title"]
    assert "Ada Lovelace" in found
    assert grace.id in {user_id for _, user_id in mirror.users}


async def _rev(store: Store, team_id: str) -> int:
    async with store.reading() as rx:
        workspace = await rx.workspaces.find_workspace(team_id)
    assert workspace is not None
    return workspace.rev


async def test_nothing_of_who_was_erased_comes_along(tmp_path: Path) -> None:
    source, target = f"sqlite:///{tmp_path / 'old.sqlite3'}", tmp_path / "new.sqlite3"
    store = await Store.open(source)
    await install(store, TEAM)
    await plant(store)
    await keep(store, an_observation("U2", real_name="Grace"))
    held = b"".join(each.read_bytes() for each in parts_of(tmp_path / "old.sqlite3"))
    await keep(store, an_observation("U1", updated=300, is_forgotten=True, deleted=True))
    async with store.transaction() as tx:
        left = await tx.runs.find_running(TEAM)
        assert left is not None
        await tx.runs.give_up(left, at=NOW, reason="It was interrupted.")
    await store.close()

    code, output = await copied(source, f"sqlite:///{target}", tmp_path)

    assert 0 == code, output
    new_bytes = b"".join(each.read_bytes() for each in parts_of(target))
    spellings = {said: (said.encode(), json.dumps(said)[1:-1].encode()) for said in WORDS}
    assert [] == [said for said, forms in spellings.items() if any(form in new_bytes for form in forms)]
    assert [] == [said for said, forms in spellings.items() if not any(form in held for form in forms)]


async def test_a_service_that_runs_is_not_copied_and_its_copy_not_begun(slack: Simulator, tmp_path: Path) -> None:
    slack.adds("Ada Lovelace")
    source, target = f"sqlite:///{tmp_path / 'old.sqlite3'}", tmp_path / "new.sqlite3"
    async with serving(slack, source, tmp_path) as service:
        await service.url()
        code, output = await copied(source, f"sqlite:///{target}", tmp_path)

        assert 1 == code
        assert f"FROM ({tmp_path}/old.sqlite3): Another process has it open, as usersync serve has all" in output
        assert not target.exists()
        service.tell(signal.SIGTERM)
        assert 0 == await service.ended()

    code, output = await copied(source, f"sqlite:///{target}", tmp_path)
    assert 0 == code, output


@pytest.mark.slow
async def test_killed_in_the_middle_it_leaves_an_empty_database_that_takes_another_copy(tmp_path: Path) -> None:
    source, file = await a_crowd(tmp_path / "old.sqlite3", 20_000), tmp_path / "new.sqlite3"
    async with running("copy", source, f"sqlite:///{file}", env=environment(), cwd=tmp_path) as program:
        await eventually(lambda: " of 40,001 rows" in program.output, within_s=60, of="a word of how far it is")
        program.tell(signal.SIGKILL)
        assert KILLED == await program.ended()

    assert 0 == rows_in(file)
    code, output = await copied(source, f"sqlite:///{file}", tmp_path)
    assert 0 == code, output
    assert await everything(source) == await everything(f"sqlite:///{file}")


async def test_killed_while_it_writes_to_a_server_it_leaves_nothing(tmp_path: Path, postgres: PostgresServer) -> None:
    source = await a_crowd(tmp_path / "old.sqlite3", 4_000)
    async with postgres.database() as name:
        at_it = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'INSERT INTO users %'"
        async with running("copy", source, postgres.url(name), env=environment(), cwd=tmp_path) as program:
            await eventually(lambda: postgres.say(at_it), within_s=60, of="a row on its way")
            program.tell(signal.SIGKILL)
            assert KILLED == await program.ended()

        code, output = await copied(source, postgres.url(name), tmp_path)
        assert 0 == code, output
        assert await everything(source) == await everything(postgres.url(name))


async def test_told_to_end_it_says_so_and_leaves_no_file(tmp_path: Path) -> None:
    source, file = await a_crowd(tmp_path / "old.sqlite3", 4_000), tmp_path / "new.sqlite3"
    async with running("copy", source, f"sqlite:///{file}", env=environment(), cwd=tmp_path) as program:
        await eventually(file.exists, within_s=60, of="the file")
        program.tell(signal.SIGTERM)
        code = await program.ended()

    assert (1, "Nothing was copied; what had been begun was undone. It was interrupted.") == (
        code,
        program.output.strip(),
    )
    assert [] == parts_of(file)


async def test_a_wrong_address_ends_with_2_and_tells_no_password(tmp_path: Path) -> None:
    code, output = await copied("oracle://ada:s3cret@host/name", "sqlite:///new.sqlite3", tmp_path)

    assert 2 == code
    assert "FROM and TO are addresses" in output
    assert "s3cret" not in output


async def test_a_server_that_is_away_ends_with_1_and_tells_no_password(tmp_path: Path) -> None:
    source = await a_crowd(tmp_path / "old.sqlite3", 1)

    code, output = await copied(source, "postgresql://ada:s3cret@127.0.0.1:1/name", tmp_path)

    assert 1 == code
    assert "TO (postgresql://127.0.0.1:1/name): The database cannot be reached" in output
    assert "s3cret" not in output
    assert "Traceback" not in output


async def test_in_a_pipe_it_tells_in_plain_lines_how_far_it_is(tmp_path: Path) -> None:
    source = await a_crowd(tmp_path / "old.sqlite3", 20_000)

    code, output = await copied(source, f"sqlite:///{tmp_path / 'new.sqlite3'}", tmp_path)

    assert 0 == code
    assert any(
        line.startswith(("Copying users to SQLite: ", "Copying changes to SQLite: ", "Reading everything again, "))
        and line.endswith(("of 40,001 rows.", "of 40,001 rows are the same."))
        for line in output.splitlines()
    ), output
    assert "━" not in output


async def test_on_a_terminal_it_draws_a_bar(tmp_path: Path) -> None:
    source = await a_crowd(tmp_path / "old.sqlite3", 4_000)

    code, text = await on_a_terminal(
        "copy", source, f"sqlite:///{tmp_path / 'new.sqlite3'}", env=environment(), cwd=tmp_path
    )

    assert 0 == code
    assert "━" in text
    assert "Copied 4,000 people and 4,000 changes from SQLite to SQLite in " in text
