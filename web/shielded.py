"""A question to the database that is asked to its end: whoever leaves meanwhile must not break it off in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")


async def to_its_end(question: Coroutine[Any, Any, Answer], *, name: str) -> Answer:
    """Ask, and wait for the answer; cancelled, wait no longer, but let the question end by itself.

    A database connection that is abandoned in the middle of an answer cannot be used again. Raises what it raises.
    """
    asking = asyncio.create_task(question, name=name)
    asking.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may be nobody's any more
    return await asyncio.shield(asking)
