"""What `usersync copy` does: copy, show how far it is, and tell what it came to."""

from __future__ import annotations

import asyncio
import logging
import signal
import time

from bot.glimpse import Glimpse
from bot.logs import configure_logs
from bot.outcome import CLEAN
from bot.runs.words import counted, spent
from bot.secret_key import key_path
from bot.terminal import shown
from db.copying import Copied, Copying
from db.errors import NotCopied


async def copy(copying: Copying) -> int:
    """Copy and tell. Raises NotCopied and StoreError."""
    configure_logs("console", level=logging.ERROR)
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    began = time.monotonic()
    try:
        async with shown(lambda: _glimpse(copying), at_first="Looking at both databases …"):
            copied = await copying.run()
    except asyncio.CancelledError:
        raise NotCopied("It was interrupted.") from None
    for line in _told(copying, copied, time.monotonic() - began):
        print(line, flush=True)
    return CLEAN


def _glimpse(copying: Copying) -> Glimpse | None:
    seen = copying.progress
    if not seen.total:
        return None
    each = seen.total // 2
    if not seen.table:
        words = f"All {each:,} rows are the same; making the index of words."
    elif seen.is_checking:
        words = f"Reading everything again, {seen.table}: {seen.done - each:,} of {each:,} rows are the same."
    else:
        words = f"Copying {seen.table} to {copying.target.engine}: {seen.done:,} of {each:,} rows."
    return Glimpse(words, seen.done, seen.total)


def _told(copying: Copying, copied: Copied, seconds: float) -> list[str]:
    """Say what was copied, and what is left to do."""
    people = counted(copied.rows["users"], "person", "people")
    changes = counted(copied.rows["changes"], "change", "changes")
    way = f"from {copying.source.engine} to {copying.target.engine}"
    lines = [
        f"Copied {people} and {changes} {way} in {spent(seconds)}; every row was read again and is the same.",
        f"Set DATABASE_URL to the address that you gave as TO ({copying.target.place}) and start.",
    ]
    if copied.left_behind:
        lines.append(f"Not copied, since usersync did not make it: {', '.join(copied.left_behind)}.")
    return [*lines, *_about_the_key(copying), *_about_what_stays(copying, copied)]


def _about_the_key(copying: Copying) -> list[str]:
    """The key that signs sessions lies beside a SQLite file, and is no part of the database."""
    if copying.source.file is None or not (key := key_path(str(copying.source.file.absolute()))).is_file():
        return []
    if copying.target.file is None:
        do = "Give usersync the line in it as USERSYNC_SECRET_KEY"
    else:
        do = f"Copy it to {key_path(str(copying.target.file.absolute()))}"
    return [f"The key that signs sessions is not in the database but in {key}. {do}, or everybody signs in once more."]


def _about_what_stays(copying: Copying, copied: Copied) -> list[str]:
    """The old database goes on holding everybody, and no erasure from now on reaches it."""
    where = copying.source.place
    if copying.source.file is not None:
        where += ", its .before-… copies included"
    words = f"The old database still holds everybody: once the new one is good, delete it ({where})."
    if copied.due_wipes:
        erased = counted(copied.due_wipes, "erased person", "erased people")
        words += f" It holds bytes of {erased} that were not wiped yet; the new one does not."
    return [words]
