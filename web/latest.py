"""What is new as a page tells it: arrivals, moves, anniversaries and leavings, as rows with their words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from db.filters import CustomField
from db.latest import Mover
from db.moves import TITLE
from db.records import State, User
from web.faces import Face, face_of
from web.names import name_of
from web.rows import Badge, badges_of, profile_link
from web.words import When, counted, day, weekday, when

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


def joined_since(now: datetime, zone: ZoneInfo | None) -> datetime:
    """Tell since when people count as new: since the same day as the rest, in UTC as the filter's days are.

    So the list behind the link holds whom the page counts.
    """
    first = begin_of(now, zone)
    return datetime(first.year, first.month, first.day, tzinfo=UTC)


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
    """Tell who moved, in their order: a line for each person, with every field under its label."""
    today, labels = today_of(now, zone), {TITLE: "Title", **dict(fields)}
    found = []
    for mover in movers:
        at = max(step.at for step in mover.steps)
        on = day(at.astimezone(zone or UTC).date(), today)
        steps = tuple(Step(labels[step.field], step.old, step.new) for step in mover.steps)
        user = mover.user
        found.append(Move(name_of(user), _link(user), face_of(user), steps, when(at, now, zone), on))
    return found


def near(on: date, today: date) -> str:
    """Name a day by how near it is: "today", "tomorrow", "on Thursday", "on 18 November"."""
    days = (on - today).days
    if days in (-1, 0, 1):
        return ("yesterday", "today", "tomorrow")[days + 1]
    if abs(days) < WEEK:
        return f"on {weekday(on)}"
    return f"on {day(on, today)}"


def _person(user: User, words: str, **more: Any) -> Person:
    return Person(name_of(user), _link(user), face_of(user), words, **more)


def _link(user: User) -> str:
    return profile_link(user.team_id, user.id)
