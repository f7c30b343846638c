"""A database that is gone while a service runs: a folder has its file's name, or its server lets nobody near it."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.service import Service
from tests.support.engines import closed_to_all
from tests.support.locks import file_at


@contextlib.asynccontextmanager
async def database_away(service: Service, url: str) -> AsyncIterator[None]:
    """Take it away, and give it back afterwards; a connection left behind complains here, not in a later test."""
    await service.store.close()
    give_back = await take_database_away(url)
    await service.store.close()  # what was opened in between
    try:
        yield
    finally:
        await give_back()
        gc.collect()


async def take_database_away(url: str) -> Callable[[], Awaitable[None]]:
    """Let there be no database at its URL any more; returns what undoes it."""
    if url.startswith("sqlite"):
        give_back_file = take_away(file_at(url))

        async def give_back() -> None:
            give_back_file()

        return give_back
    name = str(make_url(url).database)
    await closed_to_all(name, closed=True)
    return lambda: closed_to_all(name, closed=False)


def take_away(file: Path) -> Callable[[], object]:
    """Put a folder in the place of a database file; returns what undoes it.

    What lies beside the file goes and comes with it, so that nobody who has it open is left with half of it.
    """
    moved = []
    for here in _parts(file):
        kept = file.with_name(f"kept{here.name.removeprefix(file.name)}")
        with contextlib.suppress(FileNotFoundError):  # whoever closed the file last has tidied it away meanwhile
            here.rename(kept)
            moved.append((here, kept))
    _put_a_folder_at(file)

    def give_back() -> None:
        file.rmdir()
        for here, kept in moved:
            kept.rename(here)

    return give_back


def _put_a_folder_at(place: Path) -> None:
    """Put it there, although whoever opens the file in this very moment makes an empty one."""
    while True:
        try:
            place.mkdir()
        except FileExistsError:
            place.unlink()
        else:
            return


def _parts(file: Path) -> list[Path]:
    return [file, *(each for each in (Path(f"{file}-wal"), Path(f"{file}-shm")) if each.exists())]
