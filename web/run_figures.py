"""The figures above the runs: when all was last read, what that repaired in a week, what could not be read. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from db.records import Run, RunState
from web.words import counted, lasted, number, when

WEEK = timedelta(days=7)
MOST_LETTERS = 100
"""So many are counted; of more it is said that there are more."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what it is of, the figure itself, and a line below it, which may lead somewhere."""

    label: str
    value: str
    note: str
    href: str = ""


def figures_of(
    runs: Sequence[Run], letters: int | None, now: datetime, zone: ZoneInfo | None, *, has_more: bool
) -> tuple[Figure, ...]:
    """Tell them from the newest runs, newest first; `letters` None is for whoever may not know how many there are."""
    figures = (_last_read(runs, now, zone), _corrected(runs, now, has_more=has_more))
    return figures if letters is None else (*figures, _letters(letters))


def _last_read(runs: Sequence[Run], now: datetime, zone: ZoneInfo | None) -> Figure:
    last = next((run for run in runs if run.state is RunState.DONE and run.ended_at), None)
    if last is None or last.ended_at is None:
        return Figure("Everybody last read", "Not yet", "no run has come to its end here")
    words = when(last.ended_at, now, zone).words
    return Figure("Everybody last read", words[0].upper() + words[1:], f"took {lasted(last.duration_s)}")


def _corrected(runs: Sequence[Run], now: datetime, *, has_more: bool) -> Figure:
    of_week = [run for run in runs if now - run.started_at <= WEEK]
    is_cut = has_more and len(of_week) == len(runs)
    label = f"Corrected, last {counted(len(runs), 'run')}" if is_cut else "Corrected, last 7 days"
    count = sum(run.drift for run in of_week)
    return Figure(
        label, counted(count, "person", "people"), "that events had not told us" if count else "events told all"
    )


def _letters(count: int) -> Figure:
    value = f"{number(MOST_LETTERS)}+" if count > MOST_LETTERS else number(count)
    label = "Unreadable events"
    return (
        Figure(label, value, "Read why, and try again", "/dead-letters")
        if count
        else Figure(label, value, "all could be read")
    )
