"""What the app posts into channels by itself: where it posts from now on, and what is wrong. Pure.

Limits: those of `bot/blocks/replies.py`. Times are Slack's tokens, so everybody reads their own (docs.slack.dev,
Formatting message text).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.blocks.replies import Button, escape, message
from bot.runs.words import counted
from db.posting import Purpose
from db.records import AlertKind

Json = dict[str, Any]

TITLES: Mapping[AlertKind, str] = {
    AlertKind.DATABASE: "The database is away",
    AlertKind.NOT_COMMITTED: "Changes are not committed in time",
    AlertKind.SOCKETS: "No connection to Slack",
    AlertKind.TOKEN: "Slack refuses a token",
    AlertKind.RUN_FAILED: "A resync failed",
    AlertKind.RUN_HELD: "A resync was held",
    AlertKind.RUN_INCOMPLETE: "A resync left somebody out",
    AlertKind.EVENTS_DROPPED: "Slack dropped events",
    AlertKind.DEAD_LETTERS: "Unreadable events",
    AlertKind.LAG: "Changes arrive late",
    AlertKind.OTHER_INSTANCE: "Another process takes events",
    AlertKind.DISK: "The disk is nearly full",
    AlertKind.SCOPE: "A permission is missing",
}
_PAGES = {
    AlertKind.DEAD_LETTERS: ("Unreadable events", "dead-letters"),
    AlertKind.RUN_FAILED: ("Resyncs", "runs"),
    AlertKind.RUN_HELD: ("Resyncs", "runs"),
    AlertKind.RUN_INCOMPLETE: ("Resyncs", "runs"),
    AlertKind.EVENTS_DROPPED: ("Resyncs", "runs"),
}
"""Where in the directory more of it is to be seen."""
OPEN_PAGE = "open_alert_page"
_MOST_SMALL = 500
_WHAT = {Purpose.ALERTS: ("Alerts", "go", "do not go"), Purpose.DIGEST: ("The weekly digest", "goes", "does not go")}
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Notice:
    """An episode as it is told."""

    kind: AlertKind
    words: str
    """What is wrong, what it costs, how to mend it; plain text."""
    since: datetime
    until: datetime | None = None
    times_back: int = 0
    """How often it was over meanwhile, and came back within minutes."""
    is_told_below: bool = False
    """Whether a later message tells of it, and of its end."""

    @property
    def title(self) -> str:
        """Name what is wrong, and whether it is over."""
        title = TITLES[self.kind]
        if self.is_told_below:
            return f"Told anew further down: {title}"
        return title if self.until is None else f"Resolved after {lasted(self.since, self.until)}: {title}"


def welcome(purpose: Purpose, asked_by: str) -> Json:
    """Say that something is posted here from now on; `asked_by` is a user's id, or empty."""
    what, goes, _ = _WHAT[purpose]
    asked = f", as <@{asked_by}> asked" if asked_by else ""
    return message([f"{what} of the people directory {goes} into this channel from now on{asked}."])


def farewell(purpose: Purpose) -> Json:
    """Say that it is posted here no longer."""
    what, _, does_not_go = _WHAT[purpose]
    return message([f"{what} of the people directory {does_not_go} into this channel any more."])


def not_kept(purpose: Purpose) -> Json:
    """Say that it is not so after all."""
    what, _, does_not_go = _WHAT[purpose]
    return message([f"{what} {does_not_go} into this channel after all: the database did not take it."])


def alert(notice: Notice, *, base: str = "") -> Json:
    """Tell of an episode, or that it is over; with a button where the directory's address is known."""
    if notice.is_told_below:
        return message([f":white_circle: *{notice.title}*"])
    is_over = notice.until is not None
    sign = ":large_green_circle:" if is_over else ":red_circle:"
    head = f"{sign} *{notice.title}*" + ("" if is_over else f"\n{escape(notice.words)}")
    page = None if is_over or not base else _PAGES.get(notice.kind)
    button = Button(page[0], f"{base}/{page[1]}", OPEN_PAGE) if page else None
    small = [_small(f"It was: {escape(_cut(notice.words))}")] if is_over else []
    said, row = message([head]), message([], button=button)
    return {**said, "blocks": [*said["blocks"], *small, _small(_times(notice)), *row["blocks"]]}


def too_many(most: int) -> Json:
    """Say that no more is told for a while."""
    words = f"{most} messages within an hour are enough. `/usersync status` tells how it stands."
    return message([f":red_circle: *More is wrong than is told here*\n{words}"])


def lasted(since: datetime, until: datetime) -> str:
    """Tell how long something lasted, in its largest sensible unit."""
    seconds = max(round((until - since).total_seconds()), 1)
    if seconds < _MINUTE_S:
        return counted(seconds, "second", "seconds")
    if seconds < _HOUR_S:
        return counted(round(seconds / _MINUTE_S), "minute", "minutes")
    if seconds < 2 * _DAY_S:
        return counted(round(seconds / _HOUR_S), "hour", "hours")
    return counted(round(seconds / _DAY_S), "day", "days")


def _small(text: str) -> Json:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def _times(notice: Notice) -> str:
    back = f" · came back {counted(notice.times_back, 'time', 'times')}" if notice.times_back else ""
    if notice.until is None:
        return f"Since {moment(notice.since)}{back}"
    return f"{moment(notice.since)} – {moment(notice.until)}{back}"


def moment(at: datetime) -> str:
    """Write a time so that Slack shows each reader's own; others read it in UTC."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time_secs}}|{at:%Y-%m-%d %H:%M:%S} UTC>"


def _cut(words: str) -> str:
    return words if len(words) <= _MOST_SMALL else f"{words[: _MOST_SMALL - 1]}…"
