"""Whether the disk under the database is nearly full; a figure that sways around the limit is one trouble."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
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
NEWS = 0.1
"""By how much of itself the figure must have moved to make other words: each is written and told."""
PATIENCE_S = 2


class Usage(Protocol):
    """What `shutil.disk_usage` tells, in bytes."""

    @property
    def total(self) -> int: ...

    @property
    def free(self) -> int: ...


class DiskWatch:
    """Remembers whether the disk was nearly full."""

    def __init__(self, file: str | None, *, usage: Callable[[Path], Usage], patience_s: float = PATIENCE_S) -> None:
        """`file` is the SQLite database; None for one on a server, whose disk is none of ours."""
        self._folder = Path(file).absolute().parent if file else None
        self._usage = usage
        self._patience_s = patience_s
        self._asking: asyncio.Future[Usage | None] | None = None
        self._free_as_told = 0
        self.trouble: str | None = None
        self.is_told = self._folder is None
        """Whether the last look could tell."""

    async def look(self) -> None:
        """Ask the system; a disk that does not answer holds up nothing, and is not asked again until it has."""
        if self._folder is None:
            return
        if self._asking is None or self._asking.done():
            self._asking = _asked(self._usage, self._folder)
        asking = self._asking
        await asyncio.wait({asking}, timeout=self._patience_s)
        usage = asking.result() if asking.done() else None
        self.is_told = usage is not None
        if usage is not None:
            self._judge(usage)

    def _judge(self, usage: Usage) -> None:
        if usage.free >= limit_of(usage.total) * (RELIEF if self.trouble else 1):
            self.trouble = None
        elif self.trouble is None or abs(usage.free - self._free_as_told) > self._free_as_told * NEWS:
            self.trouble, self._free_as_told = _words(usage), usage.free


def _asked(usage: Callable[[Path], Usage], folder: Path) -> asyncio.Future[Usage | None]:
    """Ask in a thread that nobody waits for, at the process's end neither; None where the system cannot tell."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Usage | None] = loop.create_future()

    def ask() -> None:
        told: Usage | None = None
        try:
            with suppress(OSError):
                told = usage(folder)
        finally:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(answer.set_result, told)

    threading.Thread(target=ask, name="disk watch", daemon=True).start()
    return answer


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
