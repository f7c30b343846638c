"""The sentences about people who were looked for in Slack, and what a card says of each. Pure."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from bot.blocks.people import Card, plain
from bot.blocks.replies import escape
from bot.runs.words import counted
from db.filters import COUNTED_TO
from db.records import Kind, State, User

ASK = (
    "Whom are you looking for? Send `/usersync find` with a name, a title, an e-mail address or a phone number, or "
    "with the beginning of one: `/usersync find anna kow`."
)
OPEN = "`/usersync open` opens the directory, where everybody is."

_KINDS = {Kind.GUEST: "guest", Kind.BOT: "bot", Kind.EXTERNAL: "of another company"}
_STATES = {State.DEACTIVATED: "deactivated", State.MISSING: "no longer listed by Slack"}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def card_of(user: User, now: datetime, *, base: str) -> Card:
    """Say of somebody what tells them from others; `base` is where the directory is, empty for nowhere to lead to."""
    return Card(
        name=user.shown_name,
        url=f"{base}/users/{user.team_id}/{user.id}" if base else "",
        badges=[each for each in (_KINDS.get(user.kind), _STATES.get(user.state)) if each],
        title=user.title or "",
        clock=clock_of(user.tz, now) if user.kind is not Kind.BOT else "",
        user_id=user.id if user.state is State.ACTIVE else "",
    )


def clock_of(tz: str | None, now: datetime) -> str:
    """Tell the time where somebody is, with its day; empty where their zone is not known."""
    try:
        there = now.astimezone(ZoneInfo(tz)) if tz else None
    except (KeyError, ValueError, OSError):  # a folder of zones is an OSError on some systems
        there = None
    return f"{_WEEKDAYS[there.weekday()]} {there:%H:%M} there" if there else ""


def found(total: int, typed: str) -> str:
    """Say how many were found."""
    return f"{_many(total)} for {quoted(typed)}:"


def forgiven(total: int, typed: str, meant: str) -> str:
    """Say for what people were found where a slip was forgiven, and nobody anywhere is called as it was typed."""
    return f"Nobody matches {quoted(typed)}. Did you mean “{plain(meant)}”? {_many(total)}:"


def nobody(typed: str) -> str:
    """Say that nobody was found, wherever they were looked for."""
    return f"Nobody matches {quoted(typed)}, not even among bots and people who have left. {OPEN}"


def only_elsewhere(total: int, typed: str, meant: str) -> str:
    """Say that who was found is none of the active colleagues, and what of theirs may have been meant."""
    perhaps = f" To find “{plain(meant)}”, search for that." if meant else ""
    return f"No active member or guest matches {quoted(typed)}.{perhaps} {_many(total)} among everybody, bots as well:"


def more(count: int) -> str:
    """Say how many are not shown."""
    return f"{count:,} more are not shown here." if count <= COUNTED_TO else "Many more are not shown here."


def away(reason: str) -> str:
    """Say that nobody can be looked for."""
    return f"People cannot be looked for right now. {escape(reason)} Try again in a minute."


def search_url(base: str, typed: str, *, is_wide: bool) -> str:
    """Tell where the directory shows the same; `is_wide` is among everybody."""
    kinds = [("kind", each.value) for each in Kind if each is not Kind.ERASED] if is_wide else []
    states = [("state", each.value) for each in State] if is_wide else []
    return f"{base}/?{urlencode([('q', typed), *kinds, *states])}"


def quoted(typed: str) -> str:
    """Quote what was typed; of what consists of signs that Slack would read as markup, nothing is left to quote."""
    said = plain(typed)
    return f"“{said}”" if said else "that"


def _many(total: int) -> str:
    if total > COUNTED_TO:
        return f"More than {COUNTED_TO:,} people"
    return counted(total, "person", "people")
