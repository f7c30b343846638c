"""Pages for those who are not in: a card in words, with nothing of the directory on it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from web.api_errors import in_words
from web.viewer import zone_of_viewer
from web.window import frame, window_of

_NEVER_READ_BY_PEOPLE = ("/live", "/api/", "/export", "/metrics")


def notice(
    request: Request,
    status_code: int,
    title: str,
    *words: str,
    how_to_come_in: bool = False,
    back: str = "",
) -> Response:
    """Tell something in a few words: as a page to people, as plain text to programs."""
    if not is_for_people(request):
        return in_words(request, status_code, ". ".join([title, *words]).replace("..", "."))
    window = window_of(request)
    door = window.doorkeeper.door if window.doorkeeper else None
    values = frame(window, window.clock(), zone_of_viewer(request))
    return window.templates.page(
        "notice.html",
        status_code=status_code,
        heading=title,
        words=words,
        how_to_come_in=how_to_come_in,
        command=door.command if door else "",
        back=back,
        **values,
    )


def is_for_people(request: Request) -> bool:
    """Say whether the answer is a page that somebody reads, as far as the request tells; a part of one is not."""
    if "hx-request" in request.headers:
        return False
    accept = request.headers.get("accept", "*/*")
    return not request.url.path.startswith(_NEVER_READ_BY_PEOPLE) and ("text/html" in accept or "*/*" in accept)
