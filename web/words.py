"""Times, dates and counts as words, in the way this directory says them; Babel makes every date and plural. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from babel.core import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from db.filters import COUNTED_TO

LOCALE = Locale("en")


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
        title=format_datetime(here, "EEEE d MMMM y, HH:mm", locale=LOCALE) + ("" if zone else " UTC"),
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
    return format_date(on, "d MMMM" if on.year == today.year else "d MMMM y", locale=LOCALE)


def short_day(on: date, today: date) -> str:
    """Write a date for a badge."""
    return format_date(on, "d MMM" if on.year == today.year else "d MMM y", locale=LOCALE)


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
    return str(format_decimal(count, locale=LOCALE))


def up_to(count: int) -> str:
    """Write a count that is exact up to `COUNTED_TO`: "1,176", "10,000+"."""
    return number(count) if count <= COUNTED_TO else f"{number(COUNTED_TO)}+"


def people(count: int) -> str:
    """Write such a count of people: "1 person", "10,000+ people"."""
    return counted(count, "person", "people") if count <= COUNTED_TO else f"{up_to(count)} people"


def counted(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun: "1 person", "1,176 people"."""
    noun = one if LOCALE.plural_form(count) == "one" else many or f"{one}s"
    return f"{number(count)} {noun}"
