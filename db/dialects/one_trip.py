"""SQLite in one trip to its thread for each statement: making a cursor, fetching its rows and closing it go along.

aiosqlite makes a trip for each of the four, and for each the interpreter has to let the other thread go on. The
beginning of a transaction goes along with its first statement, too: before that it would see and lock nothing that
anybody needs. Where nothing was begun, its end makes no trip, and nobody waits for the end of one that only read.
Statements that are told together go along with whatever follows them, as a rule the commit, which then fails as they
would have.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Self

import aiosqlite

_Errand = Callable[[sqlite3.Connection], None]


def open_quickly(file: str, **options: Any) -> aiosqlite.Connection:
    """Make a connection as `aiosqlite.connect` does; await it to open it. `options` are those of `sqlite3.connect`."""
    return _Connection(partial(sqlite3.connect, file, **options))


_READS = "BEGIN"
TOGETHER = "-- several statements, each of them with its rows"
"""Stands for statements that are told in the place of parameters; see `db/dialects/together.py`."""


class _Cursor:
    """What SQLAlchemy asks of a cursor; its rows are here as soon as a statement is done."""

    arraysize = 1

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Sequence[Any] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> Self:
        """Run a statement, and fetch whatever it finds."""
        if sql == TOGETHER:
            await self.executemany(sql, (parameters,))
        else:
            await self._connection.trip(partial(self._run, sql, parameters, is_many=False))
        return self

    async def executemany(self, sql: str, parameters: Iterable[Any]) -> Self:
        """Run a statement once for each of them."""
        if sql == TOGETHER:
            self._connection.put_off(partial(_run_all, parameters))
        else:
            await self._connection.trip(partial(self._run, sql, parameters, is_many=True))
        return self

    async def fetchall(self) -> list[Any]:
        """Give what was found."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Do nothing: it was closed where it was used."""

    def _run(self, sql: str, parameters: Any, connection: sqlite3.Connection, *, is_many: bool) -> None:
        """Do all of it; in the connection's own thread."""
        cursor = connection.cursor()
        try:
            cursor.executemany(sql, parameters) if is_many else cursor.execute(sql, parameters)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


def _run_all(statements: Iterable[tuple[str, Sequence[Any]]], connection: sqlite3.Connection) -> None:
    """Run each of them for its rows; in the connection's own thread."""
    for sql, rows in statements:
        if len(rows) == 1:
            connection.execute(sql, rows[0])
        else:
            connection.executemany(sql, rows)


class _Connection(aiosqlite.Connection):
    def __init__(self, open_file: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(open_file, iter_chunk_size=64)
        self._thread.daemon = True  # or a process that lost one could not end; SQLAlchemy's own is one as well
        self._to_begin = ""
        """What the next trip begins a transaction with."""
        self._begun = ""
        """What the transaction was begun with that may be open; what came of that is the thread's to know."""
        self._waiting: list[_Errand] = []

    def cursor(self) -> _Cursor:  # type: ignore[override]
        return _Cursor(self)

    def begin(self, how: str) -> None:
        """Have the next statement begin a transaction, with BEGIN if it only reads."""
        self._to_begin = how

    def put_off(self, errand: _Errand) -> None:
        """Have something done before whatever comes next, in the same trip; a rollback takes it back undone."""
        self._waiting.append(errand)

    async def commit(self) -> None:
        """Commit what was begun, with what waits."""
        if self._waiting:
            await self.trip(sqlite3.Connection.commit)
        elif self._is_to_be_ended():
            await super().commit()
        self._begun = ""

    async def rollback(self) -> None:
        """Take back what was begun; a statement that may still be under way costs its connection (SQLAlchemy)."""
        self._waiting = []
        if self._is_to_be_ended():
            await super().rollback()
            self._begun = ""

    def _is_to_be_ended(self) -> bool:
        """Say whether somebody has to wait for an end; a snapshot is let go of before whatever is asked next."""
        self._to_begin = ""
        if self._begun == _READS:
            self._tx.put_nowait((None, self._conn.rollback))
            self._begun = ""
        return bool(self._begun)

    async def trip(self, errand: _Errand) -> None:
        """Have something done in the thread, in a transaction if one was to begin. Raises as that does."""
        if begin := self._to_begin:
            self._to_begin, self._begun = "", begin
        errands, self._waiting = [*self._waiting, errand], []
        await self._execute(lambda: self._do(errands, begin))  # type: ignore[no-untyped-call]

    def _do(self, errands: Iterable[_Errand], begin: str) -> None:
        if begin:
            self._conn.execute(begin)
        for errand in errands:
            errand(self._conn)
