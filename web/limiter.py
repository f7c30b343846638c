"""Holds up whoever tries secrets that are none; nothing else is counted, however many share an address."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.attempts import Attempts
from web.notices import notice

CALLBACK = "/signin/slack/callback"
_TRIED_IN_VAIN = "tried_in_vain"


def note_tried_in_vain(request: Request) -> None:
    """Say of a request that it brought a secret that is none: the view alone knows."""
    setattr(request.state, _TRIED_IN_VAIN, True)


class SigninLimit:
    """Plain ASGI, before the routes."""

    def __init__(self, app: ASGIApp, *, attempts: Attempts) -> None:
        self._app = app
        self._attempts = attempts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._is_try(scope):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if request.headers.get("sec-fetch-dest", "document") != "document":
            # A picture on some page must not count for whoever looks at it, nor be a way to try without being counted.
            await _nobody_went_there(request)(scope, receive, send)
            return
        if wait_s := self._attempts.wait_s(request):
            await too_many(request, wait_s)(scope, receive, send)
            return

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start" and getattr(request.state, _TRIED_IN_VAIN, False):
                self._attempts.note_failure(request)
            await send(message)

        with self._attempts.under_way(request):
            await self._app(scope, receive, send_and_count)

    def _is_try(self, scope: Scope) -> bool:
        """Say whether a request may bring a secret; the bare page that says how to come in brings none."""
        path = scope["path"].rstrip("/") or "/"
        if path == "/signin":
            return scope["method"] not in ("GET", "HEAD") or "token" in parse_qs(
                scope["query_string"].decode("latin-1")
            )
        return bool(path == CALLBACK)


def _nobody_went_there(request: Request) -> Response:
    return notice(
        request,
        403,
        "This is a page of its own",
        "Nobody is signed in by what another page shows. Nothing was done, and a link is as good as before: open it in "
        "a window of its own.",
    )


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
