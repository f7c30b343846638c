"""Unreadable events: what could not be read and why, and by a button once more, or never; never what they hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from db import looking
from db.records import DeadLetter, Kind, Source, User
from web.forms import read_form
from web.names import name_of
from web.paging import before_of, number_in, older_link
from web.ports import Actions
from web.rows import profile_link
from web.viewer import sight_of, viewer_of, zone_of_viewer
from web.window import frame, window_of
from web.words import When, counted, when

SHOWN = 50
AT_ONCE = 200
"""So many are tried again by one click."""
PATH = "/dead-letters"
SOURCES = {Source.EVENT: "From an event", Source.RUN: "From a page of Slack’s list", Source.FEED: "From usersync feed"}
DONE = {
    "applied": "Read this time, and applied. What was outdated in it changed nothing.",
    "all-applied": "All of them were read this time, and applied. What was outdated in them changed nothing.",
    "stays": "It cannot be read yet, and stays. The reason below is today’s.",
    "some-stay": "Some of them cannot be read yet, and stay. The reasons below are today’s.",
    "more": "As many as one click may take were tried again, and there are more of them.",
    "dropped": "Dropped, and not applied.",
    "gone": "It is not here any more: it was applied or dropped a moment ago, or was kept for as long as it may be.",
}
"""What the page says after something was asked for, by a word in its address."""


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A dead letter as a row."""

    letter_id: int
    at: When
    reason: str
    whom: str
    href: str
    """To their page; empty where nobody is known by that id."""
    source: str
    times: str
    alike: str
    """How many of the page have the same reason, in words; only with the first of several."""


async def dead_letters(request: Request) -> Response:
    """Show the newest letters."""
    window, zone, viewer = window_of(request), zone_of_viewer(request), viewer_of(request)
    before = before_of(request)
    async with looking(window.store, sight_of(request)) as seen:
        workspaces = await seen.list_workspaces()
        found = await seen.list_letters(SHOWN + 1, before=before)
        shown = found[:SHOWN]
        users = await seen.get_users({(each.team_id, each.user_id) for each in shown if each.team_id and each.user_id})
    now = window.clock()
    command = window.doorkeeper.door.command if window.doorkeeper else "usersync"
    values = frame(window, now, zone, workspaces, viewer, choices=window.chooser.of(request)) | {"here_letters": "page"}
    return window.templates.page(
        "letters.html",
        rows=_rows(shown, users, now, zone),
        command=f"{command} dead-letters",
        may_ask=window.actions is not None,
        done=DONE.get(request.query_params.get("done", ""), ""),
        older=older_link(PATH, shown[-1].letter_id if len(found) > SHOWN else None),
        newest=PATH if before is not None else "",
        **values,
    )


async def replay(request: Request) -> Response:
    """Apply a letter once more, or with `alike` every one with the same reason."""
    actions = window_of(request).actions
    form = await read_form(request)
    letter = await _find(request, form.get("number", ""))
    if letter is None or actions is None:
        return _back("gone")
    if "alike" not in form:
        return _back((await actions.replay(letter.letter_id)).word)
    async with looking(window_of(request).store, sight_of(request)) as seen:
        alike = await seen.list_letters(AT_ONCE + 1, reason=letter.reason)
    return _back(await _replay_all(actions, [each.letter_id for each in reversed(alike)]))


async def ask_to_drop(request: Request) -> Response:
    """Ask whether a letter is really to be dropped."""
    letter = await _find(request, request.query_params.get("number", ""))
    if letter is None:
        return _back("gone")
    window, zone, viewer = window_of(request), zone_of_viewer(request), viewer_of(request)
    now = window.clock()
    async with looking(window.store, sight_of(request)) as seen:
        workspaces = await seen.list_workspaces()
    values = frame(window, now, zone, workspaces, viewer, choices=window.chooser.of(request)) | {"here_letters": "page"}
    return window.templates.page("drop.html", row=_row(letter, {}, now, zone), **values)


async def drop(request: Request) -> Response:
    """Take a letter out without applying it."""
    actions = window_of(request).actions
    letter = await _find(request, (await read_form(request)).get("number", ""))
    if letter is None or actions is None:
        return _back("gone")
    return _back((await actions.drop(letter.letter_id)).word)


async def _find(request: Request, number: str) -> DeadLetter | None:
    """Find a letter that this viewer sees, by its number as a form has it."""
    if (letter_id := number_in(number)) is None:
        return None
    async with looking(window_of(request).store, sight_of(request)) as seen:
        return await seen.find_letter(letter_id)


async def _replay_all(actions: Actions, letter_ids: list[int]) -> str:
    outcomes = Counter([(await actions.replay(each)).word for each in letter_ids[:AT_ONCE]])
    if len(letter_ids) > AT_ONCE:
        return "more"
    return "some-stay" if outcomes["stays"] else "all-applied"


def _back(done: str) -> Response:
    """Lead back to the page, so that a reload asks for nothing again."""
    return RedirectResponse(f"{PATH}?done={done}", status_code=303)


def _rows(
    letters: tuple[DeadLetter, ...], users: dict[tuple[str, str], User], now: datetime, zone: ZoneInfo | None
) -> list[LetterRow]:
    alike = Counter(letter.reason for letter in letters)
    told: set[str] = set()
    rows = []
    for letter in letters:
        is_first = letter.reason not in told and alike[letter.reason] > 1
        told.add(letter.reason)
        rows.append(_row(letter, users, now, zone, alike=alike[letter.reason] if is_first else 0))
    return rows


def _row(
    letter: DeadLetter, users: dict[tuple[str, str], User], now: datetime, zone: ZoneInfo | None, *, alike: int = 0
) -> LetterRow:
    user = users.get((letter.team_id or "", letter.user_id or ""))
    is_known = user is not None and user.kind is not Kind.ERASED
    return LetterRow(
        letter_id=letter.letter_id,
        at=when(letter.put_aside_at, now, zone),
        reason=f"{letter.reason[:1].upper()}{letter.reason[1:]}",
        whom=name_of(user) if user is not None and is_known else letter.user_id or "No person named",
        href=profile_link(user.team_id, user.id) if user is not None and is_known else "",
        source=SOURCES[letter.source],
        times="Once" if letter.times == 1 else counted(letter.times, "time"),
        alike=str(alike) if alike else "",
    )
