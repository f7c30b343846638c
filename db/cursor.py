"""Opaque cursors: a key in, a word for a URL out, and back; whatever is not ours is refused."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime

from db.errors import BadCursor
from db.fold import folded

MAX_CHARS = 4096
_MEANT = "meant"


def encode_cursor(*parts: str) -> str:
    """Write a key as one URL-safe word."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *, parts: int) -> tuple[str, ...]:
    """Read it back. Raises BadCursor for anything that `encode_cursor` cannot have written."""
    found = _parts_of(cursor)
    if len(found) != parts:
        raise BadCursor
    return found


def with_meant(cursor: str, typed: str, meant: str) -> str:
    """Let a cursor hold what was looked for instead of what was typed, so that the next page goes on with it."""
    return encode_cursor(_MEANT, _print_of(typed), meant, *_parts_of(cursor))


def without_meant(cursor: str, typed: str) -> tuple[str, str]:
    """Take out what was meant, empty where nothing was, and the cursor as it was before.

    Raises BadCursor, also where something else had been typed.
    """
    found = _parts_of(cursor)
    if found[:1] != (_MEANT,):
        return "", cursor
    if len(found) < 3 or found[1] != _print_of(typed) or not folded(found[2]):
        raise BadCursor
    return found[2], encode_cursor(*found[3:])


def _print_of(typed: str) -> str:
    """Tell one search from others, however long it is."""
    return hashlib.sha256(folded(typed).encode()).hexdigest()[:16]


def _parts_of(cursor: str) -> tuple[str, ...]:
    if len(cursor) > MAX_CHARS:
        raise BadCursor
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        raise BadCursor from None
    if not isinstance(found, list) or not all(_is_storable(part) for part in found):
        raise BadCursor
    return tuple(found)


def decode_time(text: str) -> datetime:
    """Read a part that holds a moment, in UTC. Raises BadCursor, also for one that is none in UTC, or has no zone."""
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            raise BadCursor
        return time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadCursor from None


def _is_storable(part: object) -> bool:
    return isinstance(part, str) and "\0" not in part and not any("\ud800" <= letter <= "\udfff" for letter in part)
