"""In which order a search tells whom it found: in tiers, the obvious person first, and by name within a tier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from db.blanks import asked
from db.cursor import decode_cursor, decode_time, encode_cursor
from db.dialects import But, Match
from db.errors import BadCursor
from db.filters import Sort
from db.search import Search, held, may_be_found, search_of
from db.sight import Sight
from db.tables import users

_KEY = (users.c.team_id, users.c.id)
_TIMES = {Sort.NEWEST: users.c.first_seen_at, Sort.CHANGED: users.c.changed_at}
_LAST_LETTER = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Tier:
    """Some of those who are found, whom an order tells together."""

    is_of: sa.ColumnElement[bool]
    """Asked of a row of nobody before this tier."""
    match: Match | None
    """What the index finds them by, and perhaps a few more; None for a stretch of the order itself."""
    after: tuple[sa.ColumnElement[Any], ...]
    """The columns in which they follow one another; a cursor holds their values."""
    is_stored: sa.ColumnElement[bool] = field(default_factory=sa.true)
    """What bounds the tier within its index beside that."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The tiers of a search, in one order of columns throughout."""

    sort: Sort
    found: Match
    """By which the index finds everybody."""
    is_found: sa.ColumnElement[bool]
    """The same of a row at hand, within what the reader may search."""
    may_be_found: sa.ColumnElement[bool]
    """Asked of whom the index found: of people who are gone, a reader may search less."""
    tiers: tuple[Tier, ...]
    columns: tuple[sa.ColumnElement[Any], ...]
    is_backwards: bool = False

    def ordered(self, columns: Sequence[sa.ColumnElement[Any]]) -> tuple[sa.ColumnElement[Any], ...]:
        """Order by these columns in the direction of this ranking."""
        return tuple(column.desc() if self.is_backwards else column.asc() for column in columns)

    @property
    def number(self) -> sa.ColumnElement[int]:
        """Which tier a row is of, from 0; a row of two is of the first."""
        *firsts, _ = self.tiers
        last = sa.literal_column(str(len(firsts)), sa.Integer)
        if not firsts:
            return last
        cases = ((tier.is_of, sa.literal_column(str(number), sa.Integer)) for number, tier in enumerate(firsts))
        return sa.case(*cases, else_=last)

    def alone(self, number: int) -> sa.ColumnElement[bool]:
        """Say that a row is found, and of this tier."""
        before = (sa.not_(tier.is_of) for tier in self.tiers[:number])
        return sa.and_(self.is_found, self.tiers[number].is_of, *before)

    def behind(self, number: int, values: Sequence[Any]) -> sa.ColumnElement[bool]:
        """Say that a row of this tier is told behind these values of its columns."""
        here = sa.tuple_(*self.tiers[number].after)
        there = sa.tuple_(*(_compared(value, column) for value, column in self._told(number, values)))
        return here < there if self.is_backwards else here > there

    def cursor(self, row: Sequence[Any]) -> str:
        """Write the place of a row: its tier, then the columns of the order."""
        number, *values = row
        return encode_cursor(self.sort.value, str(number), *(_text(value) for value in values))

    def place(self, cursor: str) -> tuple[int, tuple[Any, ...]]:
        """Read it back: the tier, and the values of its columns. Raises BadCursor, also for one of another order."""
        sort, number, *texts = decode_cursor(cursor, parts=2 + len(self.columns))
        if sort != self.sort.value or number not in map(str, range(len(self.tiers))):
            raise BadCursor
        tier = int(number)
        kept = texts[-len(self.tiers[tier].after) :]
        return tier, tuple(_value(text, column) for text, column in self._told(tier, kept))

    def _told(self, number: int, values: Sequence[Any]) -> list[tuple[Any, sa.ColumnElement[Any]]]:
        return list(zip(values, self.tiers[number].after, strict=True))


def ranking_of(text: str, sight: Sight, sort: Sort) -> Ranking | None:
    """Rank what was typed for a reader; None where it holds neither letter nor digit."""
    of_active = search_of(text, sight.searched_tags(gone=False))
    if of_active is None:
        return None
    of_gone = replace(of_active, tags=sight.searched_tags(gone=True))
    found, is_found = of_active.match, held(of_active.match, of_gone.match)
    ways = (found, is_found, may_be_found(of_active.match, of_gone.match))
    if sort in _TIMES:
        time = _TIMES[sort]
        with_time, without = time.is_not(None), time.is_(None)
        tiers = (Tier(with_time, found, (time, *_KEY), with_time), Tier(without, found, _KEY, without))
        return Ranking(sort, *ways, tiers, (time, *_KEY), is_backwards=True)
    by_name = (users.c.sort_key, *_KEY)
    if sort is Sort.NAME:
        return Ranking(sort, *ways, (Tier(sa.true(), found, by_name),), by_name)
    return Ranking(sort, *ways, _best(of_active, of_gone, by_name), by_name)


def _best(of_active: Search, of_gone: Search, by_name: tuple[sa.ColumnElement[Any], ...]) -> tuple[Tier, ...]:
    """Put whoever is called just that first, then whoever's names begin so, then a word of them, then the rest."""
    start = " ".join(of_active.said)
    key = users.c.sort_key
    begins_so = sa.and_(key >= asked(start, key.type), key < asked(start + _LAST_LETTER, key.type))
    in_names = But(of_active.in_names, of_active.start)
    return (
        Tier(held(of_active.exact, of_gone.exact), of_active.exact, by_name),
        Tier(begins_so, None, by_name, begins_so),
        Tier(held(of_active.start, of_gone.start), of_active.start, by_name),
        Tier(held(of_active.in_names, of_gone.in_names), in_names, by_name),
        Tier(sa.true(), of_active.elsewhere, by_name),
    )


def _compared(value: Any, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Compare with a value, or with what is told later."""
    return value if isinstance(value, sa.BindParameter) else sa.literal(value, column.type)


def _text(value: Any) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)


def _value(text: str, column: sa.ColumnElement[Any]) -> Any:
    return decode_time(text) if column.type.python_type is datetime else text
