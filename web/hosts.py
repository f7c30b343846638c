"""Answers under our own names alone, so that no foreign page can point a name of its own at us and read along."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from web.address import Address
from web.api_errors import in_words
from web.for_people import is_for_people
from web.returning import asked, is_local
from web.templating import Templates
from web.window import BARE_FRAME

_ASKED_BY_MACHINES = ("/healthz", "/readyz", "/metrics")
"""Whatever watches us may call us by any name; the answers name nobody."""
_STYLES = "/static/"
"""The page that names the right address is drawn with them."""
_TITLE = "The directory has another address"


class Hosts:
    """Plain ASGI: a stream must not pass through a middleware that buffers."""

    def __init__(self, app: ASGIApp, *, address: Address, templates: Templates) -> None:
        self._app = app
        self._address = address
        self._templates = templates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_ours(scope):
            await self._app(scope, receive, send)
        else:
            await self._refusal(Request(scope))(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        path = scope["path"]
        if path in _ASKED_BY_MACHINES or path.startswith(_STYLES):
            return True
        told = [value for name, value in scope["headers"] if name == b"host"]
        return len(told) == 1 and self._address.accepts(told[0].decode("latin-1"))

    def _refusal(self, request: Request) -> Response:
        place = asked(request)
        # Below /signin a query holds what signs somebody in, and a page in words never repeats that.
        url = f"{self._address.url}{place if is_local(place) else '/'}"
        if not is_for_people(request):
            return in_words(request, 400, f"{_TITLE}: {url}")
        return self._templates.page(
            "elsewhere.html", status_code=400, heading=_TITLE, address=self._address.url, url=url, **BARE_FRAME
        )
