"""Waiting without sleeping: until something is true, or a deadline names what was missing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import TypeVar

T = TypeVar("T")


async def eventually(look: Callable[[], T | Awaitable[T]], *, within_s: float = 40, of: str = "it") -> T:
    """Look again and again until what is seen is true, and return it. Raises AssertionError after the deadline."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while True:
        found = look()
        seen = await found if isawaitable(found) else found
        if seen:
            return seen
        if loop.time() > deadline:
            tasks = sorted(task.get_name() for task in asyncio.all_tasks())
            raise AssertionError(f"{of} did not come true within {within_s} s; last seen: {seen!r}; tasks: {tasks}")
        await asyncio.sleep(0.01)
