"""What a search means, on every engine: each typed word is the beginning of some word of the user that one may see."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum, auto

import sqlalchemy as sa

from db.blanks import NO_WORDS, Words, blanks_for
from db.dialects import NOWHERE, AllOf, AnyOf, But, Match, Token, indexed, is_untold, spelt
from db.fold import folded_words
from db.records import State
from db.sight import Sight
from db.tables import users
from db.words import (
    ADDRESS,
    DIGITS,
    EMAIL,
    HANDLE,
    MIN_DIGITS,
    NAME,
    PHONE,
    WHOLE,
    WORD_CHARS,
    joined,
    without_trunk,
)

MAX_WORDS = 12
"""Different ones; nobody types more, and a pasted page must not become a query of a thousand conditions."""
LONGEST_CODE = 3
"""Digits of a country code."""
LOCAL_DIGITS = 8
"""So many have to be the same behind a country code for a number that is kept without one to be the same."""
_NUMBER = re.compile(r"[\d\W_]*")
_LINK = re.compile(r"^\s*tel:", re.IGNORECASE)
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
    """Folded, each of them once, one at least."""
    said: tuple[str, ...]
    """The same in their order, as often as they were typed."""
    tags: frozenset[str]
    kind: Typed = Typed.WORDS
    digits: str = ""
    """Those of a number, with 00 in the place of a plus."""

    @property
    def match(self) -> Match:
        """Everybody who is found."""
        if self.kind is Typed.ADDRESS and EMAIL in self.tags:
            return Token(EMAIL + joined(self.said))
        if self.kind is Typed.NUMBER and PHONE in self.tags:
            # A number may be that of a badge as well, but single groups of it are in everybody's phone number.
            return AnyOf((self._every_word(self.tags - {PHONE}), *_number(self.digits), *_at_home(self.digits)))
        return AnyOf((self._every_word(self.tags), *self._as_one_name))

    @property
    def exact(self) -> Match:
        """Whoever is called just that, or has that address."""
        whole = Token(WHOLE + joined(self.said), is_whole=True)
        if EMAIL not in self.tags or len(self.said) == 1:  # no address is one word
            return whole
        return AnyOf((whole, Token(ADDRESS + joined(self.said), is_whole=True)))

    @property
    def start(self) -> Match:
        """Whoever is called something that begins so, or has just that handle: hardly anybody is called by it."""
        typed = joined(self.said)
        return AnyOf((Token(WHOLE + typed), Token(HANDLE + typed, is_whole=True)))

    @property
    def in_names(self) -> Match:
        """Whoever is found by their names alone."""
        every = AllOf(tuple(Token(NAME + word) for word in self.words))
        return AnyOf((every, *self._as_one_name))

    @property
    def elsewhere(self) -> Match:
        """Whoever is found, but not by their names alone."""
        return But(self.match, self.in_names)

    @property
    def _as_one_name(self) -> tuple[Match, ...]:
        """Mc Donald means McDonald as well; single letters are initials."""
        is_one = len(self.said) > 1 and min(map(len, self.said)) > 1
        return (Token(NAME + joined(self.said)),) if is_one else ()

    def _every_word(self, tags: frozenset[str]) -> Match:
        return AllOf(tuple(_under_any_tag(word, tags) for word in self.words))


def _under_any_tag(word: str, tags: frozenset[str]) -> Match:
    is_number = PHONE in tags and word.isdecimal() and len(word) >= MIN_DIGITS
    return AnyOf((*(Token(tag + word) for tag in sorted(tags)), *(_number(word) if is_number else ())))


def _number(digits: str) -> tuple[Match, ...]:
    """In whatever groups it is kept, and without the zeros that are left out, or dialled, from abroad."""
    bare = digits.lstrip("0")
    kept = (digits, bare) if len(bare) >= MIN_DIGITS else (digits,)
    return tuple(Token(DIGITS + each) for each in dict.fromkeys(kept))


def _at_home(digits: str) -> tuple[Match, ...]:
    """As it is dialled, and kept, in its own country; nothing for what was typed without a country."""
    if not digits.startswith("00"):
        return ()
    locals_ = (digits.lstrip("0")[size:] for size in range(1, LONGEST_CODE + 1))
    return tuple(Token(f"{DIGITS}0{each}", is_whole=True) for each in locals_ if len(each) >= LOCAL_DIGITS)


def search_of(text: str, tags: frozenset[str]) -> Search | None:
    """Read what was typed; None for what holds neither letter nor digit."""
    number = without_trunk(_LINK.sub("", text, count=1)).strip()
    digits = _digits_of(number)
    plain = number if digits else text
    said = tuple(word[:WORD_CHARS] for word in folded_words(plain))
    words = tuple(dict.fromkeys(said))[:MAX_WORDS]
    kind = Typed.NUMBER if digits else Typed.ADDRESS if _ADDRESS.fullmatch(text.strip()) else Typed.WORDS
    return Search(words, said[:WORD_CHARS], tags, kind, digits) if words else None


def apart(text: str) -> tuple[str, Words]:
    """Take the words out of what was typed: gives a text that means the same with blanks in their place, and them.

    Numbers keep their digits, for their zeros have a meaning, and so does what has to be cut or cannot be told.
    """
    search = search_of(text, frozenset())
    if search is None or search.kind is Typed.NUMBER or not _can_be_blanks(search):
        return text, NO_WORDS
    blanks, words = blanks_for(search.said)
    if search.kind is Typed.ADDRESS:
        return f"{blanks[0]}@{'.'.join(blanks[1:])}", words
    return " ".join(blanks), words


def _can_be_blanks(search: Search) -> bool:
    is_cut = len(joined(search.said)) < sum(map(len, search.said)) or len(search.words) < len(set(search.said))
    is_address = search.kind is Typed.ADDRESS
    is_plain = not any(is_untold(word) or (word.isdecimal() and len(word) >= MIN_DIGITS) for word in search.words)
    return is_plain and not is_cut and not (is_address and len(search.said) == 1)


def _digits_of(text: str) -> str:
    """Read a number, however it is parted; empty for what is none."""
    digits = joined(folded_words(text)) if _NUMBER.fullmatch(text) else ""
    if len(digits) < MIN_DIGITS:
        return ""
    return f"00{digits}" if text.startswith("+") else digits


def matches(text: str, sight: Sight, *, behind: sa.ColumnElement[int] = NOWHERE) -> sa.ColumnElement[bool]:
    """Turn what was typed into a condition; what holds neither letter nor digit finds nobody.

    Words of fields that the reader may not see are not looked at: a search must not tell what a page does not. Of rows
    that have numbers, those up to `behind` are left out.
    """
    search = search_of(text, sight.searched_tags(gone=False))
    if search is None:
        return sa.false()
    of_gone = replace(search, tags=sight.searched_tags(gone=True))
    found = indexed(search.match, users.c.search_text, behind=behind)
    return sa.and_(found, may_be_found(search.match, of_gone.match))


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
