"""What is known of the viewer: who is signed in, and in which time zone, as their browser or else Slack says."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from starlette.requests import Request

from db import Sight
from db.records import Kind, User
from web.clocks import zone_of
from web.faces import Face, face_of
from web.names import name_of

ZONE_COOKIE = "tz"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is signed in, as Slack says it at this request."""

    team_id: str
    user_id: str
    name: str
    is_admin: bool
    """True for admins and owners of the workspace, and for whom the operator named beside them."""
    sees_as_everyone: bool = False
    """True for an admin who looks at the directory as members do; `is_admin` is False meanwhile."""
    face: Face | None = field(default=None, compare=False)
    """How the bar draws them; it makes nobody another viewer."""
    zone: ZoneInfo | None = field(default=None, compare=False)
    """Where Slack has them, for a browser that says nothing of where it is."""


def viewer_from(user: User, *, admins: Container[tuple[str, str]] = ()) -> Viewer:
    """See a user as a viewer."""
    is_admin = user.kind is Kind.MEMBER and (user.leads or (user.team_id, user.id) in admins)
    return Viewer(user.team_id, user.id, name_of(user), is_admin, face=face_of(user), zone=zone_of(user.tz))


def viewer_of(request: Request) -> Viewer | None:
    """Return who is signed in; None where nobody is, or nobody needs to be: then nobody is an admin either."""
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    return viewer


def sight_of(request: Request) -> Sight:
    """Return what this request may see. Raises AttributeError where no guard stands before the view."""
    sight: Sight = request.state.sight
    return sight


def zone_of_viewer(request: Request) -> ZoneInfo | None:
    """Return the viewer's zone: their browser's, which travels with them, else the one that Slack has of them."""
    told = zone_of(unquote(request.cookies.get(ZONE_COOKIE, "")))
    viewer = viewer_of(request)
    return told or (viewer.zone if viewer else None)
