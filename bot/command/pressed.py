"""What somebody pressed: who and where, the deed it stands for, and the address that takes the answer. Pure and total.

Facts: docs.slack.dev, block_actions payload.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.command.typed import text_of

MOST_DIGITS = 18


class Deed(StrEnum):
    """What a button or a box of ours does; the value is its `action_id`."""

    CANCEL_RUN = "cancel_run"
    REPLAY = "replay_letter"
    REPLAY_ALIKE = "replay_alike"
    DROP = "drop_letter"
    SEARCH = "search_home"
    REFRESH = "refresh_home"
    OPEN = "open_in_modal"
    RESYNC = "resync"
    CONFIRM = "confirm_run"
    SHOW_LETTERS = "show_letters"


ON_HOME_ALONE = frozenset({Deed.SEARCH, Deed.REFRESH, Deed.OPEN, Deed.RESYNC, Deed.CONFIRM, Deed.SHOW_LETTERS})
"""What no message offers."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """One press."""

    team_id: str
    user_id: str
    deed: Deed | None
    """None for a button of which nobody knows anything."""
    value: str
    response_url: str = field(repr=False)
    """A secret: whoever has it may change the message. A view has none."""
    trigger_id: str = field(default="", repr=False)
    """With which a modal can be opened for three seconds."""
    is_on_home: bool = False

    @property
    def number(self) -> int:
        """The number that the button holds; 0 for none, which nothing has."""
        is_number = self.value.isascii() and self.value.isdigit() and len(self.value) <= MOST_DIGITS
        return int(self.value) if is_number else 0


def read_pressed(payload: Mapping[str, Any]) -> Pressed:
    """Read the payload of a press; what is not there reads as empty."""
    user, team = _object(payload.get("user")), _object(payload.get("team"))
    actions = payload.get("actions")
    action = _object(actions[0]) if isinstance(actions, list) and actions else {}
    action_id = text_of(action.get("action_id"))
    return Pressed(
        team_id=text_of(team.get("id")) or text_of(user.get("team_id")),
        user_id=text_of(user.get("id")),
        deed=Deed(action_id) if action_id in frozenset(Deed) else None,
        value=text_of(action.get("value")),
        response_url=text_of(payload.get("response_url")),
        trigger_id=text_of(payload.get("trigger_id")),
        is_on_home=_object(payload.get("container")).get("type") == "view"
        and _object(payload.get("view")).get("type") == "home",
    )


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
