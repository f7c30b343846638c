"""The door of the Web API: arguments, faults, tokens, scopes and rate limits come before any method is asked."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from bot.simulator.calls import Ledger, read_args
from bot.simulator.faults import Fault, Faults
from bot.simulator.limits import RateLimits
from bot.simulator.messages import ApiError
from bot.simulator.methods import METHODS, Method
from bot.simulator.workspace import Workspace

Json = dict[str, Any]

OPENS_SOCKET = "apps.connections.open"
POSTS = "chat.postMessage"
NOT_HTTP_STATUS = 503
ERROR_PAGE = (
    "<!doctype html><html><head><title>Trouble</title></head><body><h1>Something broke on the way</h1></body></html>"
)


class Api:
    """Answers `/api/<method>` for all workspaces; the token says which one is meant. `apps`: app token to app id."""

    def __init__(
        self,
        *,
        find_workspace: Callable[[str], Workspace | None],
        apps: Mapping[str, str],
        open_socket: Callable[[str], str],
        faults: Faults,
        limits: RateLimits,
        ledger: Ledger,
    ) -> None:
        self._find_workspace = find_workspace
        self._apps = apps
        self._open_socket = open_socket
        self._faults = faults
        self._limits = limits
        self._ledger = ledger
        self._methods = {method.name: method for method in METHODS}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        args = await read_args(request)
        if name == OPENS_SOCKET:
            return await self._handle_open(request, args)
        workspace = self._find_workspace(_token(request, args))
        if workspace is None:
            return _refused("invalid_auth" if _token(request, args) else "not_authed")
        if workspace.is_uninstalled:
            return _refused("account_inactive")
        if workspace.is_revoked:
            self._ledger.record(name, args, team_id=workspace.team_id, outcome="token_revoked")
            return _refused("token_revoked")
        fault = self._faults.striking(name)
        response, outcome = await self._answered(name, args, workspace, fault)
        response.headers["X-OAuth-Scopes"] = ",".join(sorted(workspace.scopes))
        self._ledger.record(name, args, team_id=workspace.team_id, outcome=outcome)
        return await _sent(request, response, fault)

    async def _handle_open(self, request: web.Request, args: Json) -> web.StreamResponse:
        """`apps.connections.open` takes the app-level token, from the header alone, and by POST alone."""
        token = _header_token(request)
        app_id = self._apps.get(token)
        if app_id is None:
            return _refused("invalid_auth" if token else "not_authed")
        fault = self._faults.striking(OPENS_SOCKET)
        if request.method != "POST":
            response, outcome = _refused("insecure_request"), "insecure_request"
        elif fault and (failed := _failed(fault)):
            response, outcome = failed
        else:
            response, outcome = _json({"ok": True, "url": self._open_socket(app_id)}, fault), "ok"
        self._ledger.record(OPENS_SOCKET, args, team_id="", outcome=outcome)
        return await _sent(request, response, fault)

    async def _answered(
        self, name: str, args: Json, workspace: Workspace, fault: Fault | None
    ) -> tuple[web.Response, str]:
        if fault and (failed := _failed(fault)):
            return failed
        method = self._methods.get(name)
        if method is None:
            return _refused("unknown_method"), "unknown_method"
        seconds = self._limits.retry_after(workspace.team_id, name, method.tier)
        if seconds is None and name == POSTS:
            seconds = self._limits.retry_post_after(workspace.team_id, str(args.get("channel")))
        if seconds is not None:
            return _ratelimited(seconds), "ratelimited"
        try:
            answer = _asked(method, workspace, args)
        except ApiError as refusal:
            return _refused(refusal.error, **refusal.extra), refusal.error
        return _json({"ok": True, **answer}, fault), "ok"


async def spoiled(request: web.Request, fault: Fault) -> web.StreamResponse | None:
    """Answer as a fault says; None where it leaves the answer as it is, perhaps late."""
    failed = _failed(fault)
    response = await _sent(request, failed[0] if failed else web.Response(), fault)
    return response if failed else None


def _asked(method: Method, workspace: Workspace, args: Json) -> Json:
    if method.scope and method.scope not in workspace.scopes:
        provided = ",".join(sorted(workspace.scopes))
        raise ApiError("missing_scope", needed=method.scope, provided=provided)
    for needed in method.needs:
        if not args.get(needed):
            messages = [f"[ERROR] missing required field: {needed}"]
            raise ApiError("invalid_arguments", response_metadata={"messages": messages})
    return method.answer(workspace, args)


def _header_token(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _token(request: web.Request, args: Json) -> str:
    return _header_token(request) or str(args.get("token") or "")


def _failed(fault: Fault) -> tuple[web.Response, str] | None:
    """The answer of a fault that stands in place of the real one, and its name for the ledger."""
    if fault.ratelimited is not None:
        return _ratelimited(fault.ratelimited), "ratelimited"
    if fault.drop:
        return web.Response(), "dropped"
    if fault.html:
        status = fault.http_status or NOT_HTTP_STATUS
        return web.Response(text=ERROR_PAGE, content_type="text/html", status=status), f"http {status}"
    if fault.http_status is not None:
        error = fault.error or "internal_error"
        return web.json_response({"ok": False, "error": error}, status=fault.http_status), f"http {fault.http_status}"
    if fault.error is not None:
        return _refused(fault.error), fault.error
    return None


async def _sent(request: web.Request, response: web.Response, fault: Fault | None) -> web.Response:
    """Send late, or cut the line instead, if a fault says so."""
    if fault and fault.slow_seconds:
        await asyncio.sleep(fault.slow_seconds)
    if fault and fault.drop and request.transport is not None:
        request.transport.abort()
    return response


def _ratelimited(seconds: float) -> web.Response:
    body = {"ok": False, "error": "ratelimited"}
    return web.json_response(body, status=429, headers={"Retry-After": f"{seconds:g}"})


def _refused(error: str, **extra: object) -> web.Response:
    return web.json_response({"ok": False, "error": error, **extra})


def _json(answer: Json, fault: Fault | None) -> web.Response:
    if fault and fault.alter:
        answer = fault.alter(answer)
    text = json.dumps(answer)
    if fault and fault.truncated:
        text = text[: len(text) // 2]
    return web.Response(text=text, content_type="application/json")
