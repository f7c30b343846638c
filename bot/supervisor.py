"""The long-lived tasks of a process: named, started and ended together; if one dies, that is heard."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Supervisor:
    """Keeps the tasks of one service."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when a task has died; it holds the reason."""

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Begin a task that is not meant to end by itself."""
        task = asyncio.create_task(work, name=name)
        self._tasks[name] = task
        task.add_done_callback(self._notice)

    async def cancel(self, *names: str) -> None:
        """End tasks, and wait until they have."""
        tasks = [self._tasks[name] for name in names if name in self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def cancel_all(self) -> None:
        """End whatever still runs."""
        await self.cancel(*self._tasks)

    async def ended(self, name: str) -> None:
        """Wait for the end of a task that was told to end."""
        await asyncio.wait([self._tasks[name]])

    def _notice(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) and not self.failed.done():
            self.failed.set_exception(error)
            self.failed.exception()  # whoever waits for it hears it; nobody has to
