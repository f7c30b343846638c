"""The directory as everyone sees it, for admins: a cookie of the browser session that takes away, and never gives."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from db.visibility import Audience
from web.cookies import Cookie
from web.forms import read_form
from web.ports import Door
from web.viewer import Viewer, viewer_of
from web.window import window_of

FIELD = "as"
COOKIE = "usersync_view_as"


def as_asked(request: Request, viewer: Viewer, door: Door) -> Viewer:
    """See an admin as no more than a member, where their browser asks for that."""
    if viewer.is_admin and _cookie(door).read(request) == Audience.EVERYONE:
        return replace(viewer, is_admin=False, sees_as_everyone=True)
    return viewer


async def view_as(request: Request) -> Response:
    """Begin to look as everyone does, or end it; for whoever is no admin there is nothing to begin."""
    answer = RedirectResponse("/", status_code=303)
    if (doorkeeper := window_of(request).doorkeeper) is None:
        return answer
    door = doorkeeper.door
    wanted = (await read_form(request)).get(FIELD)
    viewer = viewer_of(request)
    if wanted == Audience.EVERYONE and viewer is not None and viewer.is_admin:
        _cookie(door).keep(answer, Audience.EVERYONE, None)
    elif wanted == Audience.ADMINS:
        _cookie(door).clear(answer)
    return answer


def _cookie(door: Door) -> Cookie:
    return Cookie(COOKIE, public_url=door.public_url)
