"""Drift: what a run found different although no event had told of it, and none is still to come. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bot.entries import Entry
from db.records import Change

EVENT_MAY_COME_S = 60
"""What Slack changed within a minute may still have its event on the way, so it is no drift."""
NEW = "new"
"""Stands for all fields of a user who was unknown: one reason, not forty."""


def drift_of(entries: Sequence[Entry], changes: Iterable[Change], *, asked_at_s: float) -> tuple[int, Counter[str]]:
    """Count the users who drifted, and how many of them did in each field.

    `asked_at_s` is Slack's now, in epoch seconds, when the page was asked for.
    """
    old = {
        entry.user_id
        for entry in entries
        if entry.observation and (entry.observation.updated or 0) < asked_at_s - EVENT_MAY_COME_S
    }
    moved: dict[str, set[str]] = {}
    for change in changes:
        if change.user_id in old and change.user_id is not None:
            fields = {NEW} if change.is_new_user else set(change.fields)
            moved.setdefault(change.user_id, set()).update(fields)
    return len(moved), Counter(field for fields in moved.values() for field in fields)
