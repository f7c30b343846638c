"""The ids that a list named, in eight bytes each: a million of them as text would be most of the memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable

_PARTS = 256
"""Each is sorted by itself, so that sorting never holds all of them as numbers of Python's."""


class Listed:
    """Ids as 64-bit hashes, whose key is another one in each process (docs.python.org, `object.__hash__`).

    Of a million ids one that was not added is taken for one that was once in 10¹³ runs, and not in the next.
    """

    def __init__(self, user_ids: Iterable[str] = ()) -> None:
        self._parts = [array("q") for _ in range(_PARTS)]
        self._unsorted: set[int] = set()
        self.add(user_ids)

    def add(self, user_ids: Iterable[str]) -> None:
        """Add some."""
        for user_id in user_ids:
            number = hash(user_id)
            self._parts[number % _PARTS].append(number)
            self._unsorted.add(number % _PARTS)

    def __contains__(self, user_id: object) -> bool:
        number = hash(user_id)
        index = number % _PARTS
        if index in self._unsorted:
            self._parts[index] = array("q", sorted(self._parts[index]))
            self._unsorted.remove(index)
        part = self._parts[index]
        place = bisect_left(part, number)
        return place < len(part) and part[place] == number
