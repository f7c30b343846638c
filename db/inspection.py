"""A look at a database from outside, for whoever asks what is wrong with it: nothing is made, migrated or changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from db.alert_posts import AlertPostReader
from db.dialects import file_of, has_tables, journal_mode
from db.engine import open_reader, open_writer, parse_url
from db.migrate import VERSION_TABLE, WRITE_NOTHING, check_ours, newest_revision
from db.outages import unavailable
from db.permission import refuse_unwritable
from db.places import PlaceReader
from db.posting import Place
from db.records import Workspace
from db.tables import users
from db.workspaces import WorkspaceReader


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was seen."""

    engine: str
    is_there: bool = True
    """False where a SQLite file is still to be made."""
    revision: str | None = None
    """None where our tables are still to be made."""
    newest: str = ""
    journal_mode: str | None = None
    """Of SQLite alone."""
    workspaces: tuple[Workspace, ...] | None = ()
    """None where they were not looked at, since the tables are of another shape."""
    people: Mapping[str, int] = field(default_factory=dict)
    """How many users, by workspace."""
    places: tuple[Place, ...] = ()
    """Where somebody decided that something is posted."""
    posted: frozenset[tuple[str, str]] = frozenset()
    """Workspaces and channels into which an alert was posted."""


async def inspect(text: str) -> Inspection:
    """Look, and try whether it can be written. Raises UnusableUrl, ForeignTables, NewerSchema, StoreUnavailable."""
    url = parse_url(text)
    file = file_of(url)
    await asyncio.to_thread(refuse_unwritable, url)
    if file is not None and not await asyncio.to_thread(file.exists):
        return Inspection(url.get_backend_name(), is_there=False, newest=newest_revision())
    await check_ours(url)
    reader = open_reader(url)
    try:
        async with reader.connect() as connection:
            found = await _seen(connection, url)
        if found.revision is not None:
            await _try_to_write(url)
    except (sa.exc.SQLAlchemyError, OSError) as error:
        raise unavailable(error) from error
    finally:
        await reader.dispose()
    return found


async def _seen(connection: AsyncConnection, url: URL) -> Inspection:
    engine, newest = url.get_backend_name(), newest_revision()
    journal = await journal_mode(connection)
    revision = None
    if VERSION_TABLE in await has_tables(connection):
        revision = await connection.scalar(sa.text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - ours
    if revision != newest:  # tables of another shape are not asked
        return Inspection(engine, True, revision, newest, journal, () if revision is None else None)
    counts = await connection.execute(sa.select(users.c.team_id, sa.func.count()).group_by(users.c.team_id))
    people = {row[0]: row[1] for row in counts}
    workspaces = await WorkspaceReader(connection).list_workspaces()
    places = await PlaceReader(connection).list_places()
    posted = await AlertPostReader(connection).list_channels()
    return Inspection(engine, True, revision, newest, journal, workspaces, people, places, posted)


async def _try_to_write(url: URL) -> None:
    """Write what is there already, and take it back."""
    writer = open_writer(url, changes_journal=False)
    try:
        async with writer.connect() as connection:
            await connection.execute(WRITE_NOTHING)
            await connection.rollback()
    finally:
        await writer.dispose()
