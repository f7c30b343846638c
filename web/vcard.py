"""One person as a contact card, vCard 4.0 (RFC 6350): what an address book has a place for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC

from db.records import Kind, User
from web.faces import face_of
from web.names import name_of, plain, second_name_of
from web.pictures import Pictures

MEDIA_TYPE = "text/vcard; charset=utf-8"
LONGEST_LINE = 75
"""In bytes (RFC 6350, section 3.2)."""
_ESCAPED = {"\\": "\\\\", ",": "\\,", ";": "\\;"}
_LINE_END = re.compile(r"\r\n|\r|\n")
_NOT_SHOWN = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
"""What no card may hold, or a reader could take for the end of a line; a tab parts words, so each becomes a blank."""


def card_of(user: User, workspace: str, pictures: Pictures) -> bytes:
    """Write a card; `user` is as its reader may see them, and what is unknown or hidden has no line."""
    lines = ["BEGIN:VCARD", "VERSION:4.0", *_lines(user, workspace, pictures), "END:VCARD"]
    return b"".join(_folded(line) + b"\r\n" for line in lines)


def _lines(user: User, workspace: str, pictures: Pictures) -> Iterator[str]:
    yield "KIND:application" if user.kind is Kind.BOT else "KIND:individual"  # RFC 6473
    yield f"UID:{_text(f'slack:{user.team_id}/{user.id}')}"
    yield f"FN:{_text(name_of(user))}"
    if user.first_name or user.last_name:
        yield f"N:{_text(user.last_name)};{_text(user.first_name)};;;"
    told = {
        "NICKNAME": second_name_of(user),
        "ORG": "" if user.kind is Kind.EXTERNAL else workspace,  # where they work is not known here
        "TITLE": user.title,
        "EMAIL": user.email,
        "TEL": user.phone,
        "TZ": user.tz,
        "PRONOUNS": user.pronouns,  # RFC 9554, section 4.2
    }
    yield from (f"{name}:{text}" for name, value in told.items() if (text := _text(value)))
    if picture := pictures.shown(face_of(user).large):
        yield f"PHOTO:{picture}"
    if changed_at := user.changed_at or user.first_seen_at:
        yield f"REV:{changed_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str | None) -> str:
    """Escape a text (section 3.4): nothing in it may begin another line or another part."""
    lines = _LINE_END.split(_NOT_SHOWN.sub(" ", value or "").strip())
    return "\\n".join("".join(_ESCAPED.get(letter, letter) for letter in plain(line)) for line in lines)


def _folded(line: str) -> bytes:
    """Break a long line, between letters and never within one; a line that goes on begins with a blank."""
    parts, part = [], b""
    for letter in line.encode(errors="ignore").decode():
        if len(part) + len(letter.encode()) > LONGEST_LINE:
            parts.append(part)
            part = b" "
        part += letter.encode()
    return b"\r\n".join([*parts, part])
