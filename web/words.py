"""Times, dates and counts as English words, in the way this directory says them. Pure.

The names of days and months are the C library's, in English as long as nobody asks it for another language; no part of
usersync does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from db.filters import COUNTED_TO


@dataclass(frozen=True, slots=True)
class When:
    """A moment as a page writes it: words, the machine's form, and the full date for who points at it."""

    words: str
    iso: str
    title: str
    is_ticking: bool = False
    """True where the words are an age that the page's script may keep up to date."""


def when(moment: datetime, now: datetime, zone: tzinfo | None) -> When:
    """Say when something was: "14 seconds ago", "today at 09:14", "3 March 2025"."""
    here = moment.astimezone(zone or UTC)
    age = now - moment
    return When(
        words=ago(moment, now, zone),
        iso=f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        title=f"{weekday(here)} {full_day(here)}, {here:%H:%M}{'' if zone else ' UTC'}",
        is_ticking=age < timedelta(hours=1),
    )


def ago(moment: datetime, now: datetime, zone: tzinfo | None) -> str:
    """Say an age or, from an hour on, the time of day or the date."""
    seconds = (now - moment).total_seconds()
    if seconds < 5:
        return "just now"
    if seconds < 60:
        return counted(int(seconds), "second") + " ago"
    if seconds < 3600:
        return counted(int(seconds // 60), "minute") + " ago"
    return on_day(moment, now, zone)


def on_day(moment: datetime, now: datetime, zone: tzinfo | None) -> str:
    """Name a moment by its day, with the time where that is near enough to matter."""
    here, today = moment.astimezone(zone or UTC), now.astimezone(zone or UTC).date()
    if here.date() == today:
        return f"today at {clock(moment, zone)}"
    if here.date() == today - timedelta(days=1):
        return f"yesterday, {clock(moment, zone)}"
    return day(here.date(), today)


def clock(moment: datetime, zone: tzinfo | None) -> str:
    """Write a time of day on the viewer's clock, or, while that is unknown, on UTC's and so marked."""
    return f"{moment.astimezone(zone or UTC):%H:%M}{'' if zone else ' UTC'}"


def day(on: date, today: date) -> str:
    """Write a date, with its year only where that is not this one."""
    return f"{on.day} {on:%B}" if on.year == today.year else full_day(on)


def full_day(on: date) -> str:
    """Write a date with its year: "3 March 2025"."""
    return f"{on.day} {on:%B} {on.year}"


def weekday(on: date) -> str:
    """Name the day of the week."""
    return f"{on:%A}"


def short_day(on: date, today: date) -> str:
    """Write a date for a badge."""
    return f"{on.day} {on:%b}" if on.year == today.year else f"{on.day} {on:%b} {on.year}"


def lasted(seconds: float) -> str:
    """Say how long something took: "0.8 s", "38 s", "3 min 20 s", "1 h 5 min"."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{amount} {unit}" for amount, unit in parts if amount and not (hours and unit == "s")) or "0 s"


def number(count: int) -> str:
    """Write a count with its thousands apart."""
    return f"{count:,}"


def up_to(count: int) -> str:
    """Write a count that is exact up to `COUNTED_TO`: "1,176", "10,000+"."""
    return number(count) if count <= COUNTED_TO else f"{number(COUNTED_TO)}+"


def people(count: int) -> str:
    """Write such a count of people: "1 person", "10,000+ people"."""
    return counted(count, "person", "people") if count <= COUNTED_TO else f"{up_to(count)} people"


def counted(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun: "1 person", "1,176 people"."""
    noun = one if count == 1 else many or f"{one}s"
    return f"{number(count)} {noun}"
