"""The values that a filter offers, remembered for a while: to find the most frequent ones, all of them are counted."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

SHARE = 20
"""Whoever waits for them anew waits at most a twentieth of the time."""
MOST = 64
"""Kept at once; each is a list of short texts."""

Values = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    values: Values
    rev: int
    made_at: float
    took_s: float


class Offers:
    """Remembers lists of values by what they were asked for, and makes one anew when the directory moved."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._locks: dict[Hashable, asyncio.Lock] = {}

    async def get(self, key: Hashable, rev: int, make: Callable[[], Awaitable[Values]]) -> Values:
        """Give the values, made now unless nothing moved since, or making them took long and was not long ago.

        Where many ask at once, one makes them and the others wait for that.
        """
        async with self._locks.setdefault(key, asyncio.Lock()):
            kept, now = self._kept.get(key), self._clock()
            if kept is None or (kept.rev < rev and now - kept.made_at >= SHARE * kept.took_s):
                values = await make()
                kept = self._kept[key] = _Kept(values, rev, self._clock(), self._clock() - now)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST:
            forgotten, _ = self._kept.popitem(last=False)
            self._locks.pop(forgotten, None)
        return kept.values
