"""Places in the change log as opaque text, for the ids of a stream."""

from __future__ import annotations

import base64
import binascii
import json

from db.records import Change, Position


class BadPosition(ValueError):
    """This is not a position of ours."""


def encode(position: Position) -> str:
    """Write a position as text that fits a header and an address."""
    marks = {team_id: list(mark) for team_id, mark in sorted(position.marks.items())}
    return base64.urlsafe_b64encode(json.dumps(marks, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(text: str) -> Position:
    """Read a position. Raises BadPosition."""
    if len(text) > 4096:
        raise BadPosition
    try:
        marks = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return Position({str(team_id): _mark(mark) for team_id, mark in marks.items()})
    except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise BadPosition from error


def moved(position: Position, change: Change) -> Position:
    """Return the position just behind a change."""
    return Position({**position.marks, change.team_id: (change.rev, change.seq)})


def covers(position: Position, change: Change) -> bool:
    """Say whether a reader at this position has had the change."""
    return position.marks.get(change.team_id, (-1, -1)) >= (change.rev, change.seq)


def _mark(mark: object) -> tuple[int, int]:
    match mark:
        # What no column could hold, no position of ours holds either.
        case [int(rev), int(seq)] if 0 <= rev < 2**63 and 0 <= seq < 2**31:
            return rev, seq
    raise BadPosition
