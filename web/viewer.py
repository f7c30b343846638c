"""What is known of the viewer: who is signed in, and the time zone that their browser told us in a cookie."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from starlette.requests import Request

from db.records import User
from web.clocks import zone_of
from web.names import name_of

ZONE_COOKIE = "tz"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is signed in, as Slack says it at this request."""

    team_id: str
    user_id: str
    name: str
    is_admin: bool
    """True for admins and owners of the workspace."""


def viewer_from(user: User) -> Viewer:
    """See a user as a viewer."""
    is_admin = bool(user.is_admin or user.is_owner or user.is_primary_owner)
    return Viewer(user.team_id, user.id, name_of(user), is_admin)


def viewer_of(request: Request) -> Viewer | None:
    """Return who is signed in; None where nobody is, or nobody needs to be: then nobody is an admin either."""
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    return viewer


def zone_of_viewer(request: Request) -> ZoneInfo | None:
    """Return the viewer's zone, or None where the cookie is absent or names no zone."""
    return zone_of(unquote(request.cookies.get(ZONE_COOKIE, "")))
