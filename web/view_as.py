"""The directory as everyone sees it, for admins: a cookie of the browser session that takes away, and never gives."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from db.visibility import Audience
from web.forms import read_form
from web.ports import Door
from web.viewer import Viewer, viewer_of
from web.window import window_of

FIELD = "as"
COOKIE = "usersync_view_as"


def as_asked(request: Request, viewer: Viewer, door: Door) -> Viewer:
    """See an admin as no more than a member, where their browser asks for that."""
    if viewer.is_admin and request.cookies.get(_cookie(door)) == Audience.EVERYONE:
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
        _set(answer, door, Audience.EVERYONE, max_age_s=None)
    elif wanted == Audience.ADMINS:
        _set(answer, door, "", max_age_s=0)
    return answer


def _set(answer: Response, door: Door, value: str, *, max_age_s: int | None) -> None:
    """Without an age the browser forgets it at its end."""
    answer.set_cookie(
        _cookie(door), value, max_age=max_age_s, path="/", secure=_is_secure(door), httponly=True, samesite="lax"
    )


def _cookie(door: Door) -> str:
    return f"__Host-{COOKIE}" if _is_secure(door) else COOKIE


def _is_secure(door: Door) -> bool:
    return (door.public_url or "").lower().startswith("https:")
