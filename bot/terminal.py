"""What a long verb shows while it works: a bar on a terminal, plain lines elsewhere; results go to standard output."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from bot.glimpse import LOOKS_EVERY_S, Glimpse, Look
from bot.runs.progress import Progress as RunProgress
from bot.runs.words import progressing

LINES_AFTER_S = (2, 10, 30)
"""Plain lines come after these pauses, and then after the last of them each time."""


def at_run(progress: Callable[[], RunProgress | None], clock: Callable[[], datetime]) -> Look:
    """Look at a run, where there is one."""

    def look() -> Glimpse | None:
        seen = progress()
        if seen is None:
            return None
        done, total = (seen.asked, seen.absent) if seen.absent else (seen.seen, seen.expected)
        # A list that grew has no end to show.
        return Glimpse(progressing(seen, clock()), done, total if total and total >= done else None)

    return look


@asynccontextmanager
async def shown(look: Look, *, at_first: str = "", may_draw: bool = True) -> AsyncIterator[None]:
    """Show how far work is, on standard error, until the block ends; a bar only where no log lines tear it apart."""
    is_drawn = may_draw and sys.stderr.isatty()
    showing = asyncio.create_task(_drawn(look, at_first) if is_drawn else _lines(look), name="progress on the terminal")
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _drawn(look: Look, at_first: str) -> None:
    from bot.bar import draw_bar  # what draws is for terminals, and a service would keep it for ever

    await draw_bar(look, at_first)


async def _lines(look: Look) -> None:
    loop, due_at, pauses = asyncio.get_running_loop(), 0.0, iter(LINES_AFTER_S)
    while True:
        await asyncio.sleep(LOOKS_EVERY_S)
        seen = look()
        if seen is None:
            due_at, pauses = 0.0, iter(LINES_AFTER_S)
        elif not due_at:
            due_at = loop.time() + next(pauses)
        elif loop.time() >= due_at:
            sys.stderr.write(f"{seen.words}\n")
            due_at = loop.time() + next(pauses, LINES_AFTER_S[-1])
