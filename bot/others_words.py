"""What is said here of other processes on the same database: which one it is, and what is wrong there. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from db.instances import Instance


def shown_name(each: Instance) -> str:
    """Name it as people know it: what it does, where, and as which process."""
    return each.instance.partition(" (")[0]


def said_by(each: Instance, words: str) -> str:
    """Tell that something is another's trouble, and whose."""
    return f"Another usersync ({shown_name(each)}) says: {words}"


def refused_elsewhere(others: Sequence[Instance]) -> str | None:
    """Tell of the first of the others whose bot token is refused, and how many more there are."""
    refused = [each for each in others if each.refusal]
    if not refused:
        return None
    more = len(refused) - 1
    told = said_by(refused[0], refused[0].refusal or "")
    return f"{told} So {'does' if more == 1 else 'do'} {more} more." if more else told
