"""What is known of the viewer without a sign-in: the time zone that their browser told us in a cookie."""

from __future__ import annotations

from urllib.parse import unquote
from zoneinfo import ZoneInfo

from starlette.requests import Request

from web.clocks import zone_of

ZONE_COOKIE = "tz"


def zone_of_viewer(request: Request) -> ZoneInfo | None:
    """Return the viewer's zone, or None where the cookie is absent or names no zone."""
    return zone_of(unquote(request.cookies.get(ZONE_COOKIE, "")))
