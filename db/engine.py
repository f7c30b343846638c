"""From a URL to engines: one that writes, one that reads; for SQLite the pragmas and the one write lock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from db.dialects import DRIVERS, LOCK_WAIT_S, connect_arguments
from db.errors import UnusableUrl

READERS = 4
"""Connections that read beside the writer."""


def parse_url(text: str) -> URL:
    """Read a database URL, with or without a driver in its name. Raises UnusableUrl, in words."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise UnusableUrl("Write it like sqlite:////data/usersync.sqlite3 or postgresql://user@host/name.") from None
    name = url.drivername.partition("+")[0]
    if name not in DRIVERS:
        raise UnusableUrl(f"It begins with {name!r}; it can begin with {', '.join(sorted(DRIVERS))}.")
    if name == "sqlite" and url.database in (None, "", ":memory:"):
        raise UnusableUrl("A SQLite database needs a file: a directory in memory would be gone with the process.")
    return url.set(drivername=DRIVERS[name])


def open_writer(url: URL) -> AsyncEngine:
    """Open the engine that writes. On SQLite it has one connection, whose transactions take the write lock at once."""
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, **_server_options(url), pool_size=5, max_overflow=0)
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        url,
        connect_args=connect_arguments("sqlite"),
        hide_parameters=True,
        pool_size=1,
        max_overflow=0,
        pool_timeout=LOCK_WAIT_S,
    )
    # A reader that later wants to write finds the file changed under it and fails; taking the lock first cannot.
    _own_transactions(engine, begin="BEGIN IMMEDIATE")
    _on_connect(engine, "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA cache_size=-16384")
    return engine


def open_reader(url: URL) -> AsyncEngine:
    """Open the engine that only reads; each of its transactions is one snapshot."""
    if url.get_backend_name() != "sqlite":
        options = _server_options(url) | {"isolation_level": "REPEATABLE READ"}
        return create_async_engine(url, **options, pool_size=READERS, max_overflow=0)
    engine = create_async_engine(
        url,
        connect_args=connect_arguments("sqlite"),
        hide_parameters=True,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=5,
    )
    _own_transactions(engine, begin="BEGIN")
    _on_connect(engine, "PRAGMA query_only=ON", "PRAGMA cache_size=-16384")
    return engine


def _server_options(url: URL) -> dict[str, Any]:
    return {
        "connect_args": connect_arguments(url.get_backend_name()),
        "hide_parameters": True,  # an error's words go to the log; a row never does
        "isolation_level": "READ COMMITTED",
        "pool_pre_ping": True,
        "pool_timeout": LOCK_WAIT_S,
    }


def _own_transactions(engine: AsyncEngine, *, begin: str) -> None:
    @sa.event.listens_for(engine.sync_engine, "connect")
    def leave_transactions_to_us(connection: Any, _record: object) -> None:
        connection.isolation_level = None

    @sa.event.listens_for(engine.sync_engine, "begin")
    def say_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)


def _on_connect(engine: AsyncEngine, *statements: str) -> None:
    @sa.event.listens_for(engine.sync_engine, "connect")
    def run(connection: Any, _record: object) -> None:
        try:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
            cursor.close()
        except BaseException:
            connection.close()  # the pool forgets a connection that was refused here, and its thread would live on
            raise
