"""Pages for operators: how the runs went, and what could not be read; words and figures, and never a payload."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from db import looking
from db.records import DeadLetter, Run, RunKind, RunState, User, Workspace
from web.names import name_of
from web.viewer import sight_of, viewer_of, zone_of_viewer
from web.window import brand, frame, window_of
from web.words import When, counted, lasted, number, when

SHOWN = 50
KINDS = {RunKind.BACKFILL: "First reading", RunKind.RESYNC: "Asked for", RunKind.RECONCILE: "Scheduled"}
STATES = {
    RunState.RUNNING: ("catching", "Reading now"),
    RunState.DONE: ("live", "Done"),
    RunState.HELD: ("catching", "Held"),
    RunState.FAILED: ("offline", "Failed"),
}
"""The look of a dot, and the words beside it."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as a row: figures, and for admins who asked for it and why it ended as it did."""

    kind: str
    look: str
    state: str
    at: When
    took: str
    seen: str
    new: str
    changed: str
    drift: str
    house: str = ""
    asked_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A dead letter as a row."""

    letter_id: int
    at: When
    reason: str
    whom: str
    times: str


async def runs(request: Request) -> Response:
    """Show the newest runs. Where the directory is open, nobody is an admin: figures only."""
    window, zone, sight = window_of(request), zone_of_viewer(request), sight_of(request)
    viewer = viewer_of(request)
    async with looking(window.store, sight) as seen:
        workspaces = await seen.list_workspaces()
        found = await seen.list_runs(SHOWN)
        askers = await seen.get_users({(run.team_id, run.asked_by) for run in found if run.asked_by})
    now = window.clock()
    rows = [_run_row(run, now, zone, houses=workspaces) for run in found]
    if viewer is not None:
        rows = [_told_whole(row, run, askers) for row, run in zip(rows, found, strict=True)]
    values = frame(window, now, zone, workspaces, viewer, choices=window.chooser.of(request)) | {"here_runs": "page"}
    return window.templates.page("runs.html", rows=rows, is_whole=viewer is not None, **values)


async def dead_letters(request: Request) -> Response:
    """Show the newest letters and the commands for them."""
    window, zone, viewer = window_of(request), zone_of_viewer(request), viewer_of(request)
    async with looking(window.store, sight_of(request)) as seen:
        workspaces = await seen.list_workspaces()
        found = await seen.list_letters(SHOWN)
    now = window.clock()
    values = frame(window, now, zone, workspaces, viewer, choices=window.chooser.of(request)) | {"here_letters": "page"}
    command = window.doorkeeper.door.command if window.doorkeeper else "usersync"
    rows = [_letter_row(letter, now, zone) for letter in found]
    return window.templates.page("letters.html", rows=rows, command=f"{command} dead-letters", most=SHOWN, **values)


def _run_row(run: Run, now: datetime, zone: ZoneInfo | None, *, houses: tuple[Workspace, ...]) -> RunRow:
    look, state = STATES[run.state]
    house = [each for each in houses if each.team_id == run.team_id] if len(houses) > 1 else []
    return RunRow(
        kind=KINDS[run.kind],
        look=look,
        state=state,
        at=when(run.started_at, now, zone),
        took=lasted(run.duration_s),
        seen=number(run.seen),
        new=number(run.inserted),
        changed=number(run.updated),
        drift=f"Corrected {counted(run.drift, 'person', 'people')} that events had not told us." if run.drift else "",
        house=brand(None, house) if house else "",
    )


def _told_whole(row: RunRow, run: Run, askers: dict[tuple[str, str], User]) -> RunRow:
    asker = askers.get((run.team_id, run.asked_by or ""))
    return replace(row, asked_by=name_of(asker) if asker else "", reason=run.reason or "")


def _letter_row(letter: DeadLetter, now: datetime, zone: ZoneInfo | None) -> LetterRow:
    return LetterRow(
        letter_id=letter.letter_id,
        at=when(letter.put_aside_at, now, zone),
        reason=f"{letter.reason[:1].upper()}{letter.reason[1:]}",
        whom=letter.user_id or "Nobody readable",
        times="Once" if letter.times == 1 else counted(letter.times, "time"),
    )
