"""How somebody who is not signed in comes in: what the page offers, in the order of ease."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from db.records import Workspace
from web.ports import Door


@dataclass(frozen=True, slots=True)
class WaysIn:
    """The links of a page that asks somebody to sign in."""

    slack_address: str
    """Opens Slack's own app, on our Home tab where it is known whose that is."""
    command: str
    """What an operator types to run us."""
    has_openid: bool = False


def ways_in(door: Door, workspaces: Sequence[Workspace]) -> WaysIn | None:
    """Tell the ways in; None where a proxy in front signs people in, and nobody else does."""
    if door.proxy is not None:
        return None
    return WaysIn(slack_address(workspaces), door.command, has_openid=door.openid is not None)


def slack_address(workspaces: Sequence[Workspace]) -> str:
    """Make the deep link (docs.slack.dev, Deep linking)."""
    if len(workspaces) != 1 or not workspaces[0].app_id:
        return "slack://open"
    home = {"team": workspaces[0].team_id, "id": workspaces[0].app_id, "tab": "home"}
    return f"slack://app?{urlencode(home)}"
