"""People whom a filter finds, looked at once: counted by all that a page counts them by. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import sqlalchemy as sa

from db.derive import HIDDEN
from db.filters import UserFilter
from db.narrowing import bits_of
from db.records import Kind, State
from db.sight import Sight

SAMPLED = ("kind", "state", "traits", "title_key", "tz")
JOINED, TITLE = "joined", "title"
"""Of how many of some days somebody joined since; and how one of them writes the title."""


def since_how_many(joined_at: sa.ColumnElement[Any], days: Sequence[date]) -> sa.ColumnElement[Any]:
    """Tell since how many of these days somebody joined, the earliest first."""
    starts = (datetime.combine(day, time.min, UTC) for day in sorted(days, reverse=True))
    cases = [(joined_at >= start, len(days) - number) for number, start in enumerate(starts)]
    return sa.case(*cases, else_=0)


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
        found: Counter[tuple[str, str, int]] = Counter()
        for row in self._rows:
            found[row[0], row[1], row[2]] += row[-1]
        return Counter({(Kind(kind), State(state), traits): count for (kind, state, traits), count in found.items()})

    def tally(self, name: str) -> Counter[str]:
        """Count the values of a column."""
        at, found = self.names.index(name), Counter[str]()
        for row in self._rows:
            found[row[at]] += row[-1]
        return found

    def values(self, name: str, user_filter: UserFilter, sight: Sight) -> Counter[str]:
        """Count the values of a column among those of the kinds and states, and with the lacks, of a filter."""
        at, found = self.names.index(name), Counter[str]()
        for row in self._within(user_filter, sight):
            found[row[at]] += row[-1]
        return found

    def joined(self, days: Sequence[date], user_filter: UserFilter, sight: Sight) -> dict[date, int]:
        """Count likewise who joined since each of the days that were asked for."""
        at, found = self.names.index(JOINED), dict.fromkeys(days, 0)
        earliest_first = sorted(days)
        for row in self._within(user_filter, sight):
            for day in earliest_first[: row[at]]:
                found[day] += row[-1]
        return found

    def titles(self) -> dict[str, str]:
        """Tell how somebody writes each title, by its key."""
        key, title, found = self.names.index("title_key"), self.names.index(TITLE), dict[str, str]()
        for row in self._rows:
            if row[key] and row[title]:
                found[row[key]] = min(row[title].strip(), found.get(row[key], row[title].strip()))
        return found

    def _within(self, user_filter: UserFilter, sight: Sight) -> Iterator[Sequence[Any]]:
        kinds, states = user_filter.kinds or frozenset(Kind), user_filter.states or frozenset(State)
        bits = {state.value: bits_of(user_filter.lacks, state, sight) for state in states}
        for row in self._rows:
            if row[0] in kinds and row[1] in bits and has(row[2], bits[row[1]]):
                yield row


def has(traits: int, bits: int) -> bool:
    """Say whether somebody who is not hidden lacks at least this."""
    return traits & (bits | HIDDEN) == bits
