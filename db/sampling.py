"""People whom a filter finds, looked at once: counted by all that a page counts them by. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from itertools import compress
from typing import Any

import sqlalchemy as sa

from db.derive import HIDDEN
from db.filters import UserFilter
from db.narrowing import bits_of
from db.records import Kind, State
from db.sight import Sight

SAMPLED = ("kind", "state", "traits", "title_key", "tz")
JOINED, TITLE, NUMBER = "joined", "title", "number"
"""Since how many of some days somebody joined, how one of them writes the title, and the last number of their rows."""


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
        columns = tuple(zip(*rows, strict=True)) or ((),) * (len(self.names) + 1)
        self._columns: dict[str, Sequence[Any]] = dict(zip(self.names, columns, strict=False))
        self._counts: Sequence[int] = columns[-1]
        self._is_each_one = set(self._counts) <= {1}

    @property
    def last(self) -> int:
        """The number of a row up to which all are among them; 0 where rows have none."""
        return max(self._columns.get(NUMBER, ()), default=0)

    def cells(self) -> Counter[tuple[Kind, State, int]]:
        """Count by kind, state and traits."""
        found = self._tally(self._cells, self._counts)
        return Counter({(Kind(kind), State(state), traits): count for (kind, state, traits), count in found.items()})

    def tally(self, name: str) -> Counter[str]:
        """Count the values of a column."""
        return self._tally(self._columns[name], self._counts)

    def values(self, name: str, user_filter: UserFilter, sight: Sight) -> Counter[str]:
        """Count the values of a column among those of the kinds and states, and with the lacks, of a filter."""
        return self._within(name, user_filter, sight)

    def joined(self, days: Sequence[date], user_filter: UserFilter, sight: Sight) -> dict[date, int]:
        """Count likewise who joined since each of the days that were asked for."""
        found = self._within(JOINED, user_filter, sight)
        earliest_first = enumerate(sorted(days), start=1)
        since = {day: sum(found[many] for many in found if many >= number) for number, day in earliest_first}
        return {day: since[day] for day in days}

    def titles(self, keys: Collection[str]) -> dict[str, str]:
        """Tell how somebody writes each of some titles, by its key."""
        found: dict[str, str] = {}
        for key, title in zip(self._columns["title_key"], self._columns[TITLE], strict=True):
            if key and title and key in keys:
                found[key] = min(title.strip(), found.get(key, title.strip()))
        return found

    @property
    def _cells(self) -> Iterator[tuple[str, str, int]]:
        return zip(*(self._columns[name] for name in self.names[:3]), strict=True)

    def _within(self, name: str, user_filter: UserFilter, sight: Sight) -> Counter[Any]:
        kinds, states = user_filter.kinds or frozenset(Kind), user_filter.states or frozenset(State)
        bits = {state.value: bits_of(user_filter.lacks, state, sight) for state in states}
        fits = {
            (kind, state, traits): kind in kinds and state in bits and has(traits, bits[state])
            for kind, state, traits in set(self._cells)
        }
        chosen = [fits[cell] for cell in self._cells]
        return self._tally(compress(self._columns[name], chosen), compress(self._counts, chosen))

    def _tally(self, values: Iterable[Any], counts: Iterable[int]) -> Counter[Any]:
        if self._is_each_one:
            return Counter(values)
        found: Counter[Any] = Counter()
        for value, count in zip(values, counts, strict=True):
            found[value] += count
        return found


def has(traits: int, bits: int) -> bool:
    """Say whether somebody who is not hidden lacks at least this."""
    return traits & (bits | HIDDEN) == bits
