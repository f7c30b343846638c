"""What is answered before there is a directory to show: that the process lives, and what it waits for."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from web.address import Address
from web.api_errors import in_words, is_of_api
from web.assets import Assets
from web.headers import SecurityHeaders
from web.hosts import Hosts
from web.templating import Templates
from web.window import BARE_FRAME

AGAIN_S = 5
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_TITLE = "The directory is about to open"
_FRAME = BARE_FRAME | {"refresh_s": AGAIN_S}


class Waiting:
    """An application that says what is waited for, until it is given the directory; from then on it only passes on."""

    def __init__(self, *, version: str = "", address: Address | None = None) -> None:
        self._version = version
        self._address = address or Address()
        self._assets = Assets()
        self._templates = Templates(self._assets)
        self._app: ASGIApp = self._make()
        self.reason = "The memory is being opened."
        """Why the directory is not open yet; a sentence for everybody."""

    def open(self, app: ASGIApp) -> None:
        """Let the directory answer from now on."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def _make(self) -> Starlette:
        routes = [
            Route("/healthz", self._healthz),
            Route("/readyz", self._readyz),
            Route("/static/{digest}/{name}", self._assets.serve),
            Route("/{path:path}", self._anything, methods=METHODS),
        ]
        middleware = [
            Middleware(SecurityHeaders, image_sources=(), is_https=self._address.is_https),
            Middleware(Hosts, address=self._address, templates=self._templates),
        ]
        return Starlette(routes=routes, middleware=middleware)

    async def _healthz(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok", "version": self._version})

    async def _readyz(self, _request: Request) -> Response:
        return JSONResponse({"ready": False, "reasons": [self.reason]}, status_code=503)

    async def _anything(self, request: Request) -> Response:
        headers = {"Retry-After": str(AGAIN_S)}
        if is_of_api(request):
            return in_words(request, 503, f"{_TITLE}. {self.reason}", headers=headers)
        if "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse(f"{_TITLE}. {self.reason}\n", status_code=503, headers=headers)
        page = self._templates.page("waiting.html", status_code=503, heading=_TITLE, reason=self.reason, **_FRAME)
        page.headers.update(headers)
        return page
