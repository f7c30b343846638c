"""The query string as a `UserFilter` and back; every link of the filter changes the current address. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from db.derive import value_key_of
from db.filters import FIRST_DAY, TITLES, ZONES, CustomField, FieldValue, Lack, Sort, UserFilter
from db.records import Kind, State

KINDS = {Kind.MEMBER: "Members", Kind.GUEST: "Guests", Kind.BOT: "Bots", Kind.EXTERNAL: "External"}
STATES = {State.ACTIVE: "Active", State.DEACTIVATED: "Deactivated", State.MISSING: "No longer listed"}
LACKS = {
    Lack.PICTURE: "No picture",
    Lack.TITLE: "No title",
    Lack.EMAIL: "No e-mail",
    Lack.PHONE: "No phone",
    Lack.ZONE: "No time zone",
}
SPANS = {"7d": 7, "30d": 30, "90d": 90}
"""Spans of days that `joined` takes in the place of a day."""
DEFAULT = UserFilter()
EVERYBODY = UserFilter(kinds=frozenset(KINDS), states=frozenset(STATES))
LONGEST_SEARCH = 200
MOST_VALUES = 50
"""Of one group; nobody clicks more, and each costs a query something."""
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{0,63}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Value = TypeVar("Value", bound=StrEnum)
Pairs = list[tuple[str, str]]


def parse(params: QueryParams, *, today: date | None = None, custom_fields: Sequence[CustomField] = ()) -> UserFilter:
    """Read a filter; values that cannot be are passed over, and an empty group means the default.

    Spans of days count back from `today` (UTC); of the custom fields only the marked ones are filters.
    """
    sorts = _values(params.getlist("sort")[:1], Sort)
    return UserFilter(
        q=_clean(params.get("q", "")),
        kinds=_values(params.getlist("kind"), KINDS) or DEFAULT.kinds,
        states=_values(params.getlist("state"), STATES) or DEFAULT.states,
        titles=_texts(params.getlist("title"), value_key_of),
        zones=_texts(params.getlist("zone"), lambda text: text if _ZONE.fullmatch(text) else ""),
        lacks=_values(params.getlist("no"), LACKS),
        joined_since=_joined_since(params.get("joined", ""), today),
        fields=frozenset(
            FieldValue(field.field_id, value_key)
            for field in custom_fields
            for value_key in _texts(params.getlist(field.field_id), value_key_of)
        ),
        sort=next(iter(sorts), DEFAULT.sort),
    )


def longer(params: QueryParams, custom_fields: Sequence[CustomField]) -> str:
    """Read of which group more values are to be shown: `TITLES`, `ZONES`, a custom field's id; empty for none."""
    asked, ids = params.get("more", ""), {field.field_id for field in custom_fields}
    return {"title": TITLES, "zone": ZONES}.get(asked, asked if asked in ids else "")


def pairs(user_filter: UserFilter, *, without_q: bool = False) -> Pairs:
    """Write a filter as query pairs in one fixed order, the defaults left out."""
    found: Pairs = [("q", user_filter.q)] if user_filter.q and not without_q else []
    if user_filter.kinds != DEFAULT.kinds:
        found += [("kind", kind.value) for kind in KINDS if kind in user_filter.kinds]
    if user_filter.states != DEFAULT.states:
        found += [("state", state.value) for state in STATES if state in user_filter.states]
    found += [(field_id, value_key) for field_id, value_key in sorted(user_filter.fields)]
    found += [("title", title) for title in sorted(user_filter.titles)]
    found += [("zone", zone) for zone in sorted(user_filter.zones)]
    if user_filter.joined_since:
        found.append(("joined", user_filter.joined_since.isoformat()))
    found += [("no", lack.value) for lack in LACKS if lack in user_filter.lacks]
    if user_filter.sort is not DEFAULT.sort:
        found.append(("sort", user_filter.sort.value))
    return found


def link(user_filter: UserFilter, *, after: str | None = None, more: str = "") -> str:
    """Return the address of the directory under this filter."""
    says_more = after or more or user_filter.q or user_filter.titles or user_filter.zones or user_filter.fields
    return _written(user_filter, after, more) if says_more else _link_of_ours(user_filter)


@lru_cache(maxsize=128)
def _link_of_ours(user_filter: UserFilter) -> str:
    """Keep a link of words of our own, which every page has; what somebody typed or is called is kept nowhere."""
    return _written(user_filter, None, "")


def _written(user_filter: UserFilter, after: str | None, more: str) -> str:
    found = pairs(user_filter)
    found += [("more", more)] if more else []
    found += [("after", after)] if after else []
    return f"/?{urlencode(found)}" if found else "/"


def exports(user_filter: UserFilter) -> dict[str, str]:
    """Return the addresses at which the list under this filter can be taken away, by how the link is called."""
    narrowed = link(user_filter).removeprefix("/")
    return {"CSV": f"/export.csv{narrowed}", "JSON": f"/export.json{narrowed}", "vCard": f"/export.vcf{narrowed}"}


def without_details(user_filter: UserFilter) -> UserFilter:
    """Return a filter with what was typed, kinds, states and the order alone."""
    return replace(DEFAULT, q=user_filter.q, kinds=user_filter.kinds, states=user_filter.states, sort=user_filter.sort)


def _clean(text: str) -> str:
    """Keep what can be searched for; a NUL or half a surrogate pair is in nobody's name."""
    return text.replace("\x00", "").encode(errors="ignore").decode().strip()[:LONGEST_SEARCH]


def _values(texts: Iterable[str], known: Iterable[Value]) -> frozenset[Value]:
    wanted = set(texts)
    return frozenset(value for value in known if value.value in wanted)


def _texts(texts: Sequence[str], fold: Callable[[str], str]) -> frozenset[str]:
    """Fold free values; what is nothing then is passed over."""
    return frozenset(found for text in texts[:MOST_VALUES] if (found := fold(_clean(text))))


def _joined_since(text: str, today: date | None) -> date | None:
    if text in SPANS:
        return today - timedelta(days=SPANS[text]) if today else None
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:  # 30 February
        return None
    return day if day and day >= FIRST_DAY else None
