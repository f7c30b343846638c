"""Whom each route admits: said beside the route itself, so that none can be without an audience."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from db.records import TokenScope

Endpoint = Callable[[Request], Awaitable[Response]]
Command = tuple[str, str]
"""What to type on the machine where we run, and what it does."""


class Admits(StrEnum):
    """Who may call a route."""

    ANYBODY = "anybody"
    VIEWERS = "viewers"
    ADMINS = "admins"
    ADMINS_OR_OPEN = "admins or open"
    """Admins; everybody where the directory is open and nobody can be told to be one."""


class GuardedRoute(Route):
    """A route and whom it admits. `scope` lets programs in as well, by a token that bears it.

    `instead` are the commands that serve where a route for admins has none, since the directory is open.
    """

    def __init__(
        self,
        path: str,
        endpoint: Endpoint,
        *,
        admits: Admits,
        scope: TokenScope | None = None,
        methods: Sequence[str] | None = None,
        instead: Sequence[Command] = (),
    ) -> None:
        super().__init__(path, endpoint, methods=methods)
        self.admits = admits
        self.scope = scope
        self.instead = tuple(instead)


def route_for(scope: Scope) -> GuardedRoute | None:
    """Find the route that a request is for; one whose method does not fit is told as such. None where nothing fits."""
    best: GuardedRoute | None = None
    for route in scope["app"].routes:
        match = route.matches(scope)[0] if isinstance(route, GuardedRoute) else Match.NONE
        if match is Match.FULL:
            return route  # type: ignore[no-any-return]
        if match is Match.PARTIAL and best is None:
            best = route
    return best
