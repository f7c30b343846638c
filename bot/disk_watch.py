"""Whether the disk under the database is nearly full; a figure that sways around the limit is one trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

MB = 10**6
LEAST_BYTES = 500 * MB
MOST_BYTES = 2_000 * MB
"""However large the disk is, so much is plenty."""
LEAST_PART, SMALL_PART = 0.05, 0.1
"""The limit is a twentieth of the disk, but at least 500 MB; of a small disk, at least a tenth."""
RELIEF = 1.2
"""By how much more than the limit there must be, before it is said to be over."""


class Usage(Protocol):
    """What `shutil.disk_usage` tells, in bytes."""

    @property
    def total(self) -> int: ...

    @property
    def free(self) -> int: ...


class DiskWatch:
    """Remembers whether the disk was nearly full."""

    def __init__(self, file: str | None, *, usage: Callable[[Path], Usage]) -> None:
        """`file` is the SQLite database; None for one on a server, whose disk is none of ours."""
        self._folder = Path(file).absolute().parent if file else None
        self._usage = usage
        self.trouble: str | None = None
        self.is_told = self._folder is None
        """Whether the last look could tell."""

    async def look(self) -> None:
        """Ask the system; a disk that does not answer holds up nothing but this."""
        if self._folder is None:
            return
        try:
            usage = await asyncio.to_thread(self._usage, self._folder)
        except OSError:
            self.is_told = False
            return
        self.is_told = True
        limit = limit_of(usage.total) * (RELIEF if self.trouble else 1)
        self.trouble = _words(usage) if usage.free < limit else None


def limit_of(total: int) -> float:
    """Tell how many bytes must be free."""
    least = min(LEAST_BYTES, total * SMALL_PART)
    return min(max(total * LEAST_PART, least), MOST_BYTES)


def _words(usage: Usage) -> str:
    return (
        f"The disk under the database is nearly full: {_size(usage.free)} of {_size(usage.total)} are free. Once it is "
        "full, no change can be kept. Make room there, or give the database a larger volume."
    )


def _size(count: int) -> str:
    return f"{count / 1_000 / MB:.1f} GB" if count >= 1_000 * MB else f"{round(count / MB)} MB"
