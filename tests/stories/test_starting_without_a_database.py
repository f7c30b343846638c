"""A database that is away at the start is waited for, if that may pass by itself; if not, the start ends in words."""

from __future__ import annotations

import contextlib
import re
import signal
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.simulator import Simulator
from db import Store
from tests.support.lines import a_line
from tests.support.postgres import GUARDED, PostgresServer
from tests.support.program import Program, running, serve_environment
from tests.support.waiting import eventually


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[str]:
    """The name of an empty database."""
    async with postgres.database() as name:
        yield name


@pytest.fixture
async def role(postgres: PostgresServer, database: str) -> AsyncIterator[str]:
    """Somebody with a password, who owns the database."""
    await postgres.say(f"CREATE ROLE {GUARDED} LOGIN PASSWORD 'right'")
    await postgres.say(f"ALTER DATABASE {database} OWNER TO {GUARDED}")
    yield GUARDED
    await postgres.heal()
    await postgres.say(f"REASSIGN OWNED BY {GUARDED} TO usersync")
    await postgres.say(f"REASSIGN OWNED BY {GUARDED} TO usersync", database=database)
    await postgres.say(f"DROP OWNED BY {GUARDED}", database=database)
    await postgres.say(f"DROP ROLE {GUARDED}")


async def look(program: Program, path: str) -> httpx.Response:
    """Ask where it said that it listens."""
    found = await eventually(lambda: re.search(r"http://[\w.:]+/", program.output), within_s=30, of="the address")
    async with httpx.AsyncClient(trust_env=False, timeout=20, headers={"Accept": "text/html"}) as client:
        return await client.get(f"{found[0]}{path}")


async def it_waits(program: Program, *, words: str) -> None:
    """It lives, is not ready, says why, and shows nobody a stack."""
    ready, health, page = [await look(program, path) for path in ("readyz", "healthz", "users/T1/U1")]

    assert (503, 200, 503) == (ready.status_code, health.status_code, page.status_code)
    assert words in ready.json()["reasons"][0]
    assert "ok" == health.json()["status"]
    assert words in page.text
    assert page.headers["content-type"].startswith("text/html")
    assert "5" == page.headers["Retry-After"]
    assert program.process.returncode is None


async def it_goes_on(program: Program) -> None:
    """It follows Slack as if nothing had been, having said once that it waited."""
    await eventually(lambda: "following changes" in program.output, within_s=40, of="the first run")
    await eventually(lambda: is_ready(program), within_s=40, of="readiness")
    page = await look(program, "")

    assert 200 == page.status_code
    assert "Ada Lovelace" in page.text
    assert 1 == program.output.count("[warning  ] the database is waited for")
    assert 1 == program.output.count("The database is waited for.")
    assert "Traceback" not in program.output


async def is_ready(program: Program) -> bool:
    return (await look(program, "readyz")).status_code == 200


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A pretend Slack with somebody in it."""
    async with Simulator() as slack:
        slack.adds("Ada Lovelace")
        yield slack


async def test_a_server_that_does_not_run_yet_is_waited_for(
    slack: Simulator, postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    await postgres.stop()
    async with running("serve", env=serve_environment(slack, postgres.url(database)), cwd=tmp_path) as program:
        await it_waits(program, words="The database cannot be reached")
        await postgres.start()
        await it_goes_on(program)
        program.tell(signal.SIGTERM)

        assert 0 == await program.ended()


async def test_a_server_that_takes_no_more_connections_is_waited_for(
    slack: Simulator, postgres: PostgresServer, database: str, role: str, tmp_path: Path
) -> None:
    await postgres.say(f"ALTER ROLE {role} CONNECTION LIMIT 0")
    url = postgres.url(database, user=f"{role}:right")
    async with running("serve", env=serve_environment(slack, url), cwd=tmp_path) as program:
        await it_waits(program, words="The database cannot be reached")
        await postgres.say(f"ALTER ROLE {role} CONNECTION LIMIT -1")
        await it_goes_on(program)


async def test_a_file_that_somebody_holds_is_waited_for(slack: Simulator, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'usersync.sqlite3'}"
    await (await Store.open(url)).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "usersync.sqlite3", isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        async with running("serve", env=serve_environment(slack, url), cwd=tmp_path) as program:
            await it_waits(program, words="Something else holds the database")
            lock.rollback()
            await it_goes_on(program)


@pytest.mark.parametrize("is_silent", [False, True], ids=["refused", "silent"])
async def test_a_signal_while_it_waits_ends_it_at_once(
    slack: Simulator, postgres: PostgresServer, database: str, tmp_path: Path, is_silent: bool
) -> None:
    async with a_line(postgres.port) as line:
        if is_silent:
            line.silence()
        else:
            await line.down()
        url = postgres.url(database, port=line.port)
        async with running("serve", env=serve_environment(slack, url), cwd=tmp_path) as program:
            await it_waits(program, words="The database cannot be reached")
            program.tell(signal.SIGTERM)
            code = await program.ended(within_s=8)

    assert 0 == code
    assert "Traceback" not in program.output


@pytest.mark.parametrize(
    ("user", "name", "words"),
    [
        (f"{GUARDED}:wrong", None, "password authentication failed"),
        ("stranger", None, 'role "stranger" does not exist'),
        ("usersync", "nowhere", 'database "nowhere" does not exist'),
    ],
    ids=["a wrong password", "an unknown role", "an unknown database"],
)
async def test_what_does_not_pass_by_itself_ends_the_start_in_words(
    slack: Simulator,
    postgres: PostgresServer,
    database: str,
    role: str,
    tmp_path: Path,
    user: str,
    name: str,
    words: str,
) -> None:
    url = postgres.url(name or database, user=user)
    async with running("serve", env=serve_environment(slack, url), cwd=tmp_path) as program:
        code = await program.ended()

    assert 1 == code
    assert words in program.output
    assert "waited for" not in program.output
    assert "Traceback" not in program.output


async def test_other_verbs_do_not_wait(slack: Simulator, tmp_path: Path) -> None:
    env = serve_environment(slack, "postgresql://usersync@127.0.0.1:1/usersync")
    async with running("resync", env=env, cwd=tmp_path) as program:
        code = await program.ended()

    assert 1 == code
    assert "The database cannot be reached" in program.output
