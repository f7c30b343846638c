"""Every difference between SQLite, PostgreSQL and MariaDB, and nowhere else."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import sqlite3
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from typing import Any

import aiosqlite
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeDecorator, TypeEngine

LOCK_WAIT_S = 2
"""How long an engine waits for a lock: less than the ack budget, so an envelope is refused rather than late."""

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "mariadb": "mariadb+asyncmy",
    "mysql": "mysql+asyncmy",
}
"""The async driver behind each database name that DATABASE_URL may begin with."""

_MIGRATION_LOCK = 0x75737273  # "usrs": any number will do, as long as every usersync takes the same
_ROW_REFUSALS_OF_POSTGRESQL = ("22", "23", "P0")  # data exception, integrity violation, raised by a trigger
_SIGNAL_OF_MARIADB = 1644  # raised by a trigger's SIGNAL


class Ailment(Enum):
    """Why a database cannot be used."""

    AWAY = auto()
    """Cannot be reached, is starting or stopping, takes no more connections, or does not answer in time."""
    LOCKED = auto()
    FULL = auto()
    READ_ONLY = auto()
    """Refuses every write, whatever refuses it below."""
    OTHER = auto()
    """Does not pass by itself: a wrong password, no such database, not ours to use."""


_AILMENTS_OF_POSTGRESQL = {
    "08": Ailment.AWAY,  # connection exceptions
    "57P": Ailment.AWAY,  # shutting down, crashed, starting up
    "53300": Ailment.AWAY,  # too many connections
    "55P03": Ailment.LOCKED,
    "40": Ailment.LOCKED,  # a deadlock
    "57014": Ailment.LOCKED,  # a statement took too long
    "53100": Ailment.FULL,
    "25006": Ailment.READ_ONLY,
    "58030": Ailment.READ_ONLY,  # an I/O error
}
"""By how an SQLSTATE begins."""
_AILMENTS_OF_MARIADB = {
    **dict.fromkeys((2002, 2003, 2005, 2006, 2013, 1040, 1203, 1226, 1053, 1927), Ailment.AWAY),
    **dict.fromkeys((1205, 1213, 3572), Ailment.LOCKED),
    **dict.fromkeys((1021, 1114), Ailment.FULL),
    **dict.fromkeys((1030, 1290, 1792, 1836), Ailment.READ_ONLY),
}
_AILMENTS_OF_SQLITE = {
    sqlite3.SQLITE_BUSY: Ailment.LOCKED,
    sqlite3.SQLITE_LOCKED: Ailment.LOCKED,
    sqlite3.SQLITE_FULL: Ailment.FULL,
    sqlite3.SQLITE_READONLY: Ailment.READ_ONLY,
    sqlite3.SQLITE_IOERR: Ailment.READ_ONLY,  # what a disk says that turned read-only while the file was open
}
_AILMENTS_OF_THE_SYSTEM: dict[int | None, Ailment] = {
    errno.ENOSPC: Ailment.FULL,
    errno.EDQUOT: Ailment.FULL,
    errno.EROFS: Ailment.READ_ONLY,
}


class Utc(TypeDecorator[datetime]):
    """An aware UTC time; engines without zones store it naive, in UTC, to the microsecond."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.DateTime(timezone=True))
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else value.replace(tzinfo=UTC)


TABLE_OPTIONS: dict[str, Any] = {
    f"{name}_{option}": value
    for name in ("mysql", "mariadb")
    for option, value in (("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}
"""MariaDB alone has character sets of its own; there, too, text is compared by code point."""


def exact_text(length: int) -> TypeEngine[str]:
    """Text compared and ordered by code point on every engine, so that keysets agree."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def long_text() -> TypeEngine[str]:
    """Text of any length, compared by code point; MariaDB's plain TEXT ends at 64 kB."""
    return (
        sa.Text()
        .with_variant(sa.Text(collation="C"), "postgresql")
        .with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
    )


STATEMENT_S = 15
"""How long a server may take over one statement; one that fell silent must not hold a run or a page for ever."""


def connect_arguments(name: str, *, statement_s: float | None = STATEMENT_S) -> dict[str, Any]:
    """Give the driver's own arguments: how long to wait for a connection, for a lock, and for an answer."""
    if name == "sqlite":
        return {"timeout": LOCK_WAIT_S}
    if name == "postgresql":
        return {
            "timeout": 5,
            "connection_class": _impatient(),
            "command_timeout": statement_s,
            "server_settings": {"lock_timeout": f"{LOCK_WAIT_S}s", "application_name": "usersync"},
        }
    return {
        "connect_timeout": 5,
        "read_timeout": statement_s,
        "charset": "utf8mb4",
        "init_command": f"SET SESSION innodb_lock_wait_timeout={LOCK_WAIT_S}, SESSION sql_mode='STRICT_ALL_TABLES'",
    }


BEGIN_S = 3
GOODBYE_S = 0.3


def _impatient() -> type[Any]:
    """Make a connection to PostgreSQL that is dropped in time where the server fell silent.

    A pooled one may have died without a word, behind a router that forgot it: its first statement finds out, and need
    not wait as long as one that works. And whoever ends does not wait for a goodbye.
    """
    import asyncpg  # type: ignore[import-untyped]  # only who uses it has to load it

    class Connection(asyncpg.Connection):  # type: ignore[misc]
        async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109
            if not query.startswith("BEGIN"):
                return str(await super().execute(query, *args, timeout=timeout))
            try:
                async with asyncio.timeout(BEGIN_S):
                    return str(await super().execute(query, *args, timeout=timeout))
            except TimeoutError:
                self.terminate()
                raise asyncpg.ConnectionDoesNotExistError(f"no answer within {BEGIN_S} s") from None

        async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the driver's own name
            with suppress(TimeoutError):  # the driver has then dropped the line
                await super().close(timeout=GOODBYE_S if timeout is None else timeout)

    return Connection


def file_of(url: sa.URL) -> Path | None:
    """Name the file that the database is; None for a server."""
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


async def journal_mode(connection: AsyncConnection) -> str | None:
    """Tell the journal mode of a file; a server has none."""
    is_file = connection.dialect.name == "sqlite"
    return await connection.scalar(sa.text("PRAGMA journal_mode")) if is_file else None


async def dirty_a_page(connection: AsyncConnection) -> None:
    """Make sure that the commit to come writes to the file: SQLite skips rows that stay as they are. A server does not.

    Nobody reads `user_version` here, and it keeps the value that it has.
    """
    if connection.dialect.name == "sqlite":
        version = await connection.scalar(sa.text("PRAGMA user_version"))
        await connection.execute(sa.text(f"PRAGMA user_version = {int(version or 0)}"))


def engine_now(name: str) -> sa.ColumnElement[datetime]:
    """The time that all processes on one database agree on: the server's own; for a file, this machine's."""
    if name == "postgresql":
        return sa.type_coerce(sa.func.clock_timestamp(), Utc)
    if name in ("mysql", "mariadb"):
        return sa.type_coerce(sa.func.utc_timestamp(6), Utc)
    return sa.literal(datetime.now(UTC), Utc)


@contextmanager
def run_lock(url: sa.URL, team_id: str) -> Iterator[bool]:
    """Hold the runs of a workspace for this process, as far as the engine knows a lock that dies with it.

    Yields whether we are alone for certain: on SQLite a file beside the database is locked, so whoever is still named
    in the row is dead. Elsewhere only the row tells. Raises BlockingIOError where another process holds it.
    """
    if url.get_backend_name() != "sqlite":
        yield False
        return
    with Path(f"{url.database}-run-{team_id}").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True


def is_refusal_of_a_row(error: BaseException) -> bool:
    """Say whether the engine refused this very row, rather than being away, locked, full or read-only."""
    if isinstance(error, sa.exc.DataError | sa.exc.IntegrityError):
        return True
    cause = error.orig if isinstance(error, sa.exc.StatementError) else error
    if isinstance(cause, OverflowError | UnicodeError):  # the driver could not even send it
        return True
    if is_unreadable_cell(cause):
        return True
    state = getattr(cause, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(_ROW_REFUSALS_OF_POSTGRESQL)
    return bool(cause and cause.args and cause.args[0] == _SIGNAL_OF_MARIADB)


def is_unreadable_cell(cause: BaseException | None) -> bool:
    """Say whether SQLite holds bytes that are no UTF-8 where text belongs: somebody else's tool wrote them."""
    has_no_code = isinstance(cause, sqlite3.OperationalError) and not getattr(cause, "sqlite_errorcode", None)
    return has_no_code and str(cause).startswith("Could not decode")


def ailment_of(error: BaseException) -> Ailment:
    """Say why the database cannot be used, by the driver's or the system's code."""
    cause = error.orig if isinstance(error, sa.exc.StatementError) and error.orig is not None else error
    if isinstance(cause, PermissionError | ssl.SSLError):
        return Ailment.OTHER
    if isinstance(cause, sa.exc.TimeoutError):  # all connections of ours are waiting for something
        return Ailment.LOCKED
    if isinstance(cause, OSError):
        return _AILMENTS_OF_THE_SYSTEM.get(getattr(cause, "errno", None), Ailment.AWAY)
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None)  # none where Python itself refuses
        return (
            _AILMENTS_OF_SQLITE.get(code & 0xFF, Ailment.OTHER) if code else Ailment.OTHER
        )  # the rest tells the place
    number = cause.args[0] if cause.args else None
    if isinstance(number, int):
        return _AILMENTS_OF_MARIADB.get(number, Ailment.OTHER)
    state = str(getattr(cause, "sqlstate", None) or "")
    found = [ailment for prefix, ailment in _AILMENTS_OF_POSTGRESQL.items() if state.startswith(prefix)]
    if found:
        return found[0]
    is_cut = isinstance(error, sa.exc.DBAPIError) and (
        error.connection_invalidated or isinstance(error, sa.exc.InterfaceError)
    )
    return Ailment.AWAY if is_cut and not state else Ailment.OTHER


async def rewrite_file(file: Path, *, patience_s: float) -> bool:
    """Rewrite a SQLite file without what was deleted, and empty its log, beside whoever uses it.

    False where the log stays, since it is read without end. Each try to empty it holds up writers, so it is a short
    one; between two of them they get on. Raises sqlite3.Error.
    """
    last_try = time.monotonic() + patience_s
    async with aiosqlite.connect(file, timeout=LOCK_WAIT_S, isolation_level=None) as connection:
        try:
            if not await _patiently(_is_vacuumed, connection, last_try):
                await connection.execute("VACUUM")  # once more, to hear why not
            await connection.execute("PRAGMA busy_timeout=200")
            return await _patiently(_is_log_empty, connection, last_try)
        except asyncio.CancelledError:
            await connection.interrupt()
            raise


_BETWEEN_TRIES_S = 0.3


async def _patiently(
    attempt: Callable[[aiosqlite.Connection], Awaitable[bool]], connection: aiosqlite.Connection, last_try: float
) -> bool:
    while not await attempt(connection):
        if time.monotonic() >= last_try:
            return False
        await asyncio.sleep(_BETWEEN_TRIES_S)
    return True


async def _is_vacuumed(connection: aiosqlite.Connection) -> bool:
    try:
        await connection.execute("VACUUM")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


async def _is_log_empty(connection: aiosqlite.Connection) -> bool:
    """Move the log into the file and cut it to nothing; readers that still need it are in the way of that."""
    row = await (await connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")).fetchone()
    return row is not None and row[0] == 0


async def rewrite_tables(connection: AsyncConnection, tables: Sequence[str]) -> str | None:
    """Let a server free what was deleted, outside any transaction; tell what it says against it.

    PostgreSQL frees the space, and overwrites it when it needs it: `VACUUM FULL` would lock everybody out meanwhile.
    MariaDB makes each table anew.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(sa.text(f"VACUUM {', '.join(tables)}"))
        return None
    await connection.execute(sa.text(f"SET SESSION lock_wait_timeout={LOCK_WAIT_S}"))
    rows = (await connection.execute(sa.text(f"OPTIMIZE TABLE {', '.join(tables)}"))).all()
    return next((f"{row[0]}: {row[3]}" for row in rows if str(row[2]).lower() == "error"), None)


_OUT_OF_REACH_ANYWHERE = (
    "backups, snapshots of disks, and replicas of your own",
    "what people exported, downloaded or queried",
    "Slack itself",
)
_OUT_OF_REACH = {
    "sqlite": ("blocks of the disk that the file no longer uses",),
    "postgresql": (
        "the server's write-ahead log and its archive",
        "bytes of the tables that the server has not used again (VACUUM FULL wipes them, and locks everybody out)",
    ),
}
_OUT_OF_REACH_OF_MARIADB = ("the server's binary, redo and undo logs",)


def out_of_reach(url: sa.URL) -> tuple[str, ...]:
    """Name what an erasure cannot reach."""
    return (*_OUT_OF_REACH.get(url.get_backend_name(), _OUT_OF_REACH_OF_MARIADB), *_OUT_OF_REACH_ANYWHERE)


async def has_tables(connection: AsyncConnection) -> set[str]:
    """Name the tables of the schema we would write to."""
    return set(await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()))


def has_column(connection: sa.Connection, table: str, column: str) -> bool:
    """Say whether a table has a column: not every engine can be told to add it only where it is missing."""
    return any(each["name"] == column for each in sa.inspect(connection).get_columns(table))


@asynccontextmanager
async def migration_lock(connection: AsyncConnection) -> AsyncIterator[None]:
    """Let one process at a time migrate. On SQLite the connection's own `BEGIN IMMEDIATE` is the lock."""
    name = connection.dialect.name
    if name == "postgresql":
        await connection.execute(sa.text("SET LOCAL lock_timeout = '60s'"))
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
    elif name in ("mysql", "mariadb"):  # a session lock, for DDL commits there
        has_lock = await connection.scalar(sa.select(sa.func.get_lock("usersync-migration", 60)))
        if has_lock != 1:
            raise TimeoutError("another usersync has been migrating for a minute")
    try:
        yield
    finally:
        if name in ("mysql", "mariadb"):
            await connection.execute(sa.select(sa.func.release_lock("usersync-migration")))
