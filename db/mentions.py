"""By what a payload may speak of somebody: the id, e-mail addresses, phone numbers, full names. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from db.records import User

_CLEAR_CHARS = 6
"""A shorter address or number is looked for as a whole string only: `123` is in every payload."""
_LOOKED_AT_CHARS = 200
"""Of a longer text its beginning will do, and engines bound what they compare with."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """What to look for in payloads, which are ASCII-escaped JSON text; capitals make no difference."""

    user_id: str
    words: frozenset[str]
    """Pieces of such text, in small letters."""

    @property
    def pieces(self) -> list[str]:
        """List what to look for; the id alone may be part of a longer one, all else is a mention where it is found."""
        return [self.user_id.lower(), *sorted(self.words)]

    def are_in(self, payload: str) -> bool:
        """Say whether a payload speaks of them."""
        text = payload.lower()
        is_named = re.search(rf"(?<![a-z0-9]){re.escape(self.user_id.lower())}(?![a-z0-9])", text)
        return bool(is_named) or any(word in text for word in self.words)


def mentions_of(user_id: str, user: User | None, history: Iterable[Mapping[str, Any]]) -> Mentions:
    """Gather what somebody is called by now, and was called by before."""
    rows = [*history]
    if user is not None:
        rows.append({name: getattr(user, name) for name in ("email", "phone", "real_name", "first_name", "last_name")})
    words = {word for row in rows for word in _words_of(row)}
    return Mentions(user_id, frozenset(words))


def _words_of(row: Mapping[str, Any]) -> Iterable[str]:
    for name in ("email", "phone"):
        if text := row.get(name):
            yield from _pieces(text, is_clear=len(text) >= _CLEAR_CHARS)
    names = [row.get("real_name"), " ".join(filter(None, (row.get("first_name"), row.get("last_name"))))]
    for text in filter(None, names):
        yield from _pieces(text, is_clear=" " in text.strip())  # a single name is many people's


def _pieces(text: str, *, is_clear: bool) -> Iterable[str]:
    """Write a text as it stands in a payload; what is not clear by itself only as a whole string.

    A letter that is escaped is another number when it is a capital.
    """
    for spelt in {text.strip(), text.strip().lower(), text.strip().upper()}:
        escaped = json.dumps(spelt, ensure_ascii=True)
        yield (escaped[1:-1][:_LOOKED_AT_CHARS] if is_clear else escaped).lower()
