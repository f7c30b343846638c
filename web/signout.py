"""Signing out: of this browser, or everywhere; from then on a copy of the cookie is worth nothing."""

from __future__ import annotations

import logging
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from db.errors import RowRefused, StoreUnavailable
from db.sessions import EVERYWHERE
from web.doorkeeper import Doorkeeper
from web.forms import read_form
from web.notices import notice
from web.sessions import Session
from web.viewer import zone_of_viewer
from web.window import Window, frame, window_of

logger = logging.getLogger(__name__)

FIELD = "everywhere"


async def ask_to_leave(request: Request) -> Response:
    """Offer both ways to sign out."""
    window = window_of(request)
    if window.doorkeeper is None:
        return _to("/")
    if window.doorkeeper.door.proxy is not None:
        return _by_the_proxy(request)
    if window.doorkeeper.sessions.read(request) is None:
        return _to("/signin")
    values = frame(window, window.clock(), zone_of_viewer(request), choices=window.chooser.of(request))
    return window.templates.page("signout.html", **values)


async def leave(request: Request) -> Response:
    """End the session of this browser, or all of its user; open pages of theirs stop following."""
    window = window_of(request)
    if (doorkeeper := window.doorkeeper) is None:
        return _to("/")
    if doorkeeper.door.proxy is not None:
        return _by_the_proxy(request)
    is_everywhere = (await read_form(request)).get(FIELD) == "1"
    session = doorkeeper.sessions.read(request)
    gone: Response = _to("/signin")
    if session is not None:
        try:
            was_open = await _end(window, doorkeeper, session, is_everywhere=is_everywhere)
        except StoreUnavailable as error:
            was_open, gone = True, _ended_here_only(request, error, is_everywhere=is_everywhere)
        if was_open:
            window.live.dismiss((session.team_id, session.user_id))
    doorkeeper.sessions.end(gone)
    return gone


async def _end(window: Window, doorkeeper: Doorkeeper, session: Session, *, is_everywhere: bool) -> bool:
    """Write it down, if it was open. A copy of a session that has ended can end no other, and closes no page."""
    now, (team_id, user_id) = window.clock(), (session.team_id, session.user_id)
    forget_at = max(now + doorkeeper.sessions.lifetime, session.until)
    with suppress(RowRefused):  # another request ended the same at this moment
        async with window.store.transaction() as tx:
            if await tx.sessions.is_ended(team_id, user_id, session.session_id, begun_at=session.begun_at):
                return False
            which = EVERYWHERE if is_everywhere else session.session_id
            await tx.sessions.end(team_id, user_id, which, now=now, forget_at=forget_at)
    return True


def _ended_here_only(request: Request, error: StoreUnavailable, *, is_everywhere: bool) -> Response:
    logger.warning("the end of a session could not be written: %s", error)
    elsewhere = (
        "You stay signed in in other browsers: sign in again in a while, and then out everywhere."
        if is_everywhere
        else "If somebody has copied it, the copy still works: sign in again in a while, and then out everywhere."
    )
    return notice(request, 503, "You are signed out in this browser only", error.plain, elsewhere)


def _by_the_proxy(request: Request) -> Response:
    return notice(
        request,
        200,
        "The proxy signs you out",
        "The proxy in front of this directory has signed you in, so it is the one that can sign you out again.",
        back="To the directory",
    )


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)
