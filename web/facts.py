"""What is known of somebody beside name, title and contact: labels, and values that may lead on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from db.filters import CustomField
from db.records import Kind, State, User, Workspace
from web.names import name_of, second_name_of
from web.news import city_of
from web.rows import email_link, profile_link
from web.window import brand
from web.words import day, full_day, on_day

People = Mapping[tuple[str, str], User]
Said = Mapping[str, Any] | None
"""The custom fields of somebody, as a row or one side of a change holds them."""
MOST_VALUES = 20
"""So many people one field may name."""
_PERSON = re.compile(r"[UW][A-Z0-9]{6,63}")


@dataclass(frozen=True, slots=True)
class Value:
    """A text, and where it leads; `href` is empty where it leads nowhere."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its values."""

    label: str
    values: tuple[Value, ...]


def facts_of(
    user: User,
    workspace: Workspace,
    now: datetime,
    zone: ZoneInfo | None,
    *,
    is_one: bool,
    marked: Iterable[CustomField] = (),
    people: People | None = None,
) -> list[Fact]:
    """List what is known, the custom fields that the operator marked first; what is empty is not listed.

    `is_one` says that there is no other workspace to tell theirs from; `people` are those whom the fields name, by
    (`team_id`, `id`), as far as they are seen.
    """
    today = now.astimezone(zone or UTC).date()
    known = {
        "Display name": second_name_of(user),
        "Role in Slack": rank_of(user),
        "Started": date_words(user.start_date),
        "Workspace": "" if is_one else brand(None, [workspace]),
        "Joined": day(user.joined_at.astimezone(zone or UTC).date(), today) if user.joined_at else "",
        "Left": day(user.left_at.astimezone(zone or UTC).date(), today) if user.left_at else "",
        "Time zone": city_of(user.tz),
    }
    facts = [Fact(each.label, values_of(user.team_id, user.fields, each, people or {})) for each in marked]
    facts += [Fact(label, (Value(words),)) for label, words in known.items() if words]
    return [each for each in facts if each.values]


def named_in(team_id: str, said: Iterable[Said], marked: Iterable[CustomField]) -> frozenset[tuple[str, str]]:
    """Name the people whom custom fields of somebody point at, or pointed at, by (`team_id`, `id`)."""
    marked = tuple(marked)
    ids = {each for fields in said for field in marked for each in _ids(said_in(fields, field, "value"))}
    return frozenset((team_id, each) for each in ids)


def rank_of(user: User) -> str:
    """Name the role; nothing for the many who are plain members."""
    ranks = {
        "Primary owner": user.is_primary_owner,
        "Owner": user.is_owner,
        "Admin": user.is_admin,
        "External": user.kind is Kind.EXTERNAL,
        "Bot": user.kind is Kind.BOT,
        "Guest of one channel": user.is_ultra_restricted,
        "Guest": user.kind is Kind.GUEST,
    }
    return next((words for words, holds in ranks.items() if holds), "")


def standing_of(user: User, now: datetime, zone: ZoneInfo | None) -> str:
    """Say what somebody must know before they write to this person; nothing of who is simply there."""
    here = zone or UTC
    if user.state is State.DEACTIVATED:
        left = user.left_at
        when = f" Left on {day(left.astimezone(here).date(), now.astimezone(here).date())}." if left else ""
        return f"Deactivated in Slack.{when}"
    if user.state is State.MISSING:
        since = f" since {on_day(user.missing_since, now, zone)}" if user.missing_since else ""
        return f"No longer listed by Slack{since}. This is how they were last known."
    return "Belongs to another workspace." if user.kind is Kind.EXTERNAL else ""


def date_words(text: str | None) -> str:
    """Write Slack's `2025-03-03` as a date, and leave anything else as it was typed."""
    text = (text or "").strip()
    try:
        return full_day(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC))
    except ValueError:
        return text


def values_of(team_id: str, said: Said, field: CustomField, people: People) -> tuple[Value, ...]:
    """Read what a custom field says, as words to read; nothing where it says nothing, or nothing that is seen."""
    return tuple(_values(team_id, said_in(said, field, "value"), said_in(said, field, "alt"), people))


def said_in(said: Said, field: CustomField, part: str) -> str:
    """Return the `value` or the `alt` of a custom field as Slack said it."""
    entry = said.get(field.field_id) if isinstance(said, Mapping) else None
    text = entry.get(part) if isinstance(entry, Mapping) else None
    return text.strip() if isinstance(text, str) else ""


def _values(team_id: str, value: str, alt: str, people: People) -> Iterator[Value]:
    if ids := _ids(value):
        # An id is nothing to read: whoever is not seen here is named by what Slack says in its place, or not at all.
        found = [person for each in ids if (person := people.get((team_id, each))) and _is_known(person)]
        yield from (Value(name_of(each), profile_link(each.team_id, each.id)) for each in found)
        if not found and alt:
            yield Value(alt)
    elif value or alt:
        yield _linked(value, alt) if value else Value(alt)


def _linked(value: str, alt: str) -> Value:
    """Let a web address and an e-mail address lead there; anything else, whatever it claims to be, is text."""
    if href := email_link(value.removeprefix("mailto:")):
        return Value(alt or value.removeprefix("mailto:"), href)
    if not is_web_address(value):
        return Value(alt or date_words(value))
    # Words that look like an address would claim to lead elsewhere.
    words = alt if alt and "://" not in alt and not alt.lower().startswith("www.") else ""
    return Value(words or value.partition("://")[2].rstrip("/"), value)


def is_web_address(text: str) -> bool:
    """Say whether a text is a whole address of a page, and nothing that a browser might read otherwise."""
    if not text.isprintable() or any(sign in text for sign in " \\"):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None


def _is_known(person: User) -> bool:
    return person.kind is not Kind.ERASED


def _ids(value: str) -> list[str]:
    """Read the ids of people, where there is nothing else in the value."""
    ids = [each.strip() for each in value.split(",")][:MOST_VALUES] if value else []
    return ids if all(_PERSON.fullmatch(each) for each in ids) else []
