"""The guard of every route: nobody passes unrecognised, and whoever passes is named to the views behind it."""

from __future__ import annotations

from contextlib import nullcontext

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db.api_tokens import PREFIX
from db.errors import StoreUnavailable
from db.records import TokenScope
from db.visibility import Policy
from web.admits import Admits, GuardedRoute, route_for
from web.api_errors import insufficient_scope, invalid_token, is_of_api, token_needed
from web.bearers import Bearers, bearer_text, token_of
from web.doorkeeper import Caller, Doorkeeper, Refusal
from web.errors import slack_silent, store_away
from web.for_people import is_for_people
from web.notices import not_signed_in, notice, refused
from web.ports import SlackSilent
from web.sessions import Session
from web.sights import sight_for
from web.view_as import as_asked

NOBODY_IS_ADMIN = (
    "This page is for admins",
    "The directory is open to everybody (USERSYNC_AUTH=none), so nobody here can be told to be one.",
)
SEEN_AS_MEMBERS_DO = (
    "This page is for admins",
    "You see the directory as members do, and they do not see this page. Go back to your own view to see it.",
)
FOR_ADMINS = (
    "This page is for admins",
    "Slack's admins and owners of your workspace can see it, and people whom the operator has named.",
)
BACK = "To the directory"


class Guard:
    """Plain ASGI: a stream must not pass through a middleware that buffers."""

    def __init__(self, app: ASGIApp, *, doorkeeper: Doorkeeper | None, bearers: Bearers, policy: Policy) -> None:
        """Without a doorkeeper the directory is open: everybody is a viewer of every workspace, and nobody an admin."""
        self._app = app
        self._doorkeeper = doorkeeper
        self._bearers = bearers
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = route_for(scope) if scope["type"] == "http" else None
        if scope["type"] != "http" or (route is not None and route.admits is Admits.ANYBODY):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if _takes_tokens(request, route) and self._shows_token(request):
            refusal = await self._admit_program(request, route.scope if route else None)
        else:
            refusal = await self._admit(request, route)
            send = send if refusal else self._renewing(request, send)
        if refusal:
            await refusal(scope, receive, send)
            return
        token = token_of(request)
        async with self._bearers.noting(token) if token else nullcontext():
            await self._app(scope, receive, send)

    def _shows_token(self, request: Request) -> bool:
        """Say whether a token is there to be judged; a proxy that signs people in may send along one of its own."""
        text = bearer_text(request)
        is_proxied = self._doorkeeper is not None and self._doorkeeper.door.proxy is not None
        return text is not None and (not is_proxied or text.startswith(PREFIX))

    async def _admit_program(self, request: Request, wanted: TokenScope | None) -> Response | None:
        """Judge a request by its token alone, whoever else it says it comes from; or answer in words why not."""
        try:
            token = await self._bearers.recognise(request)
        except StoreUnavailable as error:
            return await store_away(request, error)
        if token is None:
            return invalid_token(request)
        if wanted is not None and wanted not in token.scopes:
            return insufficient_scope(request, wanted)
        request.state.token = token
        request.state.sight = sight_for(self._policy, token)
        return None

    async def _admit(self, request: Request, route: GuardedRoute | None) -> Response | None:
        """Let the views behind know whom they serve, and what these may see; or answer in words why not."""
        admits = route.admits if route else Admits.VIEWERS  # what does not exist is told to viewers alone
        if self._doorkeeper is None:
            request.state.sight = sight_for(self._policy, None)
            if admits is not Admits.ADMINS:
                return None
            return notice(request, 403, *NOBODY_IS_ADMIN, commands=route.instead if route else (), back=BACK)
        judged = await self._judged(request, self._doorkeeper)
        if not isinstance(judged, Caller):
            return judged
        viewer = as_asked(request, judged.viewer, self._doorkeeper.door)
        if admits is not Admits.VIEWERS and not viewer.is_admin:
            if viewer.sees_as_everyone:
                return notice(request, 403, *SEEN_AS_MEMBERS_DO, back=BACK, is_seen_as_members=True)
            return notice(request, 403, *FOR_ADMINS, back=BACK)
        request.state.viewer = viewer
        request.state.sight = sight_for(self._policy, viewer)
        request.state.session, request.state.workspaces = judged.session, judged.workspaces
        return None

    async def _judged(self, request: Request, doorkeeper: Doorkeeper) -> Caller | Response:
        """Name who calls, or answer in words why nobody may look."""
        try:
            caller = await doorkeeper.recognise(request)
        except StoreUnavailable as error:
            return await store_away(request, error)
        except SlackSilent as error:
            return await slack_silent(request, error)
        if caller is None and is_of_api(request):
            return token_needed(request)
        if caller is None:
            answer = not_signed_in(request)
            doorkeeper.returning.remember(request, answer)
            return answer
        if isinstance(caller, Refusal):
            answer = refused(request, caller)
            if is_for_people(request):  # a stream's end is silent: the page that follows has to know whom it refuses
                doorkeeper.sessions.end(answer)
            return answer
        return caller

    def _renewing(self, request: Request, send: Send) -> Send:
        """Let the browser of somebody who reads a page keep its session for longer; a stream renews nothing."""
        session: Session | None = getattr(request.state, "session", None)
        if self._doorkeeper is None or session is None or not is_for_people(request):
            return send
        sessions = self._doorkeeper.sessions
        if not sessions.is_to_be_renewed(session):
            return send
        fresh = Response()
        sessions.renew(fresh, session)

        async def send_renewed(message: Message) -> None:
            if message["type"] == "http.response.start":
                for cookie in fresh.headers.getlist("set-cookie"):
                    MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        return send_renewed


def _takes_tokens(request: Request, route: GuardedRoute | None) -> bool:
    """Say whether a token is looked at: where a route asks for one, and below /api, to tell what does not exist."""
    return route.scope is not None if route else is_of_api(request)
