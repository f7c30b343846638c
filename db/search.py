"""What a search means, on every engine: each typed word is the beginning of some word of the user that one may see."""

from __future__ import annotations

import sqlalchemy as sa

from db.derive import SEARCH_TEXT_CHARS, TAGS
from db.fold import folded_words
from db.records import State
from db.sight import Sight
from db.tables import users

MAX_WORDS = 8
"""Nobody types more; a pasted page must not become a query of a thousand conditions."""


def matches(text: str, sight: Sight) -> sa.ColumnElement[bool]:
    """Turn what was typed into a condition; what holds neither letter nor digit finds nobody.

    Words of fields that the reader may not see are not looked at: a search must not tell what a page does not.
    """
    words = folded_words(text)[:MAX_WORDS]
    if not words or max(map(len, words)) > SEARCH_TEXT_CHARS:  # SQLite refuses a pattern beyond 50,000 bytes
        return sa.false()
    # Folded words hold letters and digits alone, so nothing in them is a wildcard.
    of_active, of_gone = sight.hidden_tags(gone=False), sight.hidden_tags(gone=True)
    if of_active == of_gone:
        return _all_of(words, of_active)
    is_active = users.c.state == State.ACTIVE.value
    return sa.or_(sa.and_(is_active, _all_of(words, of_active)), sa.and_(sa.not_(is_active), _all_of(words, of_gone)))


def _all_of(words: list[str], hidden: frozenset[str]) -> sa.ColumnElement[bool]:
    # "_" stands for any tag.
    tags = ["_"] if not hidden else sorted(set(TAGS.values()) - hidden)
    return sa.and_(
        *(sa.or_(*(users.c.search_text.like(f"% {tag}{word}%") for tag in tags)) for word in dict.fromkeys(words))
    )
