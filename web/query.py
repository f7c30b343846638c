"""The query string as a `UserFilter` and back; every link of the filter changes the current address. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from db.filters import Counts, UserFilter
from db.records import Kind, State
from web.words import number

KINDS = {Kind.MEMBER: "Members", Kind.GUEST: "Guests", Kind.BOT: "Bots", Kind.EXTERNAL: "External"}
STATES = {State.ACTIVE: "Active", State.DEACTIVATED: "Deactivated", State.MISSING: "Missing"}
DEFAULT = UserFilter()
EVERYBODY = UserFilter(kinds=frozenset(KINDS), states=frozenset(STATES))
LONGEST_SEARCH = 200
FILES = {"CSV": "csv", "JSON": "json", "vCard": "vcf"}
"""As which a list can be taken away, by how the link is called, with the ending of the file."""

Value = TypeVar("Value", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter group: a link that adds it or takes it away."""

    label: str
    count: str
    href: str
    is_chosen: bool
    is_empty: bool


@dataclass(frozen=True, slots=True)
class Group:
    """One group of the filter rail."""

    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Chip:
    """A group that narrows differently from the default view, and the link that takes it back."""

    group: str
    values: str
    href: str


def parse(params: QueryParams) -> UserFilter:
    """Read a filter; values that do not exist are passed over, an empty group means the default."""
    return UserFilter(
        q=_clean(params.get("q", "")),
        kinds=_values(params.getlist("kind"), KINDS) or DEFAULT.kinds,
        states=_values(params.getlist("state"), STATES) or DEFAULT.states,
    )


def pairs(user_filter: UserFilter, *, without_q: bool = False) -> list[tuple[str, str]]:
    """Write a filter as query pairs in one fixed order, the defaults left out."""
    found = [("q", user_filter.q)] if user_filter.q and not without_q else []
    if user_filter.kinds != DEFAULT.kinds:
        found += [("kind", kind.value) for kind in KINDS if kind in user_filter.kinds]
    if user_filter.states != DEFAULT.states:
        found += [("state", state.value) for state in STATES if state in user_filter.states]
    return found


def link(user_filter: UserFilter, *, after: str | None = None) -> str:
    """Return the address of the directory under this filter."""
    found = pairs(user_filter) + ([("after", after)] if after else [])
    return f"/?{urlencode(found)}" if found else "/"


def exports(user_filter: UserFilter) -> dict[str, str]:
    """Return the addresses at which the list under this filter can be taken away, by how the link is called."""
    narrowed = link(user_filter).removeprefix("/")
    return {name: f"/export.{ending}{narrowed}" for name, ending in FILES.items()}


def groups(user_filter: UserFilter, counts: Counts) -> tuple[Group, ...]:
    """Lay out the filter rail."""
    kinds = tuple(
        _choice(label, counts.kinds.get(kind, 0), kind in user_filter.kinds, _with_kind(user_filter, kind))
        for kind, label in KINDS.items()
    )
    states = tuple(
        _choice(label, counts.states.get(state, 0), state in user_filter.states, _with_state(user_filter, state))
        for state, label in STATES.items()
    )
    return (Group("Kind", kinds), Group("State", states))


def chips(user_filter: UserFilter) -> tuple[Chip, ...]:
    """Name what narrows differently from the default, which itself shows no chip."""
    found = []
    if user_filter.kinds != DEFAULT.kinds:
        words = _words(user_filter.kinds, KINDS)
        found.append(Chip("Kind", words, link(replace(user_filter, kinds=DEFAULT.kinds))))
    if user_filter.states != DEFAULT.states:
        words = _words(user_filter.states, STATES)
        found.append(Chip("State", words, link(replace(user_filter, states=DEFAULT.states))))
    return tuple(found)


def described(user_filter: UserFilter) -> str:
    """Say in words among whom this filter looks: "active members and guests"."""
    states = _words(user_filter.states, STATES, " or ")
    return f"{states} {_words(user_filter.kinds, KINDS, ' and ').replace('external', 'external people')}"


def _clean(text: str) -> str:
    """Keep what can be searched for; a NUL or half a surrogate pair is in nobody's name."""
    return text.replace("\x00", "").encode(errors="ignore").decode().strip()[:LONGEST_SEARCH]


def _values(texts: Iterable[str], known: dict[Value, str]) -> frozenset[Value]:
    return frozenset(value for value in known if value.value in set(texts))


def _choice(label: str, count: int, is_chosen: bool, to: UserFilter) -> Choice:
    return Choice(label, number(count), link(to), is_chosen=is_chosen, is_empty=count == 0)


def _with_kind(user_filter: UserFilter, kind: Kind) -> UserFilter:
    return replace(user_filter, kinds=(user_filter.kinds ^ {kind}) or DEFAULT.kinds)


def _with_state(user_filter: UserFilter, state: State) -> UserFilter:
    return replace(user_filter, states=(user_filter.states ^ {state}) or DEFAULT.states)


def _words(values: frozenset[Value], known: dict[Value, str], glue: str = ", ") -> str:
    return glue.join(label.lower() for value, label in known.items() if value in values)
