"""What can be asked of the users, and the shape of the answers: filter, order, page, counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from db.records import Kind, State, User

COUNTED_TO = 10_000
"""Counts are exact up to here; one more stands for "more than that", however many those are."""


FIRST_DAY = date(2013, 1, 1)
"""There was no Slack before, so nobody joined it; a filter takes no earlier day."""

TITLES, ZONES = "titles", "zones"
"""The groups of values that are not a fixed few, beside the custom fields, which go by their ids."""


FIXED = "fixed"
"""Kinds, states and lacks, of which there are always the same."""


class Sort(StrEnum):
    """In which order users are listed."""

    BEST = "best"
    """Whom a search most probably means first; without a search, by name."""
    NAME = "name"
    NEWEST = "newest"
    """Who came into the directory last, first."""
    CHANGED = "changed"
    """Of whom something changed last, first; custom statuses aside."""


class Lack(StrEnum):
    """What a user has not."""

    PICTURE = "picture"
    TITLE = "title"
    EMAIL = "email"
    PHONE = "phone"
    ZONE = "zone"


class FieldValue(NamedTuple):
    """A custom field by its id (`Xf…`), and one of its values, folded but for its signs."""

    field_id: str
    value_key: str


class CustomField(NamedTuple):
    """A custom profile field that the operator has marked: shown under its label, and filtered by."""

    field_id: str
    label: str


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which users a page shows, and in which order. Values of one group add up, groups narrow.

    An empty group does not narrow. `fields` is one group for each custom field.
    """

    q: str = ""
    kinds: frozenset[Kind] = frozenset({Kind.MEMBER, Kind.GUEST})
    states: frozenset[State] = frozenset({State.ACTIVE})
    team_ids: frozenset[str] = frozenset()
    titles: frozenset[str] = frozenset()
    """Folded but for their signs, as `title_key` holds them."""
    zones: frozenset[str] = frozenset()
    """IANA names, as `tz` holds them."""
    lacks: frozenset[Lack] = frozenset()
    """Each narrows by itself: whoever lacks all of these."""
    joined_since: date | None = None
    """Who joined on that day (UTC) or later; whoever was there before us never did."""
    fields: frozenset[FieldValue] = frozenset()
    sort: Sort = Sort.BEST


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of users in the order asked for; `next_cursor` is opaque, None at the end."""

    users: tuple[User, ...]
    next_cursor: str | None
    meant: str = ""
    """What was looked for instead, where nobody matches what was typed and a slip of one letter explains it."""


@dataclass(frozen=True, slots=True)
class ValueCount:
    """A value by which can be filtered, as people write it, and how many adding it would find."""

    key: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many users a filter finds, and how many each value of a group would find beside the other groups.

    Each is exact up to `COUNTED_TO`; `COUNTED_TO + 1` stands for more.
    """

    total: int
    kinds: Mapping[Kind, int] = field(default_factory=dict)
    states: Mapping[State, int] = field(default_factory=dict)
    lacks: Mapping[Lack, int] = field(default_factory=dict)
    titles: tuple[ValueCount, ...] = ()
    """The most frequent ones, and whatever the filter names."""
    zones: tuple[ValueCount, ...] = ()
    fields: Mapping[str, tuple[ValueCount, ...]] = field(default_factory=dict)
    """By the id of the custom field."""
    joined: Mapping[date, int] = field(default_factory=dict)
    """By each day that was asked for, how many joined since."""
    more: Mapping[str, int] = field(default_factory=dict)
    """How many further values there are to choose from, by `TITLES`, `ZONES` or the id of a custom field."""
    least: frozenset[str] = frozenset()
    """The groups whose figures are the least there can be, because not all of whom the rest finds were looked at:
    `FIXED` (kinds, states and lacks), `TITLES`, `ZONES` or the id of a custom field."""
