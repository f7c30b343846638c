"""Answers of which the room is loaded as the first of them is asked for: a start need not wait for it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response


async def users(request: Request) -> Response:
    """List users."""
    from web import api  # its models take longer to load than all other routes together

    return await api.users(request)


async def user(request: Request) -> Response:
    """Look at one user."""
    from web import api

    return await api.user(request)


async def changes(request: Request) -> Response:
    """Tell what changed."""
    from web import api

    return await api.changes(request)


async def openapi(request: Request) -> Response:
    """Describe the three."""
    from web import api

    return await api.openapi(request)
