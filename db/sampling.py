"""People whom a filter finds, looked at once: counted by all that a page counts them by. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from db.derive import HIDDEN
from db.filters import UserFilter
from db.narrowing import bits_of
from db.records import Kind, State
from db.sight import Sight

SAMPLED = ("kind", "state", "traits", "title_key", "tz")


class Sample:
    """Rows by some columns, each with how many people it stands for."""

    def __init__(self, names: Sequence[str], rows: Sequence[Sequence[Any]], *, is_whole: bool) -> None:
        """`rows` hold values in the order of `names`, then a count.

        To ask for cells, or for values within a filter, the first three have to be kind, state and traits.
        """
        self.names = tuple(names)
        self.is_whole = is_whole
        """Whether all whom the filter finds are among them."""
        self._rows = rows

    def cells(self) -> Counter[tuple[Kind, State, int]]:
        """Count by kind, state and traits."""
        found: Counter[tuple[Kind, State, int]] = Counter()
        for row in self._rows:
            found[Kind(row[0]), State(row[1]), row[2]] += row[-1]
        return found

    def tally(self, name: str) -> Counter[str]:
        """Count the values of a column."""
        at, found = self.names.index(name), Counter[str]()
        for row in self._rows:
            found[row[at]] += row[-1]
        return found

    def values(self, name: str, user_filter: UserFilter, sight: Sight) -> Counter[str]:
        """Count the values of a column among those of the kinds and states, and with the lacks, of a filter."""
        at = self.names.index(name)
        kinds, states = user_filter.kinds or frozenset(Kind), user_filter.states or frozenset(State)
        found: Counter[str] = Counter()
        for row in self._rows:
            if row[0] in kinds and row[1] in states and has(row[2], bits_of(user_filter.lacks, State(row[1]), sight)):
                found[row[at]] += row[-1]
        return found


def has(traits: int, bits: int) -> bool:
    """Say whether somebody who is not hidden lacks at least this."""
    return traits & (bits | HIDDEN) == bits
