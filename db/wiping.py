"""Takes the bytes of what was erased out of our own keeping: file, log, copies on SQLite; tables on a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from db.copies import drop_copies, list_set_aside
from db.dialects import file_of, is_shared, out_of_reach, rewrite_file, rewrite_tables, wiping_lock
from db.engine import open_writer

TABLES = (
    "users",
    "user_fields",
    "changes",
    "dead_letters",
    "signins",
    "ended_sessions",
    "runs",
    "wishes",
    "alerts",
    "alert_posts",
)
"""Where something about a person was."""


@dataclass(frozen=True, slots=True)
class Wiped:
    """What was wiped, and what was not."""

    out_of_reach: tuple[str, ...]
    copies: tuple[Path, ...] = ()
    """Copies of ours that were deleted."""
    trouble: str | None = None
    """What could not be done now and how to do it, a sentence."""

    @property
    def is_whole(self) -> bool:
        return self.trouble is None


@asynccontextmanager
async def wiping_turn(url: URL, *, patience_s: float) -> AsyncIterator[bool]:
    """Have the others on the database wait with their wiping; yields whether it is our turn within `patience_s`.

    Raises SQLAlchemyError, OSError.
    """
    if not is_shared(url.get_backend_name()):
        yield True
        return
    engine = open_writer(url, statement_s=None)
    try:
        async with engine.begin() as connection, wiping_lock(connection, patience_s=patience_s) as is_ours:
            yield is_ours
    finally:
        await engine.dispose()


async def wipe(url: URL, *, patience_s: float) -> Wiped:
    """Wipe once. Raises SQLAlchemyError, sqlite3.Error, OSError."""
    file = file_of(url)
    if file is not None:
        return await _wipe_file(url, file.absolute(), patience_s=patience_s)
    engine = open_writer(url, statement_s=None)
    try:
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            trouble = await rewrite_tables(connection, TABLES)
    finally:
        await engine.dispose()
    return Wiped(out_of_reach(url), trouble=trouble)


async def _wipe_file(url: URL, file: Path, *, patience_s: float) -> Wiped:
    copies = await asyncio.to_thread(drop_copies, file)
    set_aside = tuple(f"{path}, moved aside on the way back to an older usersync" for path in list_set_aside(file))
    is_log_empty = await rewrite_file(file, patience_s=patience_s)
    trouble = None if is_log_empty else _STAYS.format(file=file)
    return Wiped((*set_aside, *out_of_reach(url)), tuple(copies), trouble)


def left_to_another(url: URL) -> Wiped:
    """Tell that another process was at it all the while, which may have begun before what was erased here."""
    return Wiped(out_of_reach(url), trouble=_ELSEWHERE)


def wiped_already(url: URL) -> Wiped:
    """Tell that nothing was left to wipe: another process has done it meanwhile."""
    return Wiped(out_of_reach(url))


_ELSEWHERE = (
    "Another usersync is making the tables anew right now, and was not ready in time. "
    "Say the same again later; usersync serve does it by itself as well."
)
_STAYS = (
    "The log beside the file ({file}-wal) could not be emptied, since something reads the file all the time. "
    "End what reads it, and say the same again; usersync serve tries again by itself."
)
