"""The databases that tests run on: SQLite always, servers where their URL is given; each test gets one of its own."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from db import Store
from db.engine import parse_url
from db.migrate import VERSION_TABLE

SERVERS = {"postgresql": "TEST_POSTGRESQL_URL", "mariadb": "TEST_MARIADB_URL"}
ENGINES = ("sqlite", *SERVERS)
WHOLE = ("sqlite", "postgresql")
"""What a whole service is tried on; the contract of `db` is tried on every engine."""
BY_ENGINE = {"database_url", "empty_url"}
"""Fixtures that are made on one engine after the other."""
# Read before any test starts, for the tests themselves run in an empty environment.
URLS = {engine: os.environ.get(variable) for engine, variable in SERVERS.items()}


def engines_for(test: pytest.Item) -> tuple[str, ...]:
    """Tell what a test that asks for a database runs on; `runs_on` says otherwise, and why."""
    mark = test.get_closest_marker("runs_on")
    if mark:
        assert mark.kwargs.get("because"), f"{test.nodeid}: say why it runs on {mark.args} alone: because='…'"
        return mark.args
    asks_for = getattr(test, "fixturenames", ())
    folder = test.path.relative_to(Path(__file__).parents[1]).parts[0]
    return WHOLE if folder in ("stories", "web", "torture") or "settings" in asks_for else ENGINES


def engine_of(test: pytest.Item) -> str:
    """Tell what a test was asked to run on, a server before a file; empty where it did not ask for a database."""
    callspec = getattr(test, "callspec", None)
    named = [engine for engine in ENGINES if callspec and engine in callspec.params.values()]
    if "postgres_server" in getattr(test, "fixturenames", ()):
        named.append("postgresql")
    mark = test.get_closest_marker("runs_on")
    return named[-1] if named else str(mark.args[0]) if mark else ""


class Migrated:
    """Databases with today's tables and nobody in them: migrated once, then copied for each test."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "migrated.sqlite3"
        self._templates: dict[str, str] = {}

    async def copy_file(self, to: Path) -> None:
        """Copy the SQLite file."""
        if not self._file.exists():
            await _migrate(f"sqlite:///{self._file}")
        shutil.copyfile(self._file, to)

    async def copy_database(self, engine: str, server: str, to: str) -> None:
        """Make a database on a server like the migrated one there."""
        template = await self._template(engine, server)
        if engine == "postgresql":
            await _say(server, f"CREATE DATABASE {to} TEMPLATE {template}")
            return
        tables = await _asked(
            server, f"SELECT table_name FROM information_schema.tables WHERE table_schema='{template}'"
        )
        own = [table for table in tables if not table.startswith("FTS_")]
        await _say(
            server,
            f"CREATE DATABASE {to}",
            "SET SESSION innodb_ft_enable_stopword = OFF",  # what an index of words leaves out is settled as it is made
            *(f"CREATE TABLE {to}.{table} LIKE {template}.{table}" for table in own),
            f"INSERT INTO {to}.{VERSION_TABLE} SELECT * FROM {template}.{VERSION_TABLE}",
        )

    async def _template(self, engine: str, server: str) -> str:
        if engine not in self._templates:
            name = f"usersync_test_{secrets.token_hex(6)}"
            await _say(server, f"CREATE DATABASE {name}")
            await _migrate(_database_at(server, name))
            self._templates[engine] = name
        return self._templates[engine]

    async def drop(self) -> None:
        """Leave nothing behind on the servers."""
        for engine, template in self._templates.items():
            await _say(str(URLS[engine]), f"DROP DATABASE {template}")


@contextlib.asynccontextmanager
async def a_database(engine: str, folder: Path, migrated: Migrated | None = None) -> AsyncIterator[str]:
    """Make a database and drop it afterwards: empty, or with the tables of `migrated`.

    The test is skipped, in words, where the engine's server is not given.
    """
    if engine == "sqlite":
        file = folder / "usersync.sqlite3"
        if migrated:
            await migrated.copy_file(file)
        yield f"sqlite:///{file}"
        return
    server = URLS[engine]
    if not server:
        pytest.skip(f"{SERVERS[engine]} is not set, so nothing was tried on {engine}")
    name = f"usersync_test_{secrets.token_hex(6)}"
    if migrated:
        await migrated.copy_database(engine, server, name)
    else:
        await _say(server, f"CREATE DATABASE {name}")
    try:
        yield _database_at(server, name)
    finally:
        await _say(server, f"DROP DATABASE {name} WITH (FORCE)" if engine == "postgresql" else f"DROP DATABASE {name}")


def _database_at(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


async def closed_to_all(name: str, *, closed: bool) -> None:
    """Let a database of PostgreSQL take no connection and end those there are, or take them again."""
    server = str(URLS["postgresql"])
    await _say(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(not closed).lower()}")
    if closed:
        await _say(server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


async def _migrate(url: str) -> None:
    await (await Store.open(url)).close()


async def _say(server: str, *statements: str) -> None:
    async with _a_connection(server) as connection:
        for statement in statements:
            await connection.execute(sa.text(statement))


async def _asked(server: str, statement: str) -> list[str]:
    async with _a_connection(server) as connection:
        return [str(row[0]) for row in await connection.execute(sa.text(statement))]


@contextlib.asynccontextmanager
async def _a_connection(server: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(parse_url(server), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()
