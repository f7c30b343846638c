"""What moved of somebody: changes of a title or a custom field, as one step from what it was to what it is. Pure.

A value that is set for the first time, or taken away, is no move: a profile was filled in, or tidied. There and back
again is none, and neither is another way to write the same, as a filter takes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.derive import value_key_of
from db.records import Change

TITLE = "title"


@dataclass(frozen=True, slots=True)
class Step:
    """What moved of somebody: from what to what, and when it last changed."""

    field: str
    """`title`, or the id of a custom field."""
    old: str
    new: str
    at: datetime


def is_of(change: Change, fields: Collection[str]) -> bool:
    """Say whether a change tells another value of one of these fields."""
    return not change.is_new_user and any(_differ(*_values(change, field)) for field in fields)


def steps_of(changes: Sequence[Change], fields: Sequence[str]) -> tuple[Step, ...]:
    """Make a step of all changes, oldest first, of each field that moved."""
    return tuple(step for field in fields if (step := _step(field, changes)) is not None)


def _step(field: str, changes: Sequence[Change]) -> Step | None:
    told = [(*values, each.at) for each in changes if _differ(*(values := _values(each, field)))]
    chain = [told[0][0], *(new for _, new, _ in told)] if told else []
    old = next((text for text in chain if text), "")
    if not old or not chain[-1] or not _differ(old, chain[-1]):
        return None
    return Step(field, old, chain[-1], told[-1][2])


def _values(change: Change, field: str) -> tuple[str, str]:
    """Read what a field was and became; twice nothing where the change does not tell of it."""
    if (TITLE if field == TITLE else "fields") not in change.after:
        return "", ""
    return _value(change.before, field), _value(change.after, field)


def _value(values: Mapping[str, Any], field: str) -> str:
    if field == TITLE:
        return _text(values.get(TITLE))
    fields = values.get("fields")
    told = fields.get(field) if isinstance(fields, Mapping) else None
    return _text(told.get("alt") or told.get("value")) if isinstance(told, Mapping) else ""


def _differ(old: str, new: str) -> bool:
    return value_key_of(old) != value_key_of(new)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
