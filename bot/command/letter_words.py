"""The sentences about unreadable events, and their buttons. Pure; no payload comes here."""

from __future__ import annotations

from datetime import datetime

from bot.blocks.people import plain
from bot.blocks.replies import Press, Question, Row, escape
from bot.command.pressed import Deed
from bot.command.words import NO_LETTERS, ago
from bot.runs.words import counted
from db.records import DeadLetter, Kind, Source, User

GONE = "It is not here any more: it was applied or dropped a moment ago, or was kept for as long as it may be."
APPLIED = "Read this time, and applied. What was outdated in it changed nothing."
DROPPED = "Dropped, and not applied."

_SOURCES = {Source.EVENT: "from an event", Source.RUN: "from a page of Slack's list", Source.FEED: "from a file"}


def head(count: int) -> str:
    """Say how many there are."""
    if not count:
        return NO_LETTERS
    many = counted(count, "unreadable event", "unreadable events")
    return f"*{many}*: what Slack said could not be applied, and is kept. The newest first:"


def letter(each: DeadLetter, user: User | None, now: datetime) -> str:
    """Tell one: about whom, why, when, and how often it came."""
    often = f", {each.times:,} times" if each.times > 1 else ""
    reason = plain(each.reason)
    source = _SOURCES.get(each.source, "from elsewhere")
    return f"*{_whom(each, user)}* · {source}, {ago(each.put_aside_at, now)}{often}\n{reason[:1].upper()}{reason[1:]}"


def buttons(each: DeadLetter, *, alike: int) -> Row:
    """What can be done with it; `alike` is how many of those at hand have its reason, told with the first of them."""
    number = str(each.letter_id)
    drop = Question(
        "Drop this event?",
        "It is taken out without being applied. What it said comes back only if Slack says it again.",
        yes="Drop",
    )
    return (
        Press("Replay", Deed.REPLAY, number),
        *([Press("Replay all of the same reason", Deed.REPLAY_ALIKE, number)] if alike > 1 else []),
        Press("Drop", Deed.DROP, number, asks=drop, is_grave=True),
    )


def more(count: int) -> str:
    """Say how many are not shown; empty for none."""
    return f"and {count:,} more" if count > 0 else ""


def stays(reason: str) -> str:
    """Say why one stays."""
    return f"It cannot be read yet, and stays: {plain(reason)}."


def all_tried(left: int, stay: int, *, is_more: bool) -> str:
    """Say what came of several."""
    parts = [f"{counted(left, 'was', 'were')} applied" if left else "", f"{stay:,} cannot be read yet" if stay else ""]
    rest = " There are more of them: press again." if is_more else ""
    told = ", ".join(filter(None, parts)) or "Nothing was left to try"
    return f"{told}.{rest}"


def away(reason: str) -> str:
    """Say that they cannot be looked at."""
    return f"Unreadable events cannot be looked at right now. {escape(reason)} Try again in a minute."


def undone(reason: str) -> str:
    """Say that a press did nothing, for the memory is away."""
    return f"This may not have been done. {escape(reason)} Try again in a minute."


def _whom(each: DeadLetter, user: User | None) -> str:
    if user is not None and user.kind is not Kind.ERASED:
        return plain(user.shown_name)
    return plain(each.user_id or "") or "Nobody readable"
