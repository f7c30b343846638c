"""FROM or TO of a copy: an address that is never shown as it is, and words for whatever goes wrong there."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.dialects import ENGINES, file_of, is_refusal_of_a_row, is_unreadable_cell
from db.engine import place_of
from db.errors import NotCopied, PerhapsCopied, StoreError
from db.outages import kind_of, unavailable


class Side:
    """One of the two."""

    def __init__(self, name: str, url: URL) -> None:
        self.name = name
        self.url = url

    @property
    def place(self) -> str:
        return place_of(self.url)

    @property
    def engine(self) -> str:
        return ENGINES[self.url.get_backend_name()]

    @property
    def file(self) -> Path | None:
        return file_of(self.url)

    @asynccontextmanager
    async def opened(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """Open a transaction, rolled back in the end unless it was committed. Raises NotCopied."""
        try:
            with self.speaking():
                connection = await engine.connect()
            try:
                with self.speaking():
                    await connection.begin()
                    yield connection
            finally:
                await connection.close()
        finally:
            await engine.dispose()

    @contextmanager
    def speaking(self, table: str = "") -> Iterator[None]:
        """Tell whatever goes wrong as something of this side. Raises NotCopied."""
        where = f"{self.name} ({self.place}){f', table {table}' if table else ''}: "
        try:
            yield
        except NotCopied as error:
            if error.is_told:
                raise
            raise NotCopied(f"{where}{error.detail}", is_told=True) from error
        except PerhapsCopied:
            raise
        except StoreError as error:
            raise NotCopied(f"{where}{error}", is_told=True) from error
        except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError, UnicodeError) as error:
            cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
            is_of_a_row = is_refusal_of_a_row(error) or is_unreadable_cell(cause)
            words = f"a row is refused {kind_of(error)}" if is_of_a_row else str(unavailable(error))
            raise NotCopied(f"{where}{words}", is_told=True) from error
