"""How each engine is reached: its driver, its waits, and how it says goodbye."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

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


ALWAYS_BY_INDEX = {"enable_seqscan": "off", "jit": "off"}
"""Every question of a reader has its index, and PostgreSQL, which guesses how many match, is not to think otherwise.

To compile a plan takes longer than to answer one of ours (postgresql.org/docs/current/jit-decision.html).
"""


def connect_arguments(
    name: str, *, statement_s: float | None = STATEMENT_S, only_reads: bool = False
) -> dict[str, Any]:
    """Give the driver's own arguments: how long to wait for a connection, for a lock, and for an answer."""
    if name == "sqlite":
        return {"timeout": LOCK_WAIT_S}
    if name == "postgresql":
        return {
            "timeout": 5,
            "connection_class": _impatient(),
            "command_timeout": statement_s,
            "server_settings": {
                "lock_timeout": f"{LOCK_WAIT_S}s",
                "application_name": "usersync",
                **(ALWAYS_BY_INDEX if only_reads else {}),
            },
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
