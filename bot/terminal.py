"""What a long verb shows while it works: a bar on a terminal, plain lines elsewhere; results go to standard output."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Column

from bot.runs.progress import Progress as RunProgress
from bot.runs.words import progressing

LOOKS_EVERY_S = 0.2
LINES_AFTER_S = (2, 10, 30)
"""Plain lines come after these pauses, and then after the last of them each time."""

ProgressReader = Callable[[], RunProgress | None]


@asynccontextmanager
async def shown(
    progress: ProgressReader, *, clock: Callable[[], datetime], may_draw: bool = True
) -> AsyncIterator[None]:
    """Show how far a run is, on standard error, until the block ends; a bar only where no log lines tear it apart."""
    is_drawn = may_draw and sys.stderr.isatty()
    showing = asyncio.create_task(
        _bar(progress, clock) if is_drawn else _lines(progress, clock), name="progress on the terminal"
    )
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _bar(progress: ProgressReader, clock: Callable[[], datetime]) -> None:
    words = TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1))
    columns = (BarColumn(bar_width=16), TaskProgressColumn(), words)
    with Progress(*columns, console=Console(stderr=True), transient=True, expand=True) as bar:
        task = bar.add_task("Asking Slack who we are …", total=None)
        while True:
            seen = progress()
            if seen is not None:
                done, total = (seen.asked, seen.absent) if seen.absent else (seen.seen, seen.expected)
                total = total if total and total >= done else None  # a list that grew has no end to show
                bar.update(task, description=progressing(seen, clock()), completed=done, total=total)
            await asyncio.sleep(LOOKS_EVERY_S)


async def _lines(progress: ProgressReader, clock: Callable[[], datetime]) -> None:
    loop, due_at, pauses = asyncio.get_running_loop(), 0.0, iter(LINES_AFTER_S)
    while True:
        await asyncio.sleep(LOOKS_EVERY_S)
        seen = progress()
        if seen is None:
            due_at, pauses = 0.0, iter(LINES_AFTER_S)
        elif not due_at:
            due_at = loop.time() + next(pauses)
        elif loop.time() >= due_at:
            sys.stderr.write(f"{progressing(seen, clock())}\n")
            due_at = loop.time() + next(pauses, LINES_AFTER_S[-1])
