"""Each engine's words for being away become one of ours, which knows whether it may pass by itself."""

from __future__ import annotations

import errno
import socket
import sqlite3
import ssl
import time

import asyncpg
import pytest
import sqlalchemy as sa
from asyncmy import errors as asyncmy

from db import Store
from db.dialects import LOCK_WAIT_S, STATEMENT_S
from db.engine import open_reader, open_writer, parse_url
from db.errors import StoreAway, StoreFull, StoreLocked, StoreReadOnly, StoreRefusesUs, StoreUnavailable
from db.outages import unavailable
from tests.support.factories import TEAM, an_observation
from tests.support.memory import install, keep


def of_sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorcode = code
    return error


def wrapped(error: Exception) -> sa.exc.OperationalError:
    return sa.exc.OperationalError("SELECT 1", {}, error)


MEANS: list[tuple[BaseException, type[StoreUnavailable]]] = [
    (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), StoreAway),
    (TimeoutError(), StoreAway),
    (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), StoreAway),
    (sa.exc.TimeoutError("all connections are in use"), StoreLocked),
    (OSError(errno.ENOSPC, "No space left on device"), StoreFull),
    (OSError(errno.EROFS, "Read-only file system"), StoreReadOnly),
    (PermissionError(errno.EACCES, "Permission denied"), StoreUnavailable),
    (ssl.SSLError("certificate verify failed"), StoreUnavailable),
    (asyncpg.CannotConnectNowError("the database system is starting up"), StoreAway),
    (asyncpg.AdminShutdownError("terminating connection"), StoreAway),
    (asyncpg.TooManyConnectionsError("sorry, too many clients already"), StoreAway),
    (asyncpg.ConnectionDoesNotExistError("connection was closed"), StoreAway),
    (asyncpg.LockNotAvailableError("canceling statement due to lock timeout"), StoreLocked),
    (asyncpg.DiskFullError("could not extend file"), StoreFull),
    (asyncpg.ReadOnlySQLTransactionError("cannot execute UPDATE"), StoreReadOnly),
    (asyncpg.InvalidPasswordError("password authentication failed"), StoreRefusesUs),
    (asyncpg.InvalidCatalogNameError("database does not exist"), StoreRefusesUs),
    (asyncpg.InsufficientPrivilegeError("permission denied"), StoreUnavailable),
    (wrapped(asyncmy.OperationalError(2003, "Can't connect")), StoreAway),
    (wrapped(asyncmy.OperationalError(2013, "Lost connection")), StoreAway),
    (wrapped(asyncmy.OperationalError(1040, "Too many connections")), StoreAway),
    (wrapped(asyncmy.OperationalError(1205, "Lock wait timeout exceeded")), StoreLocked),
    (wrapped(asyncmy.OperationalError(1114, "The table is full")), StoreFull),
    (wrapped(asyncmy.OperationalError(1290, "running with --read-only")), StoreReadOnly),
    (wrapped(asyncmy.OperationalError(1045, "Access denied")), StoreRefusesUs),
    (wrapped(asyncmy.OperationalError(1049, "Unknown database")), StoreRefusesUs),
    (wrapped(of_sqlite(sqlite3.SQLITE_BUSY)), StoreLocked),
    (wrapped(of_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT)), StoreLocked),
    (wrapped(of_sqlite(sqlite3.SQLITE_FULL)), StoreFull),
    (wrapped(of_sqlite(sqlite3.SQLITE_READONLY_DBMOVED)), StoreReadOnly),
    (wrapped(of_sqlite(sqlite3.SQLITE_IOERR_WRITE)), StoreReadOnly),
    (wrapped(of_sqlite(sqlite3.SQLITE_CANTOPEN)), StoreUnavailable),
    (wrapped(of_sqlite(sqlite3.SQLITE_NOTADB)), StoreUnavailable),
]


@pytest.mark.parametrize(("error", "means"), MEANS, ids=[f"{each!r}"[:60] for each, _ in MEANS])
def test_a_drivers_error_is_told_apart(error: BaseException, means: type[StoreUnavailable]) -> None:
    assert means is type(unavailable(error))


def test_what_somebody_has_to_mend_in_the_settings_is_not_waited_for() -> None:
    passing = {kind for _, kind in MEANS if kind.passes}

    assert {StoreAway, StoreLocked, StoreFull} == passing


@pytest.mark.parametrize("kind", [StoreAway, StoreLocked, StoreFull, StoreReadOnly, StoreRefusesUs])
def test_the_words_for_everybody_hold_nothing_of_the_drivers(kind: type[StoreUnavailable]) -> None:
    error = kind("(OperationalError: secret)")

    assert "secret" not in error.plain
    assert "secret" in str(error)
    assert error.plain.endswith(".")


ENDLESS = {
    "postgresql": "SELECT pg_sleep(60)",
    "mariadb": "SELECT SLEEP(60)",
    "sqlite": "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
}


@pytest.mark.runs_on("mariadb", because="there a table that is made anew is waited for by a wait of its own")
async def test_a_commit_does_not_wait_for_a_table_that_is_made_anew_longer_than_for_a_row(
    store: Store, database_url: str
) -> None:
    await install(store, TEAM)
    engine = open_writer(parse_url(database_url))
    async with engine.connect() as holder:
        await holder.execute(sa.text("LOCK TABLES users READ"))
        began = time.monotonic()

        with pytest.raises(StoreLocked):
            await keep(store, an_observation())
        waited_s = time.monotonic() - began
    await engine.dispose()

    assert LOCK_WAIT_S <= waited_s < LOCK_WAIT_S + 3


@pytest.mark.runs_on("mariadb", because="there a migration has no wait of its own")
async def test_a_migration_waits_for_a_table_as_long_as_the_server_lets_it(database_url: str) -> None:
    waits = []
    for statement_s in (STATEMENT_S, None):
        engine = open_writer(parse_url(database_url), statement_s=statement_s)
        async with engine.connect() as connection:
            waits.append(await connection.scalar(sa.text("SELECT @@SESSION.lock_wait_timeout")))
        await engine.dispose()

    assert LOCK_WAIT_S == waits[0] < waits[1]


async def test_a_question_that_takes_too_long_is_given_up_and_the_next_one_is_answered(database_url: str) -> None:
    reader = open_reader(parse_url(database_url), statement_s=0.3)
    name = parse_url(database_url).get_backend_name()
    with pytest.raises((sa.exc.DBAPIError, TimeoutError)) as refusal:
        async with reader.connect() as connection:
            await connection.execute(sa.text(ENDLESS[name]))
    async with reader.connect() as connection:
        again = await connection.scalar(sa.text("SELECT 1"))
    await reader.dispose()

    assert isinstance(unavailable(refusal.value), StoreAway)
    assert 1 == again
