"""Promises of speed on a machine that may be busy with other things: out of some tries, one has to keep them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

TRIES = 5


async def promptly(happens: Callable[[int], Awaitable[object]], *, within_s: float = 1) -> None:
    """Let it happen again and again, told the number of the try, until it took less than that.

    What is slow by itself is slow each time. Raises AssertionError with what each try took.
    """
    loop = asyncio.get_running_loop()
    took_s: list[float] = []
    for number in range(TRIES):
        began = loop.time()
        await happens(number)
        took_s.append(loop.time() - began)
        if took_s[-1] < within_s:
            return
    raise AssertionError(f"it took {[f'{each:.2f}' for each in took_s]} s, and never less than {within_s} s")
