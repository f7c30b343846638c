"""The guard of every route: nobody passes unrecognised, and whoever passes is named to the views behind it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db.errors import StoreUnavailable
from db.sight import sight_of
from db.visibility import Audience, Policy
from web.admits import Admits, route_for
from web.doorkeeper import Doorkeeper, Refusal
from web.errors import slack_silent, store_away
from web.for_people import is_for_people
from web.notices import not_signed_in, notice
from web.ports import SlackSilent
from web.viewer import Viewer

NOBODY_IS_ADMIN = (
    "This page is for admins",
    "The directory is open to everybody (USERSYNC_AUTH=none), so nobody here can be told to be one.",
)
FOR_ADMINS = ("This page is for admins", "Slack's admins and owners of your workspace can see it.")


class Guard:
    """Plain ASGI: a stream must not pass through a middleware that buffers."""

    def __init__(self, app: ASGIApp, *, doorkeeper: Doorkeeper | None, policy: Policy) -> None:
        """Without a doorkeeper the directory is open: everybody is a viewer of every workspace, and nobody an admin."""
        self._app = app
        self._doorkeeper = doorkeeper
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = route_for(scope) if scope["type"] == "http" else None
        if scope["type"] != "http" or (route is not None and route.admits is Admits.ANYBODY):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        admits = route.admits if route else Admits.VIEWERS  # what does not exist is told to viewers alone
        if refusal := await self._admit(request, admits):
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, self._renewing(request, send))

    async def _admit(self, request: Request, admits: Admits) -> Response | None:
        """Let the views behind know whom they serve, and what these may see; or answer in words why not."""
        if self._doorkeeper is None:
            request.state.sight = sight_of(self._policy, Audience.EVERYONE, None)
            return None if admits is Admits.VIEWERS else notice(request, 403, *NOBODY_IS_ADMIN)
        judged = await self._judged(request, self._doorkeeper)
        if not isinstance(judged, Viewer):
            return judged
        if admits is Admits.ADMINS and not judged.is_admin:
            return notice(request, 403, *FOR_ADMINS)
        request.state.viewer = judged
        audience = Audience.ADMINS if judged.is_admin else Audience.EVERYONE
        request.state.sight = sight_of(self._policy, audience, frozenset({judged.team_id}))
        return None

    async def _judged(self, request: Request, doorkeeper: Doorkeeper) -> Viewer | Response:
        """Name the viewer, or answer in words why there is none."""
        try:
            caller = await doorkeeper.recognise(request)
        except StoreUnavailable as error:
            return await store_away(request, error)
        except SlackSilent as error:
            return await slack_silent(request, error)
        if caller is None:
            answer = not_signed_in(request)
            doorkeeper.returning.remember(request, answer)
            return answer
        if isinstance(caller, Refusal):
            answer = notice(request, 403, caller.title, caller.words)
            if is_for_people(request):  # a stream's end is silent: the page that follows has to know whom it refuses
                doorkeeper.sessions.end(answer)
            return answer
        return caller.viewer

    def _renewing(self, request: Request, send: Send) -> Send:
        """Let the browser of somebody who reads a page keep its session for longer; a stream renews nothing."""
        session = self._doorkeeper.sessions.read(request) if self._doorkeeper and is_for_people(request) else None
        if self._doorkeeper is None or session is None or self._doorkeeper.door.proxy is not None:
            return send
        fresh = Response()
        self._doorkeeper.sessions.renew(fresh, session)

        async def send_renewed(message: Message) -> None:
            if message["type"] == "http.response.start":
                for cookie in fresh.headers.getlist("set-cookie"):
                    MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        return send_renewed
