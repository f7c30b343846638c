"""What is new as a page tells it: arrivals, moves, anniversaries and leavings, as rows with their words. Pure.

A title that is set for the first time, or taken away, is no move: a profile was filled in, or tidied. Several changes
of one person are one line, from what it was 30 days ago to what it is now; there and back again is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from db.filters import CustomField
from db.latest import Mover
from db.records import State, User
from web.faces import Face, face_of
from web.names import name_of
from web.rows import Badge, badges_of, profile_link
from web.words import LOCALE, When, counted, day, when

DAYS = 30
WEEK = 7
"""So many days, today among them: the name of each weekday stands for one of them."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a list of news; `words` is the news."""

    name: str
    href: str
    face: Face
    words: str
    title: str = ""
    badges: tuple[Badge, ...] = ()
    at: When | None = None
    """The moment behind the words; None where it is a whole day."""


@dataclass(frozen=True, slots=True)
class Step:
    """What moved of somebody: from what to what."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody who moved."""

    name: str
    href: str
    face: Face
    steps: tuple[Step, ...]
    at: When
    day: str


def today_of(now: datetime, zone: ZoneInfo | None) -> date:
    """Tell the viewer's date; UTC's while their zone is unknown."""
    return now.astimezone(zone or UTC).date()


def begin_of(now: datetime, zone: ZoneInfo | None) -> datetime:
    """Tell when the last 30 days began: at the viewer's midnight."""
    first = today_of(now, zone) - timedelta(days=DAYS)
    return datetime(first.year, first.month, first.day, tzinfo=zone or UTC)


def week_of(today: date) -> tuple[date, ...]:
    """Name the days of which the anniversaries are told."""
    return tuple(today + timedelta(days=number) for number in range(WEEK))


def arrival_of(user: User, now: datetime, zone: ZoneInfo | None) -> Person:
    """Tell who joined, and when."""
    joined_at = user.joined_at or now
    on = joined_at.astimezone(zone or UTC).date()
    badges = tuple(badge for badge in badges_of(user, now, zone) if badge.look != "new")  # so is everybody here
    title = (user.title or "").strip()
    return _person(
        user, f"Joined {near(on, today_of(now, zone))}", title=title, badges=badges, at=when(joined_at, now, zone)
    )


def leaving_of(user: User, now: datetime, zone: ZoneInfo | None) -> Person:
    """Tell who left, and when, or since when Slack no longer lists them."""
    today = today_of(now, zone)
    at = user.missing_since if user.state is State.MISSING else user.left_at
    on = day(at.astimezone(zone or UTC).date(), today) if at else ""
    words = f"No longer listed by Slack since {on}" if user.state is State.MISSING else on
    return _person(user, words, at=when(at, now, zone) if at else None)


def anniversary_of(user: User, on: date, today: date) -> Person | None:
    """Tell how many years are full on a day; None for a first day that is none."""
    try:
        began = date.fromisoformat(user.start_date or "")
    except ValueError:
        return None
    return _person(user, f"{counted(on.year - began.year, 'year')} {near(on, today)}")


def moves_of(
    movers: Iterable[Mover], fields: Sequence[CustomField], now: datetime, zone: ZoneInfo | None
) -> list[Move]:
    """Tell who moved, the latest first; `fields` are the custom fields of which it is told."""
    today = today_of(now, zone)
    found = []
    for mover in movers:
        told = tuple(_steps(mover, fields))
        if told:
            at = max(each for _, each in told)
            on = day(at.astimezone(zone or UTC).date(), today)
            steps = tuple(step for step, _ in told)
            user = mover.user
            found.append((at, Move(name_of(user), _link(user), face_of(user), steps, when(at, now, zone), on)))
    return [move for _, move in sorted(found, key=lambda each: each[0], reverse=True)]


def near(on: date, today: date) -> str:
    """Name a day by how near it is: "today", "tomorrow", "on Thursday", "on 18 November"."""
    days = (on - today).days
    if days in (-1, 0, 1):
        return ("yesterday", "today", "tomorrow")[days + 1]
    if abs(days) < WEEK:
        return f"on {format_date(on, 'EEEE', locale=LOCALE)}"
    return f"on {day(on, today)}"


def _steps(mover: Mover, fields: Sequence[CustomField]) -> Iterable[tuple[Step, datetime]]:
    if step := _folded(
        "Title", [(each.before.get("title"), each.after.get("title"), each.at) for each in mover.changes]
    ):
        yield step
    for field_id, label in fields:
        values = [
            (_value(each.before, field_id), _value(each.after, field_id), each.at)
            for each in mover.changes
            if "fields" in each.after
        ]
        if step := _folded(label, values):
            yield step


def _folded(label: str, values: Sequence[tuple[Any, Any, datetime]]) -> tuple[Step, datetime] | None:
    """Make one step of what a field was and became, oldest first, and tell when it last changed; None for no move."""
    told = [(_text(old), _text(new), at) for old, new, at in values if _text(old) != _text(new)]
    chain = [told[0][0], *(new for _, new, _ in told)] if told else []
    old = next((text for text in chain if text), "")
    if not old or not chain[-1] or chain[-1] == old:
        return None
    return Step(label, old, chain[-1]), told[-1][2]


def _value(values: Mapping[str, Any], field_id: str) -> str:
    fields = values.get("fields")
    field = fields.get(field_id) if isinstance(fields, Mapping) else None
    return _text(field.get("alt") or field.get("value")) if isinstance(field, Mapping) else ""


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _person(user: User, words: str, **more: Any) -> Person:
    return Person(name_of(user), _link(user), face_of(user), words, **more)


def _link(user: User) -> str:
    return profile_link(user.team_id, user.id)
