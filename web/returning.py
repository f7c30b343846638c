"""Where somebody wanted to go before they signed in: remembered by their browser, and never another site's address."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from web.cookies import Cookie
from web.for_people import is_for_people

LIFETIME = timedelta(minutes=15)
LONGEST = 1500
"""Characters: browsers keep cookies of some 4,000 bytes, and this one is written with escapes."""
_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""Printable ASCII without a backslash: browsers take one for a slash, and drop tabs and line breaks."""
_NO_PAGES = re.compile(r"/(signin|signout|live|api|static)([/?#]|\Z)")


class Returning:
    """Remembers one address in a cookie and leads there, once."""

    def __init__(self, public_url: str | None) -> None:
        self._cookie = Cookie("usersync_return", public_url=public_url)

    def remember(self, request: Request, answer: Response) -> None:
        """Let the browser keep the page that was asked for."""
        place = asked(request)
        if request.method == "GET" and is_for_people(request) and _is_a_page(request) and is_local(place):
            self._cookie.keep(answer, quote(place, safe=""), LIFETIME)

    def back(self, request: Request) -> RedirectResponse:
        """Lead to the page that was asked for, or to the people; then it is forgotten."""
        kept = self._cookie.read(request)
        place = unquote(kept)
        answer = RedirectResponse(place if is_local(place) else "/", status_code=303)
        if kept:
            self._cookie.clear(answer)
        return answer


def is_local(place: str) -> bool:
    """Say whether an address is that of a page here, whatever browsers make of it."""
    return len(place) <= LONGEST and bool(_LOCAL.fullmatch(place)) and not _NO_PAGES.match(place)


def asked(request: Request) -> str:
    """Return what a browser asked for, path and query as it wrote them; whether it is of ours, `is_local` says."""
    path = request.scope.get("raw_path", b"").split(b"?")[0].decode("latin-1")
    query = request.scope.get("query_string", b"").decode("latin-1")
    return f"{path}?{query}" if query else path


def _is_a_page(request: Request) -> bool:
    """Say whether somebody went there: browsers ask for pictures and scripts, too, and most of them tell which."""
    if (dest := request.headers.get("sec-fetch-dest")) is not None:
        return dest == "document"
    return "text/html" in request.headers.get("accept", "")  # over plain HTTP they tell no more than that
