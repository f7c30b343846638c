"""A SQLite file that is gone while a service runs: something else has its name."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from bot.service import Service


@contextlib.asynccontextmanager
async def database_away(service: Service, folder: Path) -> AsyncIterator[None]:
    """Take the file away, and give it back afterwards; a connection left behind complains here, not in a later test."""
    await service.store.close()
    give_back = take_away(folder / "usersync.sqlite3")
    try:
        yield
    finally:
        give_back()
        gc.collect()


def take_away(file: Path) -> Callable[[], object]:
    """Put a folder in the place of a database file; returns what undoes it."""
    kept = file.rename(file.with_name("kept"))
    for rest in file.parent.glob(f"{file.name}-*al"):
        rest.unlink()
    file.mkdir()
    return lambda: (file.rmdir(), kept.rename(file))
