"""What time it is for somebody, from the IANA name of their zone and never from an offset. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

WORK_STARTS, WORK_ENDS = 9 * 60, 18 * 60
DAY = 24 * 60
MIDNIGHT = "00:00"
"""A time that could be of either day."""

HOURS: tuple[tuple[int, str], ...] = (
    (0, "probably asleep"),
    (6, "early morning"),
    (9, "working hours"),
    (18, "evening"),
    (22, "probably asleep"),
)
"""From which hour on which words hold. They speak of the clock, not of what a person does."""

WEEKEND = "weekend"
_WEEKEND_DAYS = (5, 6)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_FRACTIONS = {0: "", 15: "¼", 30: "½", 45: "¾"}


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Somebody's clock at one moment."""

    zone: str
    text: str
    """Hours and minutes."""
    weekday: str
    """Shortly: "Tue"."""
    words: str
    minutes: int
    """Since midnight there."""
    is_weekend: bool
    offset: str
    """The words "1 h ahead" against the viewer's clock; empty where the clocks agree or the viewer's is unknown."""

    @property
    def marker(self) -> str:
        """How far the day has gone there, as an SVG length."""
        return percent(self.minutes)

    @property
    def shown(self) -> str:
        """The time as it stands alone: midnight with its day."""
        return f"{self.weekday} {self.text}" if self.text == MIDNIGHT else self.text

    @property
    def summary(self) -> str:
        return f"{self.words}, {self.offset}" if self.offset else self.words


@lru_cache(maxsize=1024)
def zone_of(name: str | None) -> ZoneInfo | None:
    """Return the zone of that name; None for an unknown or malformed one, which then shows no time at all."""
    if not name or len(name) > 64 or not _ZONE_NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # a folder of zones ("Europe") is an OSError on some systems
        return None


def local_time(tz: str | None, now: datetime, viewer: ZoneInfo | None) -> LocalTime | None:
    """Tell somebody's local time in words; None where their zone is not known."""
    zone = zone_of(tz)
    return None if zone is None else _local_time(zone, now.replace(second=0, microsecond=0), viewer)


@lru_cache(maxsize=1024)
def _local_time(zone: ZoneInfo, now: datetime, viewer: ZoneInfo | None) -> LocalTime:
    """Tell it of a minute: most people of a page are in a few zones."""
    there = now.astimezone(zone)
    is_weekend = there.weekday() in _WEEKEND_DAYS
    return LocalTime(
        zone=zone.key,
        text=f"{there:%H:%M}",
        weekday=_WEEKDAYS[there.weekday()],
        words=words_of(there.hour, is_weekend=is_weekend),
        minutes=minutes_of(there),
        is_weekend=is_weekend,
        offset=offset_words(difference(zone, viewer, now)) if viewer else "",
    )


def words_of(hour: int, *, is_weekend: bool) -> str:
    """Name the hour; Saturday noon is not called working hours."""
    words = next(words for start, words in reversed(HOURS) if hour >= start)
    return WEEKEND if is_weekend and words == "working hours" else words


def difference(zone: ZoneInfo, viewer: ZoneInfo, now: datetime) -> int:
    """Return how many minutes the zone's clock is ahead of the viewer's at that moment."""
    ahead = (now.astimezone(zone).utcoffset() or timedelta()) - (now.astimezone(viewer).utcoffset() or timedelta())
    return round(ahead.total_seconds() / 60)


def offset_words(minutes: int) -> str:
    """Say a difference between clocks: "5 ½ h ahead", "6 h behind", nothing for none."""
    if minutes == 0:
        return ""
    hours, rest = divmod(abs(minutes), 60)
    fraction = _FRACTIONS.get(rest, f"{rest} min")
    direction = "ahead" if minutes > 0 else "behind"
    if rest and not hours:
        return f"{rest} min {direction}"
    amount = f"{hours} h {fraction}" if fraction.endswith("min") else f"{hours} {fraction} h".replace("  ", " ")
    return f"{amount} {direction}"


def minutes_of(moment: datetime) -> int:
    """Return the minutes since midnight on that clock."""
    return moment.hour * 60 + moment.minute


def percent(minutes: int) -> str:
    """Return a place within the day as an SVG length, so that no style attribute is needed."""
    return f"{minutes * 100 / DAY:.2f}%"


def hours_attribute() -> str:
    """Write the words of the day for the page's script, which keeps the clocks going between two readings."""
    return ";".join(f"{hour}={words}" for hour, words in HOURS)
