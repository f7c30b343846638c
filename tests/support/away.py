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
    await service.store.close()  # what was opened in between
    try:
        yield
    finally:
        give_back()
        gc.collect()


def take_away(file: Path) -> Callable[[], object]:
    """Put a folder in the place of a database file; returns what undoes it.

    What lies beside the file goes and comes with it, so that nobody who has it open is left with half of it.
    """
    moved = [(each, file.with_name(f"kept{each.name.removeprefix(file.name)}")) for each in _parts(file)]
    for here, kept in moved:
        here.rename(kept)
    file.mkdir()

    def give_back() -> None:
        file.rmdir()
        for here, kept in moved:
            kept.rename(here)

    return give_back


def _parts(file: Path) -> list[Path]:
    return [file, *(each for each in (Path(f"{file}-wal"), Path(f"{file}-shm")) if each.exists())]
