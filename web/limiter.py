"""Holds up whoever fails to sign in again and again; who succeeds is not counted, however many share an address."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.attempts import Attempts
from web.notices import notice

_CLIENT_ERRORS = range(400, 500)


class SigninLimit:
    """Plain ASGI, before the routes. `paths` are beginnings of paths below which every request is a try."""

    def __init__(self, app: ASGIApp, *, attempts: Attempts, paths: Sequence[str]) -> None:
        self._app = app
        self._attempts = attempts
        self._paths = tuple(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._is_try(scope):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if wait_s := self._attempts.wait_s(request):
            await too_many(request, wait_s)(scope, receive, send)
            return

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in _CLIENT_ERRORS:
                self._attempts.note_failure(request)
            await send(message)

        with self._attempts.under_way(request):
            await self._app(scope, receive, send_and_count)

    def _is_try(self, scope: Scope) -> bool:
        """Say whether a request is an attempt to come in; the bare page that says how is none."""
        path = scope["path"].rstrip("/") or "/"
        if path == "/signin":
            return scope["method"] not in ("GET", "HEAD") or "token" in parse_qs(
                scope["query_string"].decode("latin-1")
            )
        return path.startswith(self._paths)


def too_many(request: Request, wait_s: int) -> Response:
    """Ask for patience, in words."""
    answer = notice(
        request,
        429,
        "Too many attempts",
        "Too many attempts to come in have failed from this address, so the next ones are not looked at. Nothing was "
        f"done, and a link is as good as before. Try again in {wait_s} seconds.",
        back="Another way to sign in",
        back_to="/signin",
    )
    answer.headers["Retry-After"] = str(wait_s)
    return answer
