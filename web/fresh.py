"""How fresh the directory is, in words: the dot in the bar, the sentence under the title, the notes above. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from web.clocks import MIDNIGHT
from web.ports import Status, Walk
from web.words import When, clock, counted, number, on_day, when


@dataclass(frozen=True, slots=True)
class Dot:
    """Whether the page follows Slack; `look` is live, catching or offline, and is never colour alone."""

    look: str
    words: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """The sentence near the title: as of when, and what else is known of how complete it is."""

    as_of: When | None
    words: str
    is_reading: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is wrong, in words."""

    title: str
    words: str


def dot_of(status: Status, now: datetime, zone: ZoneInfo | None) -> Dot:
    """Tell how the connection to Slack is."""
    heard_at = status.last_heard_at
    if not status.is_connected and heard_at is None:
        return Dot("catching", "Not connected")
    if not status.is_connected and heard_at is not None:
        return Dot("offline", f"Offline since {_short(heard_at, now, zone)}")
    if status.held_up_since is not None:
        return Dot("catching", f"Catching up, as of {_short(status.held_up_since, now, zone)}")
    if status.walked_at is None:
        return Dot("catching", "First run" if status.walk is not None else "Not read yet")
    if status.walk is not None and heard_at is not None:
        return Dot("catching", f"Catching up, as of {_short(status.walk.started_at, now, zone)}")
    return Dot("live", "Live")


def freshness_of(status: Status, now: datetime, zone: ZoneInfo | None) -> Freshness:
    """Tell as of when the people on the page are."""
    heard_at = status.held_up_since or status.last_heard_at
    as_of = when(heard_at, now, zone) if heard_at else None
    if status.walk is not None:
        words = f"Reading people from Slack: {progress(status.walk)}."
    elif status.walked_at is not None:
        words = f"Last full check {on_day(status.walked_at, now, zone)}."
    else:
        words = "" if as_of else "Not heard from Slack yet."
    return Freshness(as_of, words, is_reading=status.walk is not None)


def notes_of(status: Status, now: datetime, zone: ZoneInfo | None) -> tuple[Note, ...]:
    """Say what is wrong; a failure never takes people off the page."""
    notes = []
    if not status.is_connected and status.last_heard_at is not None:
        since = _short(status.last_heard_at, now, zone)
        notes.append(Note(f"Offline since {since}.", "You see people as they were then."))
    if status.trouble:
        notes.append(Note("", status.trouble))
    return tuple(notes)


def progress(walk: Walk) -> str:
    """Say how far a reading is: so many of about so many, and the time left, as far as either is known."""
    if walk.expected is None or walk.seen > walk.expected:
        return f"{counted(walk.seen, 'person', 'people')} so far"
    words = f"{number(walk.seen)} of about {counted(walk.expected, 'person', 'people')}"
    return f"{words}, {_about(walk.left)} left" if walk.left else words


def _about(left: timedelta) -> str:
    minutes = round(left.total_seconds() / 60)
    if minutes < 60:
        return f"about {counted(minutes, 'minute', 'minutes')}" if minutes else "less than a minute"
    return f"about {counted(round(minutes / 60), 'hour', 'hours')}"


def _short(moment: datetime, now: datetime, zone: ZoneInfo | None) -> str:
    """Write the time alone while it is today's, and not the midnight between two days."""
    words = on_day(moment, now, zone)
    time = clock(moment, zone)
    return time if words.startswith("today") and not time.startswith(MIDNIGHT) else words
