"""Somebody who opened the app's Home tab, read from the event. Pure and total.

Facts: docs.slack.dev, app_home_opened (it also comes for the messages tab).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.command.typed import text_of
from bot.entries import team_of
from bot.parse import is_user_id


@dataclass(frozen=True, slots=True)
class Viewer:
    """Before whom a Home is."""

    team_id: str
    user_id: str


def read_opened(payload: Mapping[str, Any]) -> Viewer | None:
    """Read the payload; None where it is another tab, or nobody's."""
    event = payload.get("event")
    if not isinstance(event, dict) or event.get("tab") != "home":
        return None
    user_id = text_of(event.get("user"))
    return Viewer(team_of(payload) or "", user_id) if is_user_id(user_id) else None
