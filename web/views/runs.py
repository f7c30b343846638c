"""Runs: what is under way, what needs a decision, how the earlier ones went; and, for admins, a resync by a button."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from db import looking
from db.records import RunState
from web.forms import read_form
from web.notices import notice
from web.paging import before_of, number_in, older_link
from web.ports import Actions, Outcome
from web.run_figures import MOST_LETTERS, figures_of
from web.run_rows import held_of, row_of, told_whole, under_way
from web.viewer import Viewer, sight_of, viewer_of, zone_of_viewer
from web.window import frame, window_of

SHOWN = 50
PATH = "/runs"
REFUSED = "refused"
DONE = {
    "begun": "A resync was asked for. It shows here as it goes.",
    "asked": "Asked for. It begins within seconds and shows here; if it does not, ask again.",
    "under-way": "A run is under way already, so no second one was begun. This one reads everybody, too.",
    "confirmed": "Confirmed: everybody is read afresh, and whoever Slack no longer knows is marked as such.",
    "confirmation-asked": (
        "Asked for. It begins within seconds and shows here; if it does not, nothing was done, because Slack calls you "
        "no admin any more, or because another run came first."
    ),
    "confirm-later": "Nothing was done: a run is under way that was not confirmed, and cannot be in the middle.",
    "number": "Nothing was done: the number that was typed is not the one that was asked for.",
    "nothing-held": "Nothing was done: the last run is not held any more.",
}
"""What a page says after something was asked for, by a word in its address."""
BEGINS = ("begun", "asked", "confirmed", "confirmation-asked")
"""Those after which a run is to be expected."""


async def runs(request: Request) -> Response:
    """Show the newest runs. Where the directory is open, nobody is an admin: figures only."""
    window, zone, viewer = window_of(request), zone_of_viewer(request), viewer_of(request)
    before = before_of(request)
    async with looking(window.store, sight_of(request)) as seen:
        houses = await seen.list_workspaces()
        found = await seen.list_runs(SHOWN + 1, before=before)
        named = {(run.team_id, user_id) for run in found for user_id in (run.asked_by, run.cancelled_by) if user_id}
        askers = await seen.get_users(named)
        last = await seen.find_last_ended(viewer.team_id) if viewer and before is None else None
        letters = len(await seen.list_letters(MOST_LETTERS + 1)) if viewer and before is None else None
    now = window.clock()
    running = [run for run in found[:SHOWN] if run.state is RunState.RUNNING]
    # What this process reads right now is one workspace's; beside a second run nobody could tell which.
    walk = window.status().walk if len(running) == 1 else None
    ended = [run for run in found[:SHOWN] if run.state is not RunState.RUNNING]
    rows = [row_of(run, now, zone, houses=houses) for run in ended]
    if viewer is not None:
        rows = [told_whole(row, run, askers) for row, run in zip(rows, ended, strict=True)]
    done = request.query_params.get("done", "")
    values = frame(window, now, zone, houses, viewer, choices=window.chooser.of(request)) | {"here_runs": "page"}
    return window.templates.page(
        "runs.html",
        rows=rows,
        figures=figures_of(ended, letters, now, zone, has_more=len(found) > SHOWN) if before is None else (),
        now=[under_way(run, walk, now, zone, houses=houses, askers=askers if viewer else None) for run in running],
        held=held_of(last, now, zone) if window.actions and not running else None,
        is_whole=viewer is not None,
        may_ask=viewer is not None and window.actions is not None,
        polls=before is None and (bool(running) or done in BEGINS),
        done=DONE.get(done, ""),
        older=older_link(PATH, found[SHOWN - 1].run_id if len(found) > SHOWN else None),
        newest=PATH if before is not None else "",
        **values,
    )


async def resync(request: Request) -> Response:
    """Ask for a run; it is told on the page that follows, or here why there is none."""
    if (asked := _asking(request)) is None:
        return _back()
    viewer, actions = asked
    return _answer(request, await actions.resync(viewer.team_id, viewer.user_id))


async def confirm(request: Request) -> Response:
    """Ask for a run that may mark as many people as it finds, if the last one is held and its number was typed."""
    if (asked := _asking(request)) is None:
        return _back()
    viewer, actions = asked
    form = await read_form(request)
    async with looking(window_of(request).store, sight_of(request)) as seen:
        last = await seen.find_last_ended(viewer.team_id)
    if last is None or last.state is not RunState.HELD or last.run_id != number_in(form.get("run", "")):
        return _back("nothing-held")
    typed = form.get("number", "").strip().replace(",", "")
    if number_in(typed) != last.absent:
        return _back("number")
    outcome = await actions.confirm(viewer.team_id, viewer.user_id, run_id=last.run_id)
    return _answer(
        request, outcome, {"begun": "confirmed", "under-way": "confirm-later", "asked": "confirmation-asked"}
    )


def _asking(request: Request) -> tuple[Viewer, Actions] | None:
    """Tell who asks, and whom; None where nobody is there to do it."""
    viewer, actions = viewer_of(request), window_of(request).actions
    return (viewer, actions) if viewer is not None and actions is not None else None


def _answer(request: Request, outcome: Outcome, words: dict[str, str] | None = None) -> Response:
    if outcome.word == REFUSED:
        return notice(request, 409, "No resync was begun", outcome.words, back="Back to runs", back_to=PATH)
    return _back((words or {}).get(outcome.word, outcome.word))


def _back(done: str = "") -> Response:
    """Lead back to the page, so that a reload asks for nothing again."""
    return RedirectResponse(f"{PATH}?done={done}" if done else PATH, status_code=303)
