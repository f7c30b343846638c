"""Hearing what other processes on one database say, and saying it to them: PostgreSQL alone can (LISTEN, NOTIFY)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from db.dialects.connections import connect_arguments

CHANNEL = "usersync_bell"


def can_listen(name: str) -> bool:
    """Say whether an engine tells one connection what another says."""
    return name == "postgresql"


class Line:
    """A connection of its own, on which each answer comes in time, or none at all. Raises OSError where it is dead."""

    def __init__(self, connection: Any, errors: tuple[type[Exception], ...], *, answer_s: float) -> None:
        self._connection = connection
        self._errors = errors
        self._answer_s = answer_s

    async def listen(self, on_word: Callable[[str], None], on_end: Callable[[], None]) -> None:
        """Hear every word that is said from now on, and the end of the line where it is noticed."""
        await self._answer(self._connection.add_listener(CHANNEL, lambda *told: on_word(told[-1])))
        self._connection.add_termination_listener(lambda _: on_end())

    async def say(self, word: str) -> None:
        """Say a word to everybody who listens, ourselves among them."""
        await self._answer(self._connection.execute("SELECT pg_notify($1, $2)", CHANNEL, word))

    async def check(self) -> None:
        """See that the other end is still there: nobody says so when it falls silent."""
        await self._answer(self._connection.execute("SELECT 1"))

    async def _answer(self, asked: Coroutine[Any, Any, object]) -> None:
        try:
            async with asyncio.timeout(self._answer_s):
                await asked
        except TimeoutError:
            self._connection.terminate()  # a goodbye would be waited for as long
            raise
        except self._errors as error:
            raise ConnectionResetError(type(error).__name__) from error


@asynccontextmanager
async def a_line(url: sa.URL, *, answer_s: float) -> AsyncIterator[Line]:
    """Connect beside the pools: a connection that listens stands open, outside any transaction.

    Raises SQLAlchemyError or OSError where that is impossible.
    """
    import asyncpg  # type: ignore[import-untyped]  # only who uses it has to load it

    engine = create_async_engine(
        url, connect_args=connect_arguments(url.get_backend_name()), poolclass=NullPool, hide_parameters=True
    )
    async with engine.connect() as connection:
        pooled = await connection.get_raw_connection()
        errors = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
        yield Line(pooled.driver_connection, errors, answer_s=answer_s)
