"""The sentences about one person who was read again: what changed of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.blocks.people import plain
from bot.blocks.replies import escape
from bot.command.typed import NAME
from bot.parse import is_user_id
from db.records import STATUS_FIELDS, Change
from db.visibility import FIELDS

ASK = (
    f"Whom do you mean? Type `{NAME} resync` to read everybody, or `{NAME} resync @somebody` to read one person; pick "
    "them from the list that Slack shows after the @."
)
FIRST_RUN = "Everybody is being read for the first time, and this person with them. Try again when that has ended."
UNSHOWN = "Slack was asked, and what it says was taken in. There is nothing to show of it."
ERASED = "Slack says that this person was erased, so nothing is kept of them."
NOT_VISIBLE = "Slack does not let the app see this person, so nothing was changed."

_TOLD = {
    "real_name": "name",
    "display_name": "display name",
    "name": "Slack name",
    "title": "title",
    "email": "e-mail",
    "phone": "phone",
    "pronouns": "pronouns",
    "start_date": "start date",
    "tz": "time zone",
}
"""Of which it is told from what to what."""
_NAMED = {
    **dict.fromkeys(FIELDS["picture"], "picture"),
    **dict.fromkeys(STATUS_FIELDS, "custom status"),
    **dict.fromkeys(FIELDS["role"], "admin or not"),
    **dict.fromkeys(("is_restricted", "is_ultra_restricted"), "guest or not"),
    "fields": "profile fields",
}
"""Of which it is only told that they changed."""
_FOLLOW = frozenset({"first_name", "last_name", "tz_label", "tz_offset", "is_email_confirmed"})
"""Which say nothing that another field does not."""


def told(changes: Sequence[Change]) -> str:
    """Say what was new, as a list."""
    if not changes:
        return "Slack was asked, and *all was as we knew it*."
    if changes[0].is_new_user:
        return "*This person was not in the directory*, and is now."
    before, after = _whole(each.before for each in reversed(changes)), _whole(each.after for each in changes)
    lines = [*_standing(before, after), *_steps(before, after), *_others(before, after)]
    return "\n".join(["*Slack says something new*, and it is in the directory now:", *(f"• {each}" for each in lines)])


def not_found(user_id: str) -> str:
    """Say that Slack knows nobody by an id, and what follows: nothing yet."""
    who = f"`{user_id}`" if is_user_id(user_id) else "that person"
    return (
        f"Slack does not know {who}, so nothing was changed, and nobody was marked as missing. If they have left, "
        f"`{NAME} resync` finds that out for everybody."
    )


def unanswered(reason: str) -> str:
    """Say that Slack could not be asked; the reason is escaped already, or ours."""
    return f"This person could not be read, so nothing was changed. {reason} Try again in a minute."


def put_aside(reason: str) -> str:
    """Say that the answer could not be applied."""
    return (
        f"Slack's answer could not be read: {plain(reason)}. It was kept as an unreadable event, and nothing was "
        f"changed. `{NAME} dead-letters` shows it."
    )


def away(reason: str) -> str:
    """Say that nothing could be read or written."""
    return f"This person cannot be read right now. {escape(reason)} Try again in a minute."


def _whole(sides: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: value for side in sides for name, value in side.items()}


def _standing(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[str]:
    if "deleted" in after:
        yield "deactivated" if after["deleted"] else "active again"
    elif before.get("missing_since") and not after.get("missing_since"):
        yield "listed by Slack again"


def _steps(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[str]:
    for name, label in _TOLD.items():
        if name in after or name in before:
            yield f"{label}: {_value(before.get(name))} → {_value(after.get(name))}"


def _others(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[str]:
    rest = (before.keys() | after.keys()) - _TOLD.keys() - _FOLLOW - {"deleted", "missing_since"}
    named = sorted({_NAMED[each] for each in rest if each in _NAMED})
    named += ["other details"] if rest - _NAMED.keys() else []
    if named:
        yield f"changed as well: {', '.join(named)}"


def _value(value: object) -> str:
    return f"“{plain(str(value))}”" if value not in (None, "") else "nothing"
