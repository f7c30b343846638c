"""How each engine is reached: its driver, its waits, and how it says goodbye."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from db.dialects.one_trip import open_quickly

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


STATEMENT_S = 15
"""How long a server may take over one statement; one that fell silent must not hold a run or a page for ever."""


ALWAYS_BY_INDEX = {"enable_seqscan": "off", "jit": "off", "work_mem": "16MB"}
"""Every question of a reader has its index, and PostgreSQL, which guesses how many match, is not to think otherwise.

To compile a plan takes longer than to answer one of ours (postgresql.org/docs/current/jit-decision.html). And whom a
common word finds among a million fits into so much memory one by one; in less, only their pages are remembered, and
each row there is looked at again.
"""


def said_at_once(name: str, *, only_reads: bool = False) -> tuple[str, ...]:
    """Give what a new connection is told first: how long to wait for a lock, and how to plan.

    PostgreSQL would take it while connecting as well, but a pooler before it refuses a setting that it does not know
    (pgbouncer.org/config.html, ignore_startup_parameters).
    """
    if name != "postgresql":
        return ()
    wanted = {"lock_timeout": f"{LOCK_WAIT_S}s", **(ALWAYS_BY_INDEX if only_reads else {})}
    return ("SELECT " + ", ".join(f"set_config('{key}', '{value}', false)" for key, value in wanted.items()),)


def connect_arguments(name: str, *, statement_s: float | None = STATEMENT_S) -> dict[str, Any]:
    """Give the driver's own arguments: how long to wait for a connection and for an answer; on MariaDB for a lock."""
    if name == "sqlite":
        return {"timeout": LOCK_WAIT_S, "async_creator_fn": open_quickly}
    if name == "postgresql":
        return {
            "timeout": 5,
            "connection_class": _impatient(),
            "command_timeout": statement_s,
            "server_settings": {"application_name": "usersync"},
        }
    return {
        "connect_timeout": 5,
        "read_timeout": statement_s,
        "charset": "utf8mb4",
        "init_command": ", ".join(_settings_of_mariadb(statement_s)),
    }


def _settings_of_mariadb(statement_s: float | None) -> Iterator[str]:
    """Set its waits for a lock, on rows and on a table that is made anew, and how strict it is.

    Whoever makes tables anew, and takes as long as that takes, waits for those who use them as well.
    """
    yield f"SET SESSION innodb_lock_wait_timeout={LOCK_WAIT_S}"
    yield "SESSION sql_mode='STRICT_ALL_TABLES'"
    if statement_s is not None:
        yield f"SESSION lock_wait_timeout={LOCK_WAIT_S}"


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
