"""Bring the tables to today's shape, or refuse without touching anything: Alembic, packaged, under a lock."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.copies import keep_copy, way_back
from db.dialects import file_of, has_tables, mend_search, migration_lock
from db.engine import open_reader
from db.errors import ForeignTables, NewerSchema, StoreUnavailable
from db.outages import unavailable

if TYPE_CHECKING:
    from alembic.config import Config

_NO_WAY_BACK = "To go back to this version, restore a backup of its time."
_MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "usersync_schema"
"""Ours alone, so another program's Alembic table is never taken for ours."""
WRITE_NOTHING = sa.text(f"UPDATE {VERSION_TABLE} SET version_num = version_num")  # noqa: S608 - our own name
"""Needs every right and lock that writing needs, and changes nothing."""


async def check_ours(url: URL) -> None:
    """Look, without writing, whether the database is empty or ours.

    Raises ForeignTables, NewerSchema, StoreUnavailable.
    """
    if _is_a_file_to_be_made(url):
        return
    if _is_a_folder(url):
        raise StoreUnavailable("(DATABASE_URL names a folder; name a file in it)")
    reader = open_reader(url)
    try:
        async with reader.connect() as connection:
            await _refuse_what_is_not_ours(connection, url)
    except (sa.exc.DBAPIError, sa.exc.TimeoutError, OSError) as error:
        raise unavailable(error) from error
    finally:
        await reader.dispose()


async def migrate(writer: AsyncEngine) -> None:
    """Upgrade to the newest revision; two starts at once take turns. Raises as `check_ours`."""
    try:
        async with writer.begin() as connection, migration_lock(connection):
            await _refuse_what_is_not_ours(connection, writer.url)
            found = await _revision_now(connection)
            if found != newest_revision():
                await _keep_copy(writer.url, found)
                await upgrade(connection)
            await connection.run_sync(mend_search)
    except (sa.exc.DBAPIError, sa.exc.TimeoutError, OSError) as error:
        raise unavailable(error) from error


async def upgrade(connection: AsyncConnection) -> None:
    """Bring the tables to today's shape in a transaction of the caller's, who holds the lock and has looked."""
    await connection.run_sync(_upgrade)


async def _refuse_what_is_not_ours(connection: AsyncConnection, url: URL) -> None:
    tables = await has_tables(connection)
    if VERSION_TABLE not in tables:
        if tables:
            raise ForeignTables(f"Found: {', '.join(sorted(tables)[:5])}.")
        return
    found = await find_revision(connection)
    known = known_revisions()
    if found is not None and found not in known:
        file = file_of(url)
        back = way_back(file.absolute(), known) if file else None
        raise NewerSchema(f"It is at revision {found}. {back or _NO_WAY_BACK}")


async def find_revision(connection: AsyncConnection) -> str | None:
    """Tell the revision; None where the table stands empty, since a first start was killed between two statements."""
    found: str | None = await connection.scalar(
        sa.text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - our own name
    )
    return found


async def _revision_now(connection: AsyncConnection) -> str | None:
    """Tell the revision; None where there are no tables yet, or only an empty one for it."""
    return await find_revision(connection) if VERSION_TABLE in await has_tables(connection) else None


async def _keep_copy(url: URL, found: str | None) -> None:
    """Copy a SQLite file before its tables change; a server has backups of its own. Raises StoreUnavailable."""
    file = file_of(url)
    if file is None or found is None:
        return
    try:
        await asyncio.to_thread(keep_copy, file, found, now=datetime.now(UTC))
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(
            f"(its tables have to change shape, and no copy could be made before that: {error}. "
            "Make room beside it for as much again as it takes)"
        ) from error


def known_revisions() -> set[str]:
    """Name all revisions that this usersync knows."""
    return set(_revisions())


def newest_revision() -> str:
    """Tell the revision that this usersync works with."""
    return max(_revisions())


def _is_a_file_to_be_made(url: URL) -> bool:
    file = file_of(url)
    return file is not None and not file.exists()


def _is_a_folder(url: URL) -> bool:
    file = file_of(url)
    return file is not None and file.is_dir()


def _revisions() -> list[str]:
    """Read them from the names of their files, one after the other: most starts need nothing more of Alembic."""
    return [path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py")]


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command  # only who changes the tables has to load it

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
