"""Tags of answers: whoever has an answer already, made of the same as one made now, is told so, and nothing is made.

A tag covers whatever such an answer is made of: the process (and with it build and settings), the address, who asks and
what they may see, their cookies but for the session's, the workspaces with their place in the change log, and, for
pages, what the frame says of the service and the minute. It is weak (RFC 9110, section 8.8.1): a page tells seconds.
An answer that a moment ahead makes untrue by itself, as the end of a custom status does, bears that moment in its tag.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from db import asking
from db.records import Workspace
from web.bearers import token_of
from web.choices import asked_shape
from web.fresh import standing_of
from web.pieces import Printed, PrintedAnswer
from web.recall import Moment
from web.viewer import sight_of, viewer_of, zone_of_viewer
from web.window import Window, window_of

View = Callable[[Request], Awaitable[Response]]
KEPT_BY_BROWSERS = "private, no-cache"
"""They may keep it, and ask each time whether it still holds."""
VARIES = "Cookie, Authorization, HX-Request"
_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_UNTIL = re.compile(r"(?:-([0-9]{1,12}))?")
"""What may follow in a tag: until when its answer holds, in epoch seconds."""


def page(view: View) -> View:
    """Answer 304 to whoever has this page as it would be made now; count the people for its foot."""
    return _conditional(view, _page_parts)


def data(view: View) -> View:
    """Answer 304 to whoever has these data as they are now; they tell no time."""
    return _conditional(view, _data_parts)


def holds_until(request: Request, endings: Iterable[int]) -> None:
    """Note when an answer stops being true by itself: at the first of these moments, epoch seconds; 0 is none."""
    request.state.holds_until = min((each for each in endings if each), default=0)


def counted(view: View) -> View:
    """Count the people for the foot of a page that is made anew each time."""

    @wraps(view)
    async def answer(request: Request) -> Response:
        await _workspaces(request, is_page=True)
        return await view(request)

    return answer


def _conditional(view: View, parts_of: Callable[[Request], Awaitable[list[object]]]) -> View:
    @wraps(view)
    async def answer(request: Request) -> Response:
        # Before the view looks: what is committed in between makes the tag too old for its answer, never too new.
        made_of = _digest(await parts_of(request))
        if asked_shape(request):
            return await view(request)  # it lets the browser keep a choice, as a 304 would not
        headers: dict[str, str] = {}
        if may_be_kept(request):
            headers["Cache-Control"] = KEPT_BY_BROWSERS
        asked = request.headers.get("if-none-match", "")
        if tag := _held(asked, made_of, window_of(request).clock()):
            return _unchanged(headers | {"ETag": tag})
        made = _printed_before(request, made_of) or await view(request)
        if made.status_code != 200:
            return made
        if isinstance(made, PrintedAnswer):
            _moment(request).keep(made_of, made.printed)
        headers["ETag"] = _tag(made_of, getattr(request.state, "holds_until", 0))
        made.headers.add_vary_header(VARIES)
        made.headers.update(headers)
        return _unchanged(headers) if asked.strip() == "*" else made

    return answer


def _unchanged(headers: dict[str, str]) -> Response:
    """Say that it is what it was; it varies as the answer itself does (RFC 9110, 15.4.5)."""
    return Response(status_code=304, headers=headers | {"Vary": f"Accept-Encoding, {VARIES}"})


def _printed_before(request: Request, made_of: str) -> Response | None:
    """Answer with a page that was printed for just this tag; what tells seconds is written anew."""
    printed, now = _moment(request).find(made_of), window_of(request).clock()
    if not isinstance(printed, Printed) or not printed.holds(now):
        return None
    holds_until(request, printed.endings)
    return printed.answer(request, now)


def _moment(request: Request) -> Moment:
    window = window_of(request)
    return window.printed.at(workspaces_of(request), window.clock())


def workspaces_of(request: Request) -> tuple[Workspace, ...]:
    """Tell the workspaces that are seen, as they were when the tag of this answer was made."""
    told: tuple[Workspace, ...] = request.state.tagged_workspaces
    return told


def may_be_kept(request: Request) -> bool:
    """Say whether a browser may keep the answer: where nobody signs out here, or signing out empties its cache.

    Browsers do as `Clear-Site-Data` says over HTTPS alone, and of a sign-out at a proxy nobody tells us.
    """
    doorkeeper = window_of(request).doorkeeper
    if doorkeeper is None or token_of(request) is not None:
        return True
    return doorkeeper.door.proxy is None and doorkeeper.sessions.clears_caches


async def _page_parts(request: Request) -> list[object]:
    window, zone = window_of(request), zone_of_viewer(request)
    now = window.clock()
    workspaces = await _workspaces(request, is_page=True)
    status = window.status()
    told = standing_of(status, now, zone), status.letters, window.census.known(sight_of(request))
    return [*_common_parts(request, window, workspaces), told, f"{now:%Y-%m-%dT%H:%M}"]


async def _data_parts(request: Request) -> list[object]:
    return _common_parts(request, window_of(request), await _workspaces(request, is_page=False))


def _common_parts(request: Request, window: Window, workspaces: Sequence[Workspace]) -> list[object]:
    sight, token, doorkeeper = sight_of(request), token_of(request), window.doorkeeper
    session = doorkeeper.sessions.cookie_name if doorkeeper else ""  # renewed now and then: who it names is in the tag
    return [
        window.process_id,
        request.url.path,
        request.url.query,
        request.headers.get("hx-request"),
        viewer_of(request),
        token.token_id if token else None,
        sorted(sight.team_ids) if sight.team_ids is not None else None,
        sorted(sight.hidden),
        sight.sees_contact_of_gone,
        sorted((name, value) for name, value in request.cookies.items() if name != session),
        workspaces,
    ]


async def _workspaces(request: Request, *, is_page: bool) -> tuple[Workspace, ...]:
    workspaces = await _look_at_workspaces(request, is_page=is_page)
    request.state.tagged_workspaces = workspaces
    return workspaces


async def _look_at_workspaces(request: Request, *, is_page: bool) -> tuple[Workspace, ...]:
    window, sight = window_of(request), sight_of(request)
    at_door: tuple[Workspace, ...] | None = getattr(request.state, "workspaces", None)
    if at_door is None:
        async with asking(window.store, sight) as seen:
            workspaces = await seen.list_workspaces()
    else:
        workspaces = tuple(each for each in at_door if sight.sees_workspace(each.team_id))
    if not is_page or window.census.holds(sight, workspaces):
        return workspaces
    async with asking(window.store, sight) as seen:
        await window.census.renew(seen, workspaces)  # a count of a moment later is no worse
    return workspaces


def _digest(parts: list[object]) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _tag(made_of: str, until: int) -> str:
    return f'W/"{made_of}-{until}"' if until else f'W/"{made_of}"'


def _held(if_none_match: str, made_of: str, now: datetime) -> str:
    """Return the tag of a list that still holds, else nothing; weak and strong are the same here (section 13.1.2)."""
    for found in _TAG.findall(if_none_match):
        rest = _UNTIL.fullmatch(found.removeprefix(made_of)) if found.startswith(made_of) else None
        if rest and (rest[1] is None or now.timestamp() < int(rest[1])):
            return f'W/"{found}"'
    return ""
