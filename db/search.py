"""What a search means, on every engine: each typed word is the beginning of some word of the user that one may see."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum, auto

import sqlalchemy as sa

from db.dialects import AllOf, AnyOf, But, Match, Token, indexed, spelt
from db.fold import folded_words
from db.records import State
from db.sight import Sight
from db.tables import users
from db.words import EMAIL, HANDLE, NAME, PHONE, WHOLE, WORD_CHARS, joined

MAX_WORDS = 8
"""Nobody types more; a pasted page must not become a query of a thousand conditions."""
MIN_DIGITS = 5
"""Fewer digits than these, parted by signs, are no phone number."""
_NUMBER = re.compile(r"[\d\W_]*")
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")


class Typed(Enum):
    """What it looks like that was typed; an address or a number is looked for as one word, in its own field."""

    WORDS = auto()
    ADDRESS = auto()
    NUMBER = auto()


@dataclass(frozen=True, slots=True)
class Search:
    """What was typed, and under which tags it is looked for."""

    words: tuple[str, ...]
    """Folded, one at least."""
    tags: frozenset[str]
    kind: Typed = Typed.WORDS

    @property
    def match(self) -> Match:
        """Everybody who is found."""
        if self.kind is Typed.ADDRESS and EMAIL in self.tags:
            return Token(EMAIL + joined(self.words))
        if self.kind is Typed.NUMBER and PHONE in self.tags:
            return self._number
        every = AllOf(tuple(self._under_any_tag(word) for word in dict.fromkeys(self.words)))
        return AnyOf((every, *self._as_one_name))

    @property
    def exact(self) -> Match:
        """Whoever is called just that, or has that address."""
        whole = Token(WHOLE + joined(self.words), is_whole=True)
        if EMAIL not in self.tags or len(self.words) == 1:  # no address is one word, but each has words of its own
            return whole
        return AnyOf((whole, Token(EMAIL + joined(self.words), is_whole=True)))

    @property
    def start(self) -> Match:
        """Whoever is called something that begins so, or has just that handle: hardly anybody is called by it."""
        typed = joined(self.words)
        return AnyOf((Token(WHOLE + typed), Token(HANDLE + typed, is_whole=True)))

    @property
    def in_names(self) -> Match:
        """Whoever is found by their names alone."""
        every = AllOf(tuple(Token(NAME + word) for word in dict.fromkeys(self.words)))
        return AnyOf((every, *self._as_one_name))

    @property
    def elsewhere(self) -> Match:
        """Whoever is found, but not by their names alone."""
        return But(self.match, self.in_names)

    @property
    def _as_one_name(self) -> tuple[Match, ...]:
        """Mc Donald means McDonald as well; single letters are initials."""
        is_one = len(self.words) > 1 and min(map(len, self.words)) > 1
        return (Token(NAME + joined(self.words)),) if is_one else ()

    @property
    def _number(self) -> Match:
        """In whatever groups it is kept, and without the 0 that is left out from abroad."""
        digits = joined(self.words)
        return AnyOf(tuple(Token(PHONE + each) for each in dict.fromkeys((digits, digits.lstrip("0") or digits))))

    def _under_any_tag(self, word: str) -> Match:
        return AnyOf(tuple(Token(tag + word) for tag in sorted(self.tags)))


def search_of(text: str, tags: frozenset[str]) -> Search | None:
    """Read what was typed; None for what holds neither letter nor digit."""
    words = tuple(word[:WORD_CHARS] for word in folded_words(text)[:MAX_WORDS])
    return Search(words, tags, _typed(text, words)) if words else None


def _typed(text: str, words: tuple[str, ...]) -> Typed:
    if _ADDRESS.fullmatch(text.strip()):
        return Typed.ADDRESS
    is_number = len(words) > 1 and len("".join(words)) >= MIN_DIGITS and _NUMBER.fullmatch(text)
    return Typed.NUMBER if is_number else Typed.WORDS


def matches(text: str, sight: Sight) -> sa.ColumnElement[bool]:
    """Turn what was typed into a condition; what holds neither letter nor digit finds nobody.

    Words of fields that the reader may not see are not looked at: a search must not tell what a page does not.
    """
    search = search_of(text, sight.searched_tags(gone=False))
    if search is None:
        return sa.false()
    of_gone = replace(search, tags=sight.searched_tags(gone=True))
    return sa.and_(indexed(search.match, users.c.search_text), may_be_found(search.match, of_gone.match))


def matches_row(text: str, sight: Sight) -> sa.ColumnElement[bool]:
    """Turn what was typed into a condition on a row at hand, which is not looked up by its words."""
    search = search_of(text, sight.searched_tags(gone=False))
    if search is None:
        return sa.false()
    return held(search.match, replace(search, tags=sight.searched_tags(gone=True)).match)


def may_be_found(of_active: Match, of_gone: Match) -> sa.ColumnElement[bool]:
    """Make a condition on whom the index found: of people who are gone, a reader may search less."""
    if of_active == of_gone:
        return sa.true()
    return sa.or_(users.c.state == State.ACTIVE.value, spelt(of_gone, users.c.search_text))


def has_handle(handle: str) -> sa.ColumnElement[bool]:
    """Make a condition that the index answers: whoever has this handle, and perhaps some whose handles are alike."""
    words = folded_words(handle)
    return indexed(Token(HANDLE + joined(words), is_whole=True), users.c.search_text) if words else sa.true()


def held(of_active: Match, of_gone: Match) -> sa.ColumnElement[bool]:
    """Make a condition on a row at hand, which may ask less of people who are gone."""
    if of_active == of_gone:
        return spelt(of_active, users.c.search_text)
    is_active = users.c.state == State.ACTIVE.value
    return sa.or_(
        sa.and_(is_active, spelt(of_active, users.c.search_text)),
        sa.and_(sa.not_(is_active), spelt(of_gone, users.c.search_text)),
    )
