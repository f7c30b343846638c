"""Copies a whole directory with its history into an empty database of any engine: whole and checked, or not at all.

Everything is one transaction in TO, the tables as far as the engine lets them be, the rows on every engine: whoever
looks at TO, and whatever kills us, sees nothing of it before the last row was read again and found the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import copy_checks
from db.copy_side import Side
from db.dialects import (
    build_search,
    drop_search,
    hold_still,
    is_refusal_of_a_row,
    migration_lock,
    settle,
)
from db.engine import open_reader, open_source, open_writer, parse_url
from db.errors import NotCopied, PerhapsCopied, StoreAway
from db.migrate import VERSION_TABLE, upgrade
from db.outages import kind_of, unavailable
from db.permission import refuse_unwritable
from db.slices import Row, count, differing, exact_tables, find_same, key_of, slices, told_key
from db.tables import metadata, wipes

READ_S = 60
WRITE_S = 600
"""How long a server may take over one statement; to index the words of a million people is one."""
COMMIT_S = 60


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy came to."""

    rows: Mapping[str, int]
    """How many, by table."""
    left_behind: tuple[str, ...]
    """Tables and columns in FROM that usersync did not make."""
    due_wipes: int
    """Erasures whose bytes were still in FROM."""


@dataclass(slots=True)
class CopyProgress:
    """How far a copy is: each row is written, and then read again."""

    table: str = ""
    done: int = 0
    total: int = 0
    is_checking: bool = False


class Copying:
    """Copies once."""

    def __init__(self, source: str, target: str) -> None:
        """Raises UnusableUrl."""
        self.source = Side("FROM", parse_url(source))
        self.target = Side("TO", parse_url(target))
        self.progress = CopyProgress()
        self._tables = exact_tables()

    async def run(self) -> Copied:
        """Copy, read everything again, and commit. Raises NotCopied, PerhapsCopied."""
        source, target = self.source, self.target
        copy_checks.refuse_same(source.url, target.url)
        await self._look()
        file = target.file
        is_made = file is not None and not file.exists()
        try:
            async with source.opened(open_source(source.url, statement_s=READ_S)) as reads:
                return await self._copy(reads)
        except PerhapsCopied:
            raise
        except BaseException:
            if file is not None and is_made:
                _remove(file)
            raise

    async def _look(self) -> None:
        """Refuse without a trace what can be refused by a look from outside."""
        with self.source.speaking():
            copy_checks.refuse_missing_file(self.source.url)
        for side in (self.source, self.target):
            with side.speaking():
                await asyncio.to_thread(refuse_unwritable, side.url)
                copy_checks.refuse_file_in_use(side.url)
        async with self.source.opened(open_reader(self.source.url)) as connection:
            await copy_checks.refuse_source(connection)
        file = self.target.file
        if file is not None and not file.exists():
            return
        async with self.target.opened(open_reader(self.target.url)) as connection:
            await copy_checks.refuse_target(connection)

    async def _copy(self, reads: AsyncConnection) -> Copied:
        source, target = self.source, self.target
        with source.speaking():
            await hold_still(reads, [VERSION_TABLE, *metadata.tables])
            await copy_checks.refuse_others(reads)
            await copy_checks.refuse_source(reads)
            if source.file is None:
                await copy_checks.refuse_running(reads)
            left_behind = await copy_checks.left_behind(reads)
            due_wipes = await count(reads, wipes)
            self.progress.total = 2 * sum([await count(reads, table) for table in self._tables])
        engine = open_writer(target.url, statement_s=WRITE_S)
        async with target.opened(engine) as writes, migration_lock(writes):
            await self._prepare(writes)
            rows = {table.name: await self._write(table, reads, writes) for table in self._tables}
            with target.speaking():
                await settle(writes, self._tables)
            self.progress.is_checking = True
            for table in self._tables:
                await self._check(table, rows[table.name], reads, writes)
            self.progress.table = ""
            with target.speaking():
                await writes.run_sync(build_search)
                await _commit(writes)
        return Copied(rows, left_behind, due_wipes)

    async def _prepare(self, writes: AsyncConnection) -> None:
        with self.target.speaking():
            await copy_checks.refuse_others(writes)
            await copy_checks.refuse_target(writes)
            await upgrade(writes)
            await writes.run_sync(drop_search)

    async def _write(self, table: sa.Table, reads: AsyncConnection, writes: AsyncConnection) -> int:
        self.progress.table, written = table.name, 0
        async for rows in self._read(table, reads):
            with self.target.speaking(table.name):
                await self._insert(table, rows, writes)
            written += len(rows)
            self.progress.done += len(rows)
        return written

    async def _insert(self, table: sa.Table, rows: Sequence[Row], writes: AsyncConnection) -> None:
        """Write a slice; of one that is refused, halve after halve, until the row is found that is to blame."""
        names = table.columns.keys()
        try:
            async with writes.begin_nested():
                await writes.execute(sa.insert(table), [dict(zip(names, row, strict=True)) for row in rows])
        except (sa.exc.SQLAlchemyError, OverflowError, UnicodeError) as error:
            if not is_refusal_of_a_row(error):
                raise
            if len(rows) == 1:
                key = told_key(table, rows[0])
                raise NotCopied(f"It refuses the row of {table.name} with {key} {kind_of(error)}.") from error
            for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
                await self._insert(table, half, writes)

    async def _check(self, table: sa.Table, written: int, reads: AsyncConnection, writes: AsyncConnection) -> None:
        """Read a table again on both sides. Raises NotCopied, naming the first difference."""
        self.progress.table = table.name
        async for rows in self._read(table, reads):
            with self.target.speaking(table.name):
                found = await find_same(writes, table, rows)
            with self.target.speaking():
                for row in rows:
                    _compare(table, row, found.get(key_of(table, row)))
            self.progress.done += len(rows)
        with self.target.speaking():
            there = await count(writes, table)
            if there != written:
                raise NotCopied(f"{written:,} rows of {table.name} were written, and it holds {there:,}.")

    async def _read(self, table: sa.Table, reads: AsyncConnection) -> AsyncIterator[Sequence[Row]]:
        rows = slices(reads, table)
        while True:
            with self.source.speaking(table.name):
                found = await anext(rows, None)
            if found is None:
                return
            yield found


async def _commit(writes: AsyncConnection) -> None:
    """Commit, whoever interrupts: it is too late to take it back. Raises PerhapsCopied."""
    committing = asyncio.ensure_future(writes.commit())
    try:
        await asyncio.shield(committing)
    except asyncio.CancelledError:
        await asyncio.wait([committing], timeout=COMMIT_S)
        if not committing.done():
            raise PerhapsCopied("(interrupted)") from None
        committing.result()
    except (sa.exc.SQLAlchemyError, OSError) as error:
        why = unavailable(error)
        if isinstance(why, StoreAway):
            raise PerhapsCopied(str(why)) from error
        raise


def _compare(table: sa.Table, row: Row, found: Row | None) -> None:
    """Raises NotCopied, naming the row and the columns, and never a value."""
    if found is None:
        raise NotCopied(f"The row of {table.name} with {told_key(table, row)} was written, and is not there.")
    if columns := differing(table, row, found):
        raise NotCopied(
            f"The row of {table.name} with {told_key(table, row)} is not what FROM holds, in {', '.join(columns)}. "
            "A trigger changes it, or something between the database and us."
        )


def _remove(file: Path) -> None:
    """Leave nothing of a file that was made for this copy."""
    for tail in ("", "-wal", "-shm", "-journal"):
        Path(f"{file}{tail}").unlink(missing_ok=True)
