"""Runs in sentences: the same words on the terminal, in the log and in Slack. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.runs.progress import Progress
from db.records import Kind, Run, State

Tally = Mapping[tuple[Kind, State], int]
FIELDS_TOLD = 5
_PEOPLE = (Kind.MEMBER, Kind.GUEST, Kind.BOT)


def counted(count: int, one: str, many: str) -> str:
    """Write a count with its word: `1 guest`, `1,203 people`."""
    return f"{count:,} {one if count == 1 else many}"


def spent(seconds: float) -> str:
    """Write a duration as people say it: `1.9 s`, `42 s`, `3 min 20 s`, `1 h 5 min`."""
    whole = round(seconds)
    if seconds < 10:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def about(left: timedelta) -> str:
    """Write a time left roughly, since it is an estimate."""
    seconds = left.total_seconds()
    if seconds < 55:
        return f"about {max(5, round(seconds / 5) * 5)} s"
    minutes = round(seconds / 60)
    return f"about {counted(minutes, 'minute', 'minutes')}" if minutes < 60 else f"about {spent(minutes * 60)}"


def population(tally: Tally) -> str:
    """Say who is in the table: `873 people, 14 guests, 41 bots, 212 deactivated`; what is rare only where it exists."""
    deactivated = sum(tally.get((kind, State.DEACTIVATED), 0) for kind in _PEOPLE)
    missing = sum(tally.get((kind, State.MISSING), 0) for kind in _PEOPLE)
    external = tally.get((Kind.EXTERNAL, State.ACTIVE), 0)
    words = [
        counted(tally.get((Kind.MEMBER, State.ACTIVE), 0), "person", "people"),
        counted(tally.get((Kind.GUEST, State.ACTIVE), 0), "guest", "guests"),
        counted(tally.get((Kind.BOT, State.ACTIVE), 0), "bot", "bots"),
        f"{deactivated:,} deactivated",
        *([f"{missing:,} missing"] if missing else []),
        *([f"{external:,} external"] if external else []),
    ]
    return ", ".join(words)


def summary(name: str, tally: Tally, run: Run, *, sockets: int | None = None) -> str:
    """Say how a run ended, in one line; `sockets` are the open connections of a service that goes on following."""
    parts = [
        f"{name}: {population(tally)}",
        f"{counted(run.calls, 'call', 'calls')}, {spent(run.duration_s)}",
    ]
    if sockets is not None:
        parts.append(f"following changes on {counted(sockets, 'socket', 'sockets')}" if sockets else "not connected")
    return " · ".join(parts)


def found(run: Run) -> str:
    """Say what a run found, as a sentence; empty where a reason has to be told instead."""
    counts = (f"{run.inserted:,} new" if run.inserted else "", f"{run.updated:,} changed" if run.updated else "")
    put_aside = "was put aside" if run.unreadable == 1 else "were put aside"
    others = [
        (run.drift, f"corrected {counted(run.drift, 'person', 'people')} that events had not told us{_by_field(run)}"),
        (run.missing, f"{counted(run.missing, 'person is', 'people are')} no longer listed by Slack"),
        (run.unreadable, f"{counted(run.unreadable, 'entry', 'entries')} could not be read and {put_aside}"),
    ]
    parts = [", ".join(filter(None, counts)), *(words for count, words in others if count)]
    told = "; ".join(filter(None, parts))
    if told:
        return f"{told[0].upper()}{told[1:]}."
    return "" if run.reason or run.absent else "All was as we knew it."


def _by_field(run: Run) -> str:
    """Say in what, most first: ` (title 2, email 1, and 3 other fields)`; nothing where no field was noted."""
    fields = sorted((run.drift_fields or {}).items(), key=lambda each: (-each[1], each[0]))
    told = [f"{name} {count:,}" for name, count in fields[:FIELDS_TOLD]]
    if more := len(fields) - len(told):
        told.append(f"and {counted(more, 'other field', 'other fields')}")
    return f" ({', '.join(told)})" if told else ""


def shrink(absent: int, gone: int, active: int) -> str:
    """Say who is absent: how many users, and how many of the active are among them."""
    left = counted(absent, "user is", "users are")
    return f"{left} no longer in Slack's list, among them {gone:,} of the {active:,} active."


def progressing(progress: Progress, now: datetime) -> str:
    """Say how far a run is: so many of about so many, and the time left; no total where none is known."""
    if progress.absent:
        head = f"Asking Slack for {counted(progress.absent, 'person', 'people')} it no longer lists: {progress.asked:,}"
        words = [f"{head} so far{_left(progress, now)}."]
        return " ".join([*words, *filter(None, [progress.waits])])
    seen = f"{progress.seen:,}"
    if progress.expected and progress.seen <= progress.expected:
        seen += f" of about {counted(progress.expected, 'person', 'people')}"
    else:
        seen = f"{counted(progress.seen, 'person', 'people')} so far"
    words = [f"Reading people from Slack: {seen}{_left(progress, now)}."]
    return " ".join([*words, *filter(None, [progress.waits])])


def _left(progress: Progress, now: datetime) -> str:
    left = progress.left(now)
    return f", {about(left)} left" if left else ""


def who_runs(run: Run | None) -> str:
    """Say who else is at it; a run's row names its process."""
    if run is None or run.instance is None:
        return "Another usersync is reading this workspace's people right now"
    name = run.instance.rpartition(" (")[0] or run.instance
    return f"usersync {name} is reading this workspace's people right now, since {run.started_at:%H:%M} UTC"
