"""What must be true before a directory is copied: FROM is ours, of today's shape and at rest; TO holds nothing."""

from __future__ import annotations

import asyncio
import time

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects import NOT_IN_TABLES, count_others, file_of, has_tables, is_of_search, is_open_elsewhere
from db.errors import NotCopied
from db.migrate import VERSION_TABLE, find_revision, known_revisions, newest_revision
from db.records import RunState
from db.runs import RunWriter
from db.tables import metadata, runs

GOODBYE_TAKES_S = 3
"""A connection that was just closed may still be listed for a moment."""
_STOP_IT = "Stop every usersync on it, and copy again."


def refuse_same(source: URL, target: URL) -> None:
    """Refuse to copy a database into itself. Raises NotCopied."""
    here, there = file_of(source), file_of(target)
    if here and there:
        is_same = here.absolute() == there.absolute() or (here.exists() and there.exists() and here.samefile(there))
    else:
        named = [(url.get_backend_name(), url.host, url.port, url.database) for url in (source, target)]
        is_same = named[0] == named[1]
    if is_same:
        raise NotCopied("FROM and TO are the same database. Name an empty one as TO.")


def refuse_file_in_use(url: URL) -> None:
    """Refuse a SQLite file that another process has open; ask before this one opens it. Raises NotCopied."""
    file = file_of(url)
    if file is not None and is_open_elsewhere(file):
        raise NotCopied(f"Another process has it open, as usersync serve has all the time. {_STOP_IT}")


def refuse_missing_file(url: URL) -> None:
    """Refuse to copy from a SQLite file that is not there. Raises NotCopied."""
    file = file_of(url)
    if file is not None and not file.is_file():
        raise NotCopied(
            "There is no such file. After sqlite: come three slashes and a path, or four and a path from the root."
        )


async def refuse_others(connection: AsyncConnection) -> None:
    """Refuse a server's database that somebody else is at. Raises NotCopied."""
    last_look = time.monotonic() + GOODBYE_TAKES_S
    while others := await count_others(connection):
        if time.monotonic() >= last_look:
            who = "1 other connection is" if others == 1 else f"{others} other connections are"
            raise NotCopied(f"{who} open to it, as usersync serve has them all the time. {_STOP_IT}")
        await asyncio.sleep(0.1)


async def refuse_running(connection: AsyncConnection) -> None:
    """Refuse a server's database in which a run has just given a sign of life. Raises NotCopied."""
    writer = RunWriter(connection)
    running = sa.select(runs.c.run_id).where(runs.c.state == RunState.RUNNING.value)
    for run_id in (await connection.scalars(running)).all():
        run = await writer.find_run(run_id)
        if run and not await writer.is_silent(run):
            raise NotCopied(
                f"A run of {run.team_id} gave a sign of life within 10 s. {_STOP_IT} If it was killed, wait 10 s."
            )


async def refuse_source(connection: AsyncConnection) -> None:
    """Refuse what is not ours, or not of today's shape. Raises NotCopied."""
    tables = await has_tables(connection)
    if VERSION_TABLE not in tables:
        raise NotCopied(
            "It holds tables that usersync did not make." if tables else "It is empty: nothing is there to copy."
        )
    found, newest = await find_revision(connection), newest_revision()
    if found == newest:
        return
    if found is not None and found not in known_revisions():
        raise NotCopied(f"It was written by a newer usersync (its revision is {found}). Copy with that version.")
    raise NotCopied(
        f"Its tables are of an older shape: revision {found or 'none'}, and this version copies {newest}. "
        "Start this version once on it, which brings them to today's, and copy then."
    )


async def refuse_target(connection: AsyncConnection) -> None:
    """Refuse a database that holds anything but our tables without a row. Raises NotCopied."""
    tables = await has_tables(connection)
    foreign = sorted(name for name in tables - {VERSION_TABLE, *metadata.tables} if not is_of_search(name))
    if foreign or (tables and VERSION_TABLE not in tables):
        raise NotCopied(f"It holds tables that usersync did not make ({', '.join(foreign[:5])}). {_EMPTY_ONE}")
    if tables:
        found = await find_revision(connection)
        if found is not None and found not in known_revisions():
            raise NotCopied(f"It was written by a newer usersync (its revision is {found}). {_EMPTY_ONE}")
    for table in metadata.sorted_tables:
        if table.name in tables and await connection.scalar(sa.select(sa.literal(1)).select_from(table).limit(1)):
            raise NotCopied(
                f"It is not empty: its table {table.name} holds rows, and nothing is written over. {_EMPTY_ONE}"
            )


_EMPTY_ONE = "Name an empty database as TO."


async def left_behind(connection: AsyncConnection) -> tuple[str, ...]:
    """Name the tables and columns in a directory that usersync did not make: they are not copied."""
    return await connection.run_sync(_left_behind)


def _left_behind(connection: sa.Connection) -> tuple[str, ...]:
    inspector = sa.inspect(connection)
    found: list[str] = []
    for name in sorted(inspector.get_table_names()):
        if name in metadata.tables:
            ours = {*metadata.tables[name].columns.keys(), *NOT_IN_TABLES}
            found += [f"{name}.{each['name']}" for each in inspector.get_columns(name) if each["name"] not in ours]
        elif name != VERSION_TABLE and not is_of_search(name):
            found.append(name)
    return tuple(found)
