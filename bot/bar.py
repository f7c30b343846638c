"""A bar on a terminal that shows how far a verb's work is."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Column

from bot.glimpse import LOOKS_EVERY_S, Look


async def draw_bar(look: Look, at_first: str) -> None:
    """Draw it on standard error until cancelled; `at_first` are its words before there is anything to see."""
    words = TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1))
    columns = (BarColumn(bar_width=16), TaskProgressColumn(), words)
    with Progress(*columns, console=Console(stderr=True), transient=True, expand=True) as bar:
        task = bar.add_task(at_first, total=None)
        while True:
            seen = look()
            if seen is not None:
                bar.update(task, description=seen.words, completed=seen.done, total=seen.total)
            await asyncio.sleep(LOOKS_EVERY_S)
