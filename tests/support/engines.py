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
from sqlalchemy.ext.asyncio import create_async_engine

from db import Store
from db.engine import parse_url

SERVERS = {"postgresql": "TEST_POSTGRESQL_URL", "mariadb": "TEST_MARIADB_URL"}
ENGINES = ("sqlite", *SERVERS)
# Read before any test starts, for the tests themselves run in an empty environment.
URLS = {engine: os.environ.get(variable) for engine, variable in SERVERS.items()}


class Migrated:
    """Databases with today's tables and nobody in them: migrated once, then copied for each test."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "migrated.sqlite3"
        self._template = ""

    async def copy_file(self, to: Path) -> None:
        """Copy the SQLite file."""
        if not self._file.exists():
            await _migrate(f"sqlite:///{self._file}")
        shutil.copyfile(self._file, to)

    async def template(self, server: str) -> str:
        """Name the database of which PostgreSQL copies others."""
        if not self._template:
            name = f"usersync_test_{secrets.token_hex(6)}"
            await _say(server, f"CREATE DATABASE {name}")
            await _migrate(_database_at(server, name))
            self._template = name
        return self._template

    async def drop(self) -> None:
        """Leave nothing behind on the server."""
        if self._template and (server := URLS["postgresql"]):
            await _say(server, f"DROP DATABASE {self._template}")


@contextlib.asynccontextmanager
async def a_database(engine: str, folder: Path, migrated: Migrated | None = None) -> AsyncIterator[str]:
    """Make a database and drop it afterwards: empty, or with the tables of `migrated`.

    The test is skipped, in words, where the engine's server is not given. MariaDB copies nothing, so there it is empty.
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
    is_copied = migrated is not None and engine == "postgresql"
    await _say(
        server, f"CREATE DATABASE {name}" + (f" TEMPLATE {await migrated.template(server)}" if is_copied else "")
    )
    try:
        yield _database_at(server, name)
    finally:
        await _say(server, f"DROP DATABASE {name}")


def _database_at(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


async def _migrate(url: str) -> None:
    await (await Store.open(url)).close()


async def _say(server: str, statement: str) -> None:
    engine = create_async_engine(parse_url(server), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(sa.text(statement))
    finally:
        await engine.dispose()
