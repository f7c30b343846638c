"""Signing in by a link, which only asks "Sign in as Ada?"; the answer, sent by our own page, spends it. Once."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from db.errors import StoreUnavailable
from db.records import Signin
from web.doorkeeper import Caller, Doorkeeper, Refusal
from web.faces import face_of
from web.forms import read_form
from web.limiter import note_tried_in_vain
from web.names import first_name_of, name_of, plain
from web.notices import how_to_sign_in, notice, refused
from web.viewer import zone_of_viewer
from web.window import brand, frame, window_of
from web.words import clock, counted, when

logger = logging.getLogger(__name__)

FIELD = "token"


async def ask(request: Request) -> Response:
    """Show what a link would do, and do nothing; without a link, say how to get one."""
    window = window_of(request)
    doorkeeper = window.doorkeeper
    if doorkeeper is None or doorkeeper.door.proxy is not None:
        return nothing_to_sign_in(request, doorkeeper) or _to("/")
    if not (token := request.query_params.get(FIELD, "")):
        return how_to_sign_in(request, 200)
    found = await _bearer(request, token, doorkeeper)
    return found if isinstance(found, Response) else _question(request, token, *found, doorkeeper)


async def answer(request: Request) -> Response:
    """Spend the link and begin a session. Whoever may not look is told so before anything is spent."""
    window = window_of(request)
    doorkeeper = window.doorkeeper
    if doorkeeper is None or doorkeeper.door.proxy is not None:
        return nothing_to_sign_in(request, doorkeeper) or _to("/")
    token = (await read_form(request)).get(FIELD, "")
    found = await _bearer(request, token, doorkeeper)
    if isinstance(found, Response):
        return found
    try:
        async with window.store.transaction() as tx:
            is_spent_by_us = await tx.signins.spend(token, now=window.clock())
    except StoreUnavailable as error:
        return _not_written(request, error)
    return _signed_in(request, doorkeeper, found[0]) if is_spent_by_us else _spent(request)


async def _bearer(request: Request, token: str, doorkeeper: Doorkeeper) -> tuple[Signin, Caller] | Response:
    """Find whom a link is for; an answer in words where it is nobody's, or not of somebody who may look."""
    window = window_of(request)
    async with window.store.reading() as rx:
        signin = await rx.signins.find(token, now=window.clock())
    if signin is None:
        return _spent(request)
    caller = await doorkeeper.call(signin.team_id, signin.user_id)
    if isinstance(caller, Refusal):
        return refused(request, caller)
    return signin, caller


def _question(request: Request, token: str, signin: Signin, caller: Caller, doorkeeper: Doorkeeper) -> Response:
    window, zone = window_of(request), zone_of_viewer(request)
    now, user = window.clock(), caller.user
    values = frame(window, now, zone, choices=window.chooser.of(request)) | {
        "brand": brand(window.name_of_page, [caller.workspace]),
        "token": token,
        "first_name": plain(first_name_of(user)),
        "whole_name": plain(name_of(user)),
        "face": face_of(user),
        "handle": (user.name or "").strip(),
        "house": caller.workspace.name or caller.workspace.domain or caller.workspace.team_id,
        "made": when(signin.made_at, now, zone),
        "ends": when(signin.expires_at, now, zone),
        "ends_at": clock(signin.expires_at, zone),
        "lasts": counted(doorkeeper.door.session_lifetime.days, "day"),
    }
    return window.templates.page("signin.html", **values)


def _signed_in(request: Request, doorkeeper: Doorkeeper, signin: Signin) -> Response:
    inside = doorkeeper.returning.back(request)
    doorkeeper.sessions.begin(inside, signin.team_id, signin.user_id)
    return inside


def nothing_to_sign_in(request: Request, doorkeeper: Doorkeeper | None) -> Response | None:
    """Answer where nobody signs in here: the directory is open, or a proxy in front does it; None elsewhere."""
    if doorkeeper is None:
        return _to("/")
    if doorkeeper.door.proxy is None:
        return None
    return notice(
        request,
        200,
        "The proxy signs you in",
        "The proxy in front of this directory signs people in, so there are no links to do it with.",
        back="To the directory",
    )


def _spent(request: Request) -> Response:
    note_tried_in_vain(request)
    return notice(
        request,
        410,
        "This link no longer works",
        "A link signs somebody in once, within ten minutes. This one was used, is older than that, or was cut.",
        how_to_come_in=True,
        back="Signed in already? To the directory",
    )


def _not_written(request: Request, error: StoreUnavailable) -> Response:
    """Say why a link that is good signs nobody in: spending it has to be written down."""
    logger.warning("nobody could be signed in: %s", error)
    answer = notice(
        request,
        503,
        "You could not be signed in",
        error.plain,
        "The link works until it is ten minutes old: open it again in a minute, or get a new one later. Whoever runs "
        "usersync finds the reason in its log.",
    )
    answer.headers["Retry-After"] = "5"
    return answer


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)
