"""Whether the processes on one database were given the same settings, where a difference would show to people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from bot.settings import Settings
from db.instances import Instance

_COSTS = (
    "So whoever is signed in at one may be refused at the next, and pages may show different things. Give all of them "
    "the same."
)
_KEPT = "Until all of them have the same, what is old is kept for the longest time that any of them was given."
KEEPS = HISTORY_KEEP, CONTACT_KEEP = "USERSYNC_HISTORY_KEEP", "USERSYNC_CONTACT_KEEP"
"""Told as they are, in seconds: whoever keeps for less must not delete what another is to keep."""


def marks_of(settings: Settings) -> Mapping[str, str]:
    """Give for each setting a mark that is the same where it is, and from which nobody learns a secret."""
    told = {
        "USERSYNC_SECRET_KEY": next(iter(settings.secret_keys), ""),
        "USERSYNC_AUTH": settings.auth,
        "USERSYNC_VISIBILITY": repr(sorted(settings.visibility.items(), key=str)),
        "USERSYNC_GUESTS_MAY_SIGN_IN": str(settings.guests_may_sign_in),
        "USERSYNC_ADMINS": repr(sorted(settings.admins)),
    }
    marks = {name: hashlib.sha256(f"{name}={value}".encode()).hexdigest()[:8] for name, value in told.items()}
    return marks | dict(zip(KEEPS, (str(settings.history_keep), str(settings.contact_keep)), strict=True))


def written(marks: Mapping[str, str]) -> str:
    """Write them into a cell."""
    return json.dumps(marks)


def unlike(marks: Mapping[str, str], others: Iterable[Instance]) -> str:
    """Say in what the others differ, and what that costs; empty where they do not, or say nothing."""
    found: dict[str, list[str]] = {}
    for each in others:
        theirs = _read(each)
        for name in marks:
            if name in theirs and theirs[name] != marks[name]:
                found.setdefault(name, []).append(each.instance.partition(" (")[0])
    if not found:
        return ""
    names = " and ".join(sorted(found))
    processes = ", ".join(sorted({each for many in found.values() for each in many}))
    costs = [words for words, is_so in ((_COSTS, set(found) - set(KEEPS)), (_KEPT, set(found) & set(KEEPS))) if is_so]
    return f"Another process on this database has another {names}: {processes}. {' '.join(costs)}"


def longest(name: str, own_s: int, others: Iterable[Instance]) -> int:
    """Tell the longest time that any process was given under a name of KEEPS; seconds."""
    return max([own_s, *(int(_read(each).get(name, 0)) for each in others)])


def _read(instance: Instance) -> dict[str, str]:
    marks: dict[str, str] = json.loads(instance.settings_marks or "{}")
    return marks
