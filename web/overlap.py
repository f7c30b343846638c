"""The working hours that two people share, on the viewer's own day. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from web.clocks import DAY, WORK_ENDS, WORK_STARTS, difference, minutes_of, offset_words, percent
from web.words import weekday


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the viewer's day, in minutes since midnight."""

    start: int
    end: int

    @property
    def x(self) -> str:
        return percent(self.start)

    @property
    def width(self) -> str:
        return percent(self.end - self.start)

    @property
    def range(self) -> str:
        return f"{clock_text(self.start)} to {clock_text(self.end)}"


@dataclass(frozen=True, slots=True)
class Overlap:
    """What the bar on a profile draws and says."""

    yours: Piece
    theirs: tuple[Piece, ...]
    shared: tuple[Piece, ...]
    now: str
    now_text: str
    hours: str
    """The words "3 hours" for all shared stretches together; empty where there is none."""
    closest: tuple[str, str]
    """Where nothing is shared: the viewer's time that is nearest, and what it is for the other."""
    soon: str
    """The words "7 h behind from Sunday" where the difference changes within a week."""


def overlap(zone: ZoneInfo, viewer: ZoneInfo, now: datetime) -> Overlap:
    """Lay somebody's working hours over the viewer's day."""
    ahead = difference(zone, viewer, now)
    yours = Piece(WORK_STARTS, WORK_ENDS)
    theirs = pieces(WORK_STARTS - ahead, WORK_ENDS - ahead)
    shared = tuple(common for piece in theirs if (common := _common(yours, piece)))
    here = now.astimezone(viewer)
    return Overlap(
        yours=yours,
        theirs=theirs,
        shared=shared,
        now=percent(minutes_of(here)),
        now_text=f"{here:%H:%M}",
        hours=_hours(sum(piece.end - piece.start for piece in shared)),
        closest=_closest(ahead),
        soon=_soon(zone, viewer, now),
    )


def begins_again(zone: ZoneInfo, viewer: ZoneInfo | None, now: datetime) -> str:
    """Say when working hours begin after this weekend: "Monday at 15:00 your time", on their own clock if need be."""
    there = now.astimezone(zone)
    monday = there.date() + timedelta(days=7 - there.weekday())
    begins = datetime.combine(monday, time(WORK_STARTS // 60, WORK_STARTS % 60), zone)
    here = begins.astimezone(viewer or zone)
    return f"{weekday(here)} at {here:%H:%M} {'your time' if viewer else 'there'}"


def pieces(start: int, end: int) -> tuple[Piece, ...]:
    """Fold a stretch onto one day: over midnight it falls in two."""
    start, length = start % DAY, end - start
    if start + length <= DAY:
        return (Piece(start, start + length),)
    return (Piece(0, start + length - DAY), Piece(start, DAY))


def clock_text(minutes: int) -> str:
    """Write a place in the day as a clock shows it; the end of the day is 24:00, never another midnight."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _common(one: Piece, other: Piece) -> Piece | None:
    start, end = max(one.start, other.start), min(one.end, other.end)
    return Piece(start, end) if start < end else None


def _hours(minutes: int) -> str:
    if minutes == 0:
        return ""
    hours, rest = divmod(minutes, 60)
    words = f"{hours} hour{'' if hours == 1 else 's'}" if hours else ""
    return f"{words} {f'{rest} minutes' if rest else ''}".strip()


def _closest(ahead: int) -> tuple[str, str]:
    """Find which end of the viewer's day is nearer to the other's working hours."""
    morning, evening = (WORK_STARTS + ahead) % DAY, (WORK_ENDS + ahead) % DAY
    after_work, before_work = (morning - WORK_ENDS) % DAY, (WORK_STARTS - evening) % DAY
    if after_work <= before_work:
        return clock_text(WORK_STARTS), clock_text(morning)
    return clock_text(WORK_ENDS), clock_text(evening)


def _soon(zone: ZoneInfo, viewer: ZoneInfo, now: datetime) -> str:
    today = difference(zone, viewer, now)
    for days in range(1, 8):
        then = now + timedelta(days=days)
        ahead = difference(zone, viewer, then)
        if ahead != today:
            words = offset_words(ahead) or "no difference"
            return f"{words} from {weekday(then.astimezone(viewer))}"
    return ""
