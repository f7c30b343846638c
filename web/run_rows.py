"""Runs as a page tells them: what is under way, what needs a decision, and how the earlier ones went. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from db.records import Run, RunKind, RunState, User, Workspace
from web.fresh import progress
from web.names import name_of
from web.ports import Walk
from web.window import brand
from web.words import When, counted, lasted, number, when

KINDS = {RunKind.BACKFILL: "First resync", RunKind.RESYNC: "Asked for", RunKind.RECONCILE: "Scheduled"}
LOOKS = {RunState.RUNNING: "now", RunState.DONE: "ok", RunState.HELD: "held", RunState.FAILED: "bad"}
FIELDS_TOLD = 5
_FIELDS = {
    "new": "new to us",
    "real_name": "name",
    "display_name": "display name",
    "first_name": "first name",
    "last_name": "last name",
    "name": "Slack name",
    "title": "title",
    "email": "e-mail",
    "phone": "phone",
    "pronouns": "pronouns",
    "start_date": "start date",
    "tz": "time zone",
    "deleted": "deactivated or not",
    "missing_since": "listed by Slack or not",
    "fields": "custom fields",
    "avatar_hash": "picture",
    "is_restricted": "guest or not",
    "is_admin": "admin or not",
}


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run that ended, as a row: figures, and for admins who asked for it and why it ended as it did."""

    run_id: int
    kind: str
    look: str
    result: str
    at: When
    took: str
    seen: str
    drift: str
    details: tuple[str, ...]
    house: str = ""
    asked_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Under:
    """A run under way; of an unknown total there is no share."""

    kind: str
    at: When
    words: str
    seen: int
    expected: int | None
    share: str
    """How far it is, as an SVG length."""
    asked_by: str = ""
    house: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A run that marked nobody since too many seemed to be gone, and waits for a decision."""

    run_id: int
    kind: str
    at: When
    seen: str
    absent: int
    absent_words: str


def row_of(run: Run, now: datetime, zone: ZoneInfo | None, *, houses: tuple[Workspace, ...]) -> RunRow:
    """Tell how a run went, in figures alone."""
    is_read = run.state is not RunState.FAILED
    return RunRow(
        run_id=run.run_id,
        kind=KINDS[run.kind],
        look=LOOKS[run.state],
        result=_result(run),
        at=when(run.started_at, now, zone),
        took=lasted(run.duration_s),
        seen=number(run.seen) if is_read or run.seen else "",
        drift=number(run.drift) if is_read or run.drift else "",
        details=tuple(_details(run)),
        house=_house(run, houses),
    )


def told_whole(row: RunRow, run: Run, askers: Mapping[tuple[str, str], User]) -> RunRow:
    """Add what is for admins: the fields that were corrected, who asked, and why it ended as it did."""
    return replace(
        row,
        result=_result(run, fields=run.drift_fields),
        asked_by=_asker(run, askers),
        reason=_reason(run, askers),
    )


def under_way(
    run: Run,
    walk: Walk | None,
    now: datetime,
    zone: ZoneInfo | None,
    *,
    houses: tuple[Workspace, ...],
    askers: Mapping[tuple[str, str], User] | None = None,
) -> Under:
    """Tell how far a run is; what the process that makes it knows (`walk`) is newer than its row."""
    walk = walk or Walk(run.seen, run.started_at, run.expected)
    expected = walk.expected if walk.expected and walk.seen <= walk.expected else None
    return Under(
        kind=KINDS[run.kind],
        at=when(run.started_at, now, zone),
        words=progress(walk),
        seen=walk.seen,
        expected=expected,
        share=f"{100 * walk.seen / expected:.1f}%" if expected else "",
        asked_by=_asker(run, askers or {}),
        house=_house(run, houses),
    )


def held_of(run: Run | None, now: datetime, zone: ZoneInfo | None) -> Held | None:
    """Tell what waits for a decision; None where the last run was not held."""
    if run is None or run.state is not RunState.HELD:
        return None
    return Held(
        run_id=run.run_id,
        kind=KINDS[run.kind],
        at=when(run.ended_at or run.started_at, now, zone),
        seen=counted(run.seen, "person", "people"),
        absent=run.absent,
        absent_words=counted(run.absent, "person", "people"),
    )


def corrected(drift: int, fields: Mapping[str, int] | None = None) -> str:
    """Say what a run repaired, and where `fields` are given, how many people in which."""
    among = f" ({told})" if (told := _by_field(fields or {})) else ""
    return f"Corrected {counted(drift, 'person', 'people')} that events had not told us{among}"


def _reason(run: Run, askers: Mapping[tuple[str, str], User]) -> str:
    """Tell why it ended as it did; a held run tells that itself, and who cancelled one is called by name if known."""
    if run.state is RunState.HELD:
        return ""
    who = askers.get((run.team_id, run.cancelled_by))
    return f"Cancelled by {name_of(who)}." if who else run.reason or ""


def _result(run: Run, fields: Mapping[str, int] | None = None) -> str:
    if run.cancelled_by:
        return "Cancelled, nobody was marked as no longer listed"
    if run.state is RunState.FAILED:
        return "Failed, nobody was marked as no longer listed"
    if run.state is RunState.HELD:
        return "Held: too many people would disappear"
    if run.drift:
        return corrected(run.drift, fields)
    return "Everybody was read" if run.kind is RunKind.BACKFILL else "Clean"


def _details(run: Run) -> list[str]:
    counts = (
        f"{number(run.inserted)} new" if run.inserted else "",
        f"{number(run.updated)} changed" if run.updated else "",
    )
    entries = counted(run.unreadable, "entry", "entries")
    found = [
        ", ".join(filter(None, counts)),
        f"{counted(run.missing, 'person is', 'people are')} no longer listed by Slack" if run.missing else "",
        f"{entries} of Slack’s list could not be read" if run.unreadable else "",
    ]
    return [f"{each}." for each in found if each]


def _by_field(fields: Mapping[str, int]) -> str:
    """Name the fields, the most frequent first; what no page has a word for is counted together."""
    known = {_FIELDS[name]: count for name, count in fields.items() if name in _FIELDS}
    ranked = sorted(known.items(), key=lambda each: (-each[1], each[0]))
    told = [f"{label} {number(count)}" for label, count in ranked[:FIELDS_TOLD]]
    if more := len(fields) - len(told):
        told.append(f"{counted(more, 'other detail')}" if told else "")
    return ", ".join(filter(None, told))


def _asker(run: Run, askers: Mapping[tuple[str, str], User]) -> str:
    asker = askers.get((run.team_id, run.asked_by or ""))
    return name_of(asker) if asker else ""


def _house(run: Run, houses: tuple[Workspace, ...]) -> str:
    house = [each for each in houses if each.team_id == run.team_id] if len(houses) > 1 else []
    return brand(None, house) if house else ""
