"""What a search means, on every engine: each typed word is the beginning of some word of the user."""

from __future__ import annotations

import sqlalchemy as sa

from db.derive import SEARCH_TEXT_CHARS
from db.fold import folded_words
from db.tables import users

MAX_WORDS = 8
"""Nobody types more; a pasted page must not become a query of a thousand conditions."""


def matches(text: str) -> sa.ColumnElement[bool]:
    """Turn what was typed into a condition; what holds neither letter nor digit finds nobody."""
    words = folded_words(text)[:MAX_WORDS]
    if not words or max(map(len, words)) > SEARCH_TEXT_CHARS:  # SQLite refuses a pattern beyond 50,000 bytes
        return sa.false()
    # Folded words hold letters and digits alone, so nothing in them is a wildcard.
    return sa.and_(*(users.c.search_text.like(f"% {word}%") for word in dict.fromkeys(words)))
