"""Nothing is changed but from a page of ours: browsers say in `Origin` where a form comes from, and no page can lie."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from web.address import Address
from web.admits import route_for
from web.api_errors import is_of_api
from web.notices import notice

_ONLY_READ = frozenset({"GET", "HEAD", "OPTIONS"})


class Origins:
    """Plain ASGI, before every route, so that no view can forget to ask. Host must have been looked at before."""

    def __init__(self, app: ASGIApp, *, address: Address) -> None:
        self._app = app
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _changes_something(scope):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        answer = self._app if self._is_ours(request) else _foreign(request)
        await answer(scope, receive, send)

    def _is_ours(self, request: Request) -> bool:
        """Judge `Origin`. None, `null` and two are foreign."""
        told = request.headers.getlist("origin")
        return len(told) == 1 and self._address.is_ours(told[0], request.headers.get("host", ""))


def _changes_something(scope: Scope) -> bool:
    """Say whether something may be changed. Programs have no origin; of the API, what can only be read says so."""
    if scope["method"] in _ONLY_READ:
        return False
    route = route_for(scope) if is_of_api(Request(scope)) else None
    return route is None or scope["method"] in (route.methods or ())


def _foreign(request: Request) -> Response:
    return notice(
        request,
        403,
        "This was not sent from a page of the directory",
        "Nothing was done, and a link is as good as before. Open it again, in a browser that tells where a form comes "
        "from.",
    )
