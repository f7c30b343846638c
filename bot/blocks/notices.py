"""What the app posts into channels by itself. Pure."""

from __future__ import annotations

from typing import Any

from bot.blocks.replies import message
from db.posting import Purpose

Json = dict[str, Any]

_WHAT = {Purpose.ALERTS: ("Alerts", "go", "do not go"), Purpose.DIGEST: ("The weekly digest", "goes", "does not go")}


def welcome(purpose: Purpose, asked_by: str) -> Json:
    """Say that something is posted here from now on; `asked_by` is a user's id, or empty."""
    what, goes, _ = _WHAT[purpose]
    asked = f", as <@{asked_by}> asked" if asked_by else ""
    return message([f"{what} of the people directory {goes} into this channel from now on{asked}."])


def not_kept(purpose: Purpose) -> Json:
    """Say that it is not so after all."""
    what, _, does_not_go = _WHAT[purpose]
    return message([f"{what} {does_not_go} into this channel after all: the database did not take it."])
