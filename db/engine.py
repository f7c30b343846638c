"""From a URL to engines: one that writes, one that reads; for SQLite the pragmas and the one write lock."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry
from sqlalchemy.util import await_only

from db.dialects import DRIVERS, IN_MEMORY, LOCK_WAIT_S, STATEMENT_S, connect_arguments, file_of, said_at_once
from db.errors import UnusableUrl

WRITERS = 5
"""Connections that write on a server; on SQLite one does."""
READERS = 4
"""Connections that read beside the writer."""


ALONE = "usersync_alone"
"""An option of a connection on which each statement stands alone: on SQLite it need not be told of a transaction."""


class Pool(AsyncAdaptedQueuePool):
    """Keeps connections, and closes those that come back after its end: nobody else would."""

    __module__ = AsyncAdaptedQueuePool.__module__  # names its logger, which keeps quiet as that of other pools does
    is_over = False

    def dispose(self) -> None:
        self.is_over = True
        super().dispose()

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if self.is_over:
            record.close()
        super()._do_return_conn(record)  # whoever waits for one yet opens it anew


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


def place_of(url: URL) -> str:
    """Tell where a database is, with neither user nor password."""
    if file := file_of(url):
        return str(file.absolute())
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or 'localhost'}{port}/{url.database or ''}"


def open_writer(url: URL, *, statement_s: float | None = STATEMENT_S, changes_journal: bool = True) -> AsyncEngine:
    """Open the engine that writes. On SQLite it has one connection, whose transactions take the write lock at once.

    A migration may take longer than other statements: `statement_s` None waits as long as it takes. Whoever only tries
    whether a file can be written leaves its journal as it is.
    """
    if url.get_backend_name() != "sqlite":
        return _open_server(url, statement_s, pool_size=WRITERS)
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        url,
        connect_args=connect_arguments("sqlite"),
        hide_parameters=True,
        poolclass=Pool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=LOCK_WAIT_S,
    )
    # A reader that later wants to write finds the file changed under it and fails; taking the lock first cannot.
    _own_transactions(engine, begin="BEGIN IMMEDIATE")
    journal = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL") if changes_journal else ()
    # A migration makes indexes, and sorts more for them than may fit into memory.
    waiting = () if statement_s is None else (IN_MEMORY,)
    # What is deleted is overwritten at once, so that a page given back to the file holds nobody's address.
    _on_connect(engine, *journal, "PRAGMA cache_size=-8192", "PRAGMA secure_delete=ON", *waiting)
    return engine


def open_source(url: URL, *, statement_s: float = STATEMENT_S) -> AsyncEngine:
    """Open the engine that a copy is read from: each transaction is one snapshot.

    On SQLite it holds the write lock as well, so that nobody else writes meanwhile.
    """
    if url.get_backend_name() == "sqlite":
        return open_writer(url, changes_journal=False)
    return _open_server(url, statement_s, pool_size=1, only_reads=True)


READ_S = 5
"""How long one question may take: a few who ask for too much must not keep everybody else out."""


def open_reader(url: URL, *, statement_s: float = READ_S) -> AsyncEngine:
    """Open the engine that only reads; each of its transactions is one snapshot."""
    if url.get_backend_name() != "sqlite":
        return _open_server(url, statement_s, pool_size=READERS, only_reads=True)
    engine = create_async_engine(
        url,
        connect_args=connect_arguments("sqlite"),
        hide_parameters=True,
        poolclass=Pool,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=5,
        pool_use_lifo=True,  # each has a cache of its own, and one that is used again is warm already
    )
    _own_transactions(engine, begin="BEGIN")
    # Four megabytes: what is read again the system has at hand, and no page is quicker for having it here four times.
    _on_connect(engine, "PRAGMA query_only=ON", "PRAGMA cache_size=-4096")
    _end_in_time(engine, statement_s)
    return engine


def _open_server(url: URL, statement_s: float | None, *, pool_size: int, only_reads: bool = False) -> AsyncEngine:
    name = url.get_backend_name()
    engine = create_async_engine(
        url,
        connect_args=connect_arguments(name, statement_s=statement_s),
        hide_parameters=True,  # an error's words go to the log; a row never does
        isolation_level="REPEATABLE READ" if only_reads else "READ COMMITTED",
        poolclass=Pool,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        pool_timeout=LOCK_WAIT_S,
    )
    if statements := said_at_once(name, only_reads=only_reads):  # to say nothing costs a round trip, too
        _on_connect(engine, *statements)
    return engine


def _own_transactions(engine: AsyncEngine, *, begin: str) -> None:
    @sa.event.listens_for(engine.sync_engine, "connect")
    def leave_transactions_to_us(connection: Any, _record: object) -> None:
        connection.isolation_level = None

    @sa.event.listens_for(engine.sync_engine, "begin")
    def say_begin(connection: sa.Connection) -> None:
        if ALONE not in connection.get_execution_options():  # and told to the driver, for it is only noted there
            connection.connection.driver_connection.begin(begin)  # type: ignore[union-attr]


def _on_connect(engine: AsyncEngine, *statements: str) -> None:
    @sa.event.listens_for(engine.sync_engine, "connect")
    def run(connection: Any, _record: object) -> None:
        try:
            cursor = connection.cursor()
            for statement in statements:
                _execute_when_free(cursor, statement)
            cursor.close()
            connection.commit()  # or a server forgets what it was told
        except BaseException:
            connection.close()  # the pool forgets a connection that was refused here, and its thread would live on
            raise


_STEPS = 20_000
"""Of SQLite's machine, between two looks at the clock: some tenths of a millisecond."""


def _end_in_time(engine: AsyncEngine, statement_s: float) -> None:
    """Interrupt a statement of SQLite that takes too long; servers do so by themselves."""

    @sa.event.listens_for(engine.sync_engine, "connect")
    def watch(connection: Any, record: Any) -> None:
        told = record.info  # and not the record, which holds the connection: each would keep the other alive
        told["until"] = math.inf
        driver = connection.driver_connection
        await_only(driver.set_progress_handler(lambda: time.monotonic() > told["until"], _STEPS))

    @sa.event.listens_for(engine.sync_engine, "before_cursor_execute")
    def begin(connection: sa.Connection, *_: object) -> None:
        connection.info["until"] = time.monotonic() + statement_s


def _execute_when_free(cursor: Any, statement: str) -> None:
    """Wait for a lock where SQLite itself does not: a file that turns to WAL is refused at once while anyone is at it.

    So do two first starts on one empty file, and a start beside somebody's open transaction.
    """
    last_try = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            cursor.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= last_try:
                raise
            await_only(asyncio.sleep(0.02))
        else:
            return
