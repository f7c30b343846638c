"""The databases that tests run on: SQLite always, servers where their URL is given; each test gets an empty one."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from db.engine import parse_url

SERVERS = {"postgresql": "TEST_POSTGRESQL_URL", "mariadb": "TEST_MARIADB_URL"}
ENGINES = ("sqlite", *SERVERS)
# Read before any test starts, for the tests themselves run in an empty environment.
URLS = {engine: os.environ.get(variable) for engine, variable in SERVERS.items()}


@contextlib.asynccontextmanager
async def empty_database(engine: str, folder: Path) -> AsyncIterator[str]:
    """Make an empty database and drop it afterwards; the test is skipped, in words, where its server is not given."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'usersync.sqlite3'}"
        return
    server = URLS[engine]
    if not server:
        pytest.skip(f"{SERVERS[engine]} is not set, so nothing was tried on {engine}")
    name = f"usersync_test_{secrets.token_hex(6)}"
    await _say(server, f"CREATE DATABASE {name}")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        await _say(server, f"DROP DATABASE {name}")


async def _say(server: str, statement: str) -> None:
    engine = create_async_engine(parse_url(server), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(sa.text(statement))
    finally:
        await engine.dispose()
