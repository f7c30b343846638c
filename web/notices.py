"""Pages for those who are not in: a card in words, with nothing of the directory on it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from web.admits import Command
from web.api_errors import in_words
from web.doorkeeper import Refusal
from web.for_people import is_for_people
from web.viewer import zone_of_viewer
from web.ways_in import ways_in
from web.window import frame, window_of


def notice(
    request: Request,
    status_code: int,
    title: str,
    *words: str,
    commands: Sequence[Command] = (),
    how_to_come_in: bool = False,
    back: str = "",
    back_to: str = "/",
    is_seen_as_members: bool = False,
) -> Response:
    """Tell something in a few words: as a page to people, as plain text to programs."""
    if not is_for_people(request):
        told = [title, *words, *(f"{does}: {command}" for command, does in commands)]
        return in_words(request, status_code, ". ".join(told).replace("..", "."))
    window = window_of(request)
    door = window.doorkeeper.door if window.doorkeeper else None
    values = frame(window, window.clock(), zone_of_viewer(request), choices=window.chooser.of(request))
    return window.templates.page(
        "notice.html",
        status_code=status_code,
        heading=title,
        words=words,
        ways=ways_in(door, window.workspaces()) if door and how_to_come_in else None,
        commands=commands,
        back=back,
        back_to=back_to,
        is_seen_as_members=is_seen_as_members,
        **values,
    )


def refused(request: Request, refusal: Refusal) -> Response:
    """Tell somebody who is known why they may not look, and lead on to where they can be somebody else."""
    doorkeeper = window_of(request).doorkeeper
    if doorkeeper is not None and doorkeeper.door.proxy is not None:
        return notice(request, 403, refusal.title, refusal.words, back="Try again")
    return notice(request, 403, refusal.title, refusal.words, back="Another way to sign in", back_to="/signin")


def not_signed_in(request: Request) -> Response:
    """Ask somebody to sign in, or to come in by the proxy that does it for them."""
    doorkeeper = window_of(request).doorkeeper
    if doorkeeper is not None and doorkeeper.door.proxy is not None:
        return notice(
            request,
            401,
            "Come in through the proxy",
            "The proxy in front of this directory signs people in, and this request did not come through it with a "
            "name. Open the directory at the address that you were given; whoever runs it can tell you.",
        )
    return how_to_sign_in(request, 401, "You are not signed in.")


def how_to_sign_in(request: Request, status_code: int, *words: str) -> Response:
    """Tell the ways in."""
    doorkeeper = window_of(request).doorkeeper
    has_openid = doorkeeper is not None and doorkeeper.door.openid is not None
    title = "Sign in with Slack" if has_openid else "Sign in from Slack"
    return notice(request, status_code, title, *words, how_to_come_in=True)
