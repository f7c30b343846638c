"""Blanks in the place of the words of a search, so that a statement is written once for all that are typed alike. Pure.

To write and key a statement takes SQLAlchemy longer than an engine to find a rare word. A blank is a letter that stands
for a word, or two of them for a word of more than one letter; whatever is made of blanks is a parameter of its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.sql import visitors

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

_FIRST, MANY = 0xA000, 60
"""Of the syllables of Yi: letters that fold into themselves, and of which no part is a word."""
_ENDING = _FIRST + MANY
_NAME = "asked_"

Made = TypeVar("Made")
Words = Mapping[int, str | None]
"""What is said in the place of each blank."""
NO_WORDS: Words = {}


def blanks_for(said: Iterable[str]) -> tuple[list[str], Words]:
    """Give a blank for each word, the same one for the same word, and what they stand for."""
    number_of = {word: number for number, word in enumerate(dict.fromkeys(said))}
    blanks = [chr(_FIRST + number_of[word]) + (chr(_ENDING) if len(word) > 1 else "") for word in said]
    return blanks, {_ENDING: None} | {_FIRST + number: word for word, number in number_of.items()}


def asked(text: str, type_: sa.types.TypeEngine[str] | None = None) -> sa.ColumnElement[str]:
    """Compare with a text: as it is, or as a parameter that can be told where there are blanks in it."""
    told = type_ or sa.String()
    if not any(_FIRST <= ord(letter) <= _ENDING for letter in text):
        return sa.literal(text, told)
    return sa.bindparam(_NAME + blake2b(text.encode(), digest_size=8).hexdigest(), text, type_=told)


def shared(make: _lru_cache_wrapper[Made], words: Words) -> Callable[..., Made]:
    """Give what makes something of a search: once for all that are typed alike, but anew where no blank stands in it.

    Such a one is nobody else's, and would push out what others ask for.
    """
    return make if words else make.__wrapped__


@dataclass(frozen=True, slots=True)
class Kept:
    """A statement, and the texts with blanks that it is told, by the names of its parameters."""

    statement: sa.Select[Any]
    texts: tuple[tuple[str, str], ...]

    def told(self, words: Words) -> dict[str, Any]:
        """Fill the blanks."""
        return {name: text.translate(words) for name, text in self.texts}


def kept(statement: sa.Select[Any]) -> Kept:
    """Look for what a statement has to be told."""
    compared = (each for each in visitors.iterate(statement) if isinstance(each, sa.BindParameter))
    texts = {each.key: str(each.value) for each in compared if each.key.startswith(_NAME)}
    return Kept(statement, tuple(texts.items()))
