"""Where alerts go, in words for the status; and an alert in plain text, for addresses outside Slack. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.blocks.notices import Notice, lasted
from bot.blocks.replies import escape
from bot.command.typed import NAME

NOWHERE = f"Alerts are not posted anywhere. Type `{NAME} alerts here` in a channel."
_UNTRIED = (
    "Whether the app can post there is not known: nothing was posted into the channel yet. "
    f"To try it, type `{NAME} alerts here` in that channel."
)


def whereabouts(channel_id: str | None, addresses: int, troubles: Sequence[str], *, is_tried: bool = True) -> str:
    """Say it in Slack's markup; `is_tried` says whether it is known that the app can post into the channel."""
    if not channel_id and not addresses:
        return NOWHERE
    further = f"{addresses} further address{'' if addresses == 1 else 'es'}"
    if not channel_id:
        said = f"Alerts go to {further.replace(' further', '')} outside Slack, and into no channel."
    else:
        said = f"Alerts go to <#{escape(channel_id)}>{f', and to {further}' if addresses else ''}."
    if channel_id and not is_tried:
        said = f"{said} {_UNTRIED}"
    return " ".join([said, *(f"*That fails right now:* {escape(each)}" for each in troubles)])


def title(notice: Notice) -> str:
    """Name it for a subject line."""
    return f"usersync: {notice.title}"


def body(notice: Notice) -> str:
    """Tell it in a few lines."""
    if notice.until is None:
        return f"{notice.words}\n\nSince {_utc(notice.since)}."
    span = f"From {_utc(notice.since)} to {_utc(notice.until)}, {lasted(notice.since, notice.until)}."
    return f"It was: {notice.words}\n\n{span}"


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
