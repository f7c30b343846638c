"""How fresh the directory is, in words: the dot, the sentence under the title, the notes above, the foot. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from web.clocks import MIDNIGHT
from web.ports import Status, Walk
from web.words import When, clock, counted, number, on_day, when
from web.words import people as in_words


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
class Foot:
    """The line at the foot: how many people, as of when, and "all well" or what is not."""

    people: str
    as_of: When | None
    words: str
    is_well: bool
    unread: str
    """How many events nobody could read, for whoever may look at them; empty where there are none."""


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


def foot_of(status: Status, now: datetime, zone: ZoneInfo | None, people: int | None) -> Foot:
    """Tell how many people there are, as of when, and whether all is well; `people` is None while it is not known."""
    heard_at = status.held_up_since or status.last_heard_at
    wrong = _what_is_wrong(status, now, zone)
    return Foot(
        people="" if people is None else in_words(people),
        as_of=_as_of(heard_at, now, zone) if heard_at else None,
        words=wrong or "all well",
        is_well=not wrong,
        unread=counted(status.letters, "unreadable event") if status.letters else "",
    )


def standing_of(status: Status, now: datetime, zone: ZoneInfo | None) -> tuple[object, ...]:
    """Give what pages say of the service, but for ages: it is equal where they say the same."""
    wrong = _what_is_wrong(status, now, zone)
    return dot_of(status, now, zone), freshness_of(status, now, zone).words, notes_of(status, now, zone), wrong


def _what_is_wrong(status: Status, now: datetime, zone: ZoneInfo | None) -> str:
    """Say in a few words what is wrong, as the dot and the notes say it at length; nothing where all is well."""
    dot = dot_of(status, now, zone)
    if dot.look != "live":
        return dot.words[:1].lower() + dot.words[1:]
    troubles = (status.rejected, status.trouble, status.database_trouble)
    wrong = list(dict.fromkeys(status.amiss or [_first_sentence(each) for each in troubles if each]))
    if not wrong:
        return ""
    return wrong[0] + (f", and {len(wrong) - 1} more" if wrong[1:] else "")


def _first_sentence(words: str) -> str:
    """Take the remedy off: it stands in the note."""
    return words.partition(". ")[0].removesuffix(".")


def _as_of(moment: datetime, now: datetime, zone: ZoneInfo | None) -> When:
    """Say an age in the few letters of a foot, "4 s ago"; from an hour on, when it was."""
    told, seconds = when(moment, now, zone), max(int((now - moment).total_seconds()), 0)
    if not told.is_ticking:
        return told
    return replace(told, words=f"{seconds} s ago" if seconds < 60 else f"{seconds // 60} min ago")


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
