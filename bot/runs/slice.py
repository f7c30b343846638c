"""How many users one transaction writes: as many as fit into a moment, so that events and readers never wait long."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from bot.runs.progress import PAGE_USERS

Each = TypeVar("Each")

FEWEST, FIRST, MOST = 100, 200, PAGE_USERS
AIM_S = 0.1
"""Of the write lock; nobody may hold it for more than twice as long."""


class Slice:
    """The size of the next one, by how long the last ones took: engines and machines differ tenfold."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self.users = FIRST

    def first_of(self, users: Sequence[Each]) -> Sequence[Each]:
        """Take the first of them, so that no slice of what is left is much smaller than the others."""
        slices = math.ceil(len(users) / self.users)
        return users[: math.ceil(len(users) / slices)] if slices else users

    @contextmanager
    def timed(self, users: int) -> Iterator[None]:
        """Learn from a transaction that writes so many; less than half a slice tells too little, as a failed one."""
        begun_s = self._monotonic()
        yield
        if users * 2 >= self.users:
            took_s = max(self._monotonic() - begun_s, 0.001)
            self.users = min(max(int(users * AIM_S / took_s), FEWEST, self.users // 2), MOST, self.users * 2)
