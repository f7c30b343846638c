"""The guard of every route: nobody passes unrecognised, and whoever passes is named to the views behind it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db.errors import StoreUnavailable
from web.doorkeeper import Doorkeeper, Refusal
from web.errors import slack_silent, store_away
from web.notices import is_for_people, notice
from web.ports import SlackSilent
from web.viewer import Viewer

OPEN_PATHS = frozenset({"/healthz", "/readyz", "/metrics", "/signin", "/signout"})
OPEN_FOLDER = "/static/"


class Guard:
    """Plain ASGI: a stream must not pass through a middleware that buffers."""

    def __init__(self, app: ASGIApp, *, doorkeeper: Doorkeeper) -> None:
        self._app = app
        self._doorkeeper = doorkeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or scope["path"].startswith(OPEN_FOLDER):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        answer = await self._judged(request)
        if isinstance(answer, Viewer):
            request.state.viewer = answer
            await self._app(scope, receive, _telling_ourselves(send))
        else:
            await answer(scope, receive, send)

    async def _judged(self, request: Request) -> Viewer | Response:
        """Name the viewer, or answer in words why there is none."""
        try:
            caller = await self._doorkeeper.recognise(request)
        except StoreUnavailable as error:
            return await store_away(request, error)
        except SlackSilent as error:
            return await slack_silent(request, error)
        if caller is None:
            return notice(request, 401, "Sign in from Slack", "You are not signed in.", how_to_come_in=True)
        if isinstance(caller, Refusal):
            answer = notice(request, 403, caller.title, caller.words)
            if is_for_people(request):  # a stream's end is silent: the page that follows has to know whom it refuses
                self._doorkeeper.sessions.end(answer)
            return answer
        return caller.viewer


def _telling_ourselves(send: Send) -> Send:
    """Let our own pages be named to ourselves: without it a browser sends the form that signs out as from nowhere."""

    async def send_with_policy(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).setdefault("Referrer-Policy", "same-origin")
        await send(message)

    return send_with_policy
