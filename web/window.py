"""What every view needs, handed in once by the root; and the frame that every page stands in."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request

from db import Store
from db.filters import CustomField
from db.records import Workspace
from db.visibility import Policy
from web.bearers import Bearers
from web.census import Census
from web.choices import Choices, Chooser, Theme
from web.doorkeeper import Doorkeeper
from web.fresh import dot_of, foot_of, freshness_of, notes_of
from web.live import Live
from web.pictures import Pictures
from web.ports import Actions, Clock, StatusReader, WorkspacesReader
from web.recall import Recall
from web.rows import profile_link
from web.sights import sight_for
from web.templating import Templates
from web.viewer import Viewer
from web.words import counted

NAMELESS = "usersync"
MOST_PRINTED = 128
"""Pages kept at once; each is some tens of kB beside the parts that it shares with others."""
THEMES = {Theme.SYSTEM: "System", Theme.LIGHT: "Light", Theme.DARK: "Dark"}
BARE_FRAME: dict[str, Any] = {
    "brand": NAMELESS, "ribbon": "", "notes": (), "stream": "", "refresh_s": 0, "is_inside": False,
    "choices": Choices(),
}  # fmt: skip
"""All that a page stands in before anything is known of the directory and of who asks."""
DEMO_RIBBON = "A demonstration: these people are invented, and so is their Slack. It is open to whoever reaches it."
OPEN_RIBBON = (
    "This directory is open: whoever reaches this address can read it. Whoever runs it can ask for a sign-in instead."
)


@dataclass(frozen=True, slots=True)
class Window:
    """The parts that the views share."""

    store: Store
    clock: Clock
    status: StatusReader
    templates: Templates
    pictures: Pictures
    """Those that may be shown, and given away."""
    live: Live
    name_of_page: str | None
    is_demo: bool
    version: str
    bearers: Bearers
    policy: Policy
    chooser: Chooser
    workspaces: WorkspacesReader
    """As they are remembered, for pages that must not ask the database."""
    census: Census
    found: Recall = field(default_factory=Recall)
    """What was found and counted; it tells no time but the day."""
    laid_out: Recall = field(default_factory=Recall)
    """The parts of pages that many share."""
    printed: Recall = field(default_factory=lambda: Recall(MOST_PRINTED))
    """Whole pages by their tags, which name for whom they are."""
    custom_fields: tuple[CustomField, ...] = ()
    """Those that the operator marked, in the order of the setting."""
    actions: Actions | None = None
    """What admins may have done; None where nobody is there to do it, and no button is shown."""
    doorkeeper: Doorkeeper | None = None
    """None where the directory is open to whoever reaches it."""
    process_id: str = field(default_factory=lambda: secrets.token_hex(8))
    """Of another process build and settings may be others."""


def window_of(request: Request) -> Window:
    """Return what the root handed in."""
    window: Window = request.app.state.window
    return window


def frame(
    window: Window,
    now: datetime,
    zone: ZoneInfo | None,
    workspaces: Sequence[Workspace] = (),
    viewer: Viewer | None = None,
    *,
    choices: Choices = Choices(),  # noqa: B008 - frozen: nothing can be left in it
) -> dict[str, Any]:
    """Compute what the frame of a page prints: the brand, the viewer, the dot, freshness, notes and ribbon.

    `choices` are those of the browser that asks (`window.chooser.of(request)`); a page without them is in the colours
    of the system.

    Where there is a door and nobody came in by it, the frame tells nothing of the directory and the service.
    """
    status, people = window.status(), window.census.known(sight_for(window.policy, viewer))
    is_inside = viewer is not None or window.doorkeeper is None
    return {
        "brand": brand(window.name_of_page, workspaces) if is_inside else NAMELESS,
        "viewer": viewer,
        "viewer_href": profile_link(viewer.team_id, viewer.user_id) if viewer else "",
        "choices": choices,
        "themes": THEMES,
        "is_open": window.doorkeeper is None,
        "is_inside": is_inside,
        "can_sign_out": window.doorkeeper is not None and window.doorkeeper.door.proxy is None,
        "dot": dot_of(status, now, zone),
        "fresh": freshness_of(status, now, zone),
        "foot_spot": "",
        "foot": foot_of(status, now, zone, people) if is_inside else None,
        "notes": notes_of(status, now, zone) if is_inside else (),
        "is_invented": window.is_demo or status.demo,
        "ribbon": _ribbon(is_demo=window.is_demo or status.demo, is_open=window.doorkeeper is None),
        "stream": "",
        "refresh_s": 0,
        "is_live": False,
        "here": "",
        "here_new": "",
        "here_runs": "",
        "here_letters": "",
    }


def _ribbon(*, is_demo: bool, is_open: bool) -> str:
    """Say what somebody at the page would otherwise not know of it."""
    if is_demo:
        return DEMO_RIBBON
    return OPEN_RIBBON if is_open else ""


def brand(name_of_page: str | None, workspaces: Sequence[Workspace]) -> str:
    """Name the page: as the operator says, else by its only workspace."""
    if name_of_page:
        return name_of_page
    if len(workspaces) == 1:
        return workspaces[0].name or workspaces[0].domain or NAMELESS
    return counted(len(workspaces), "workspace") if workspaces else NAMELESS
