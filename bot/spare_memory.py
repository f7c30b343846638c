"""Memory that was freed, given back to the system: the C library keeps what a page of Slack's or a long list took."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

GIVEN_BACK_EVERY_S = 5
"""Some milliseconds where there is much to give, a tenth of one where there is nothing; what is asked for anew costs
as much again."""


async def give_back(*, every_s: float = GIVEN_BACK_EVERY_S) -> None:
    """Give it back every few seconds until cancelled; where no C library is known to do so, this ends at once.

    glibc gives back by itself only what lies at the end of its heap, and a few small pieces there keep all the rest.
    """
    trim = _trim()
    while trim is not None:
        await asyncio.sleep(every_s)
        await asyncio.to_thread(trim, 0)


def _trim() -> Callable[[int], int] | None:
    """Find what gives back; a Python without libffi, or one that is linked statically, finds nothing."""
    try:
        import ctypes

        found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    except (ImportError, OSError):
        return None
    return found
