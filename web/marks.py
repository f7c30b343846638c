"""Where a search found what it found: texts in stretches, those that match marked. Pure."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from db.fold import folded_words

_BARE = {code: None for code in range(128) if not chr(code).isalnum()}
"""What parts or adorns words in plain text."""


class Stretch(NamedTuple):
    """A part of a text; `hit` where it begins a word that was searched for."""

    text: str
    hit: bool


def marked(text: str, q: str, *, joins: str = "") -> tuple[Stretch, ...]:
    """Cut a text into stretches; without a search it is one.

    A word may run over hyphens and the like (annemarie), and over the characters of `joins` as well.
    """
    words = folded_words(q) if q and text else []
    if not words:
        return (Stretch(text, hit=False),) if text else ()
    hits = _hits(text, words, joins)
    if not any(hits):
        return (Stretch(text, hit=False),)
    stretches: list[Stretch] = []
    start = 0
    for end in range(1, len(text) + 1):
        # A mark over a letter stays with its letter.
        if end == len(text) or (hits[end] != hits[start] and not unicodedata.combining(text[end])):
            stretches.append(Stretch(text[start:end], hits[start]))
            start = end
    return tuple(stretches)


def words_not_in(q: str, *texts: str) -> list[str]:
    """Return the words of a search that begin no word of these texts."""
    return [word for word in folded_words(q) if not any(any(_hits(text, [word], "")) for text in texts)]


def _hits(text: str, words: list[str], joins: str) -> list[bool]:
    """Tell for each letter whether it belongs to a beginning of a word that was asked for."""
    if text.isascii():
        return _plain_hits(text, words, joins)
    hits = [False] * len(text)
    letters = _letters(text)
    firsts = {word[0] for word in words}
    for start, letter in enumerate(letters):
        if not letter or letter[0] not in firsts:
            continue
        begun = [word for word in words if word.startswith(letter) or letter.startswith(word)]
        if not begun or (start and letters[start - 1] and not _stands_alone(text[start])):
            continue
        for word in begun:
            for index in range(start, start + _length(text, letters, start, word, joins)):
                hits[index] = True
    return hits


def _plain_hits(text: str, words: list[str], joins: str) -> list[bool]:
    """Tell the same of a text in which each letter is itself: most words do not stand in it at all."""
    hits, lower = [False] * len(text), text.lower()
    bare = lower.translate(_BARE)
    letters: list[str] = []
    for word in words:
        start = lower.find(word[0]) if word in bare else -1
        while start >= 0:
            if not (start and lower[start - 1].isalnum()):
                if lower.startswith(word, start):
                    many = len(word)
                else:
                    letters = letters or _letters(text)
                    many = _length(text, letters, start, word, joins)
                hits[start : start + many] = [True] * many
            start = lower.find(word[0], start + 1)
    return hits


def _letters(text: str) -> list[str]:
    return [_spelt(char) for char in text]


def _length(text: str, letters: list[str], start: int, word: str, joins: str) -> int:
    """Return how many letters spell the word from a place on; 0 if they do not. A folded letter may be two (æ, ß)."""
    spelled = ""
    for index in range(start, len(text)):
        char, letter = text[index], letters[index]
        spelled += letter
        if spelled.startswith(word):
            return index + 1 - start
        is_gap = not letter and char.isspace() and char not in joins
        if is_gap or not word.startswith(spelled):
            return 0
    return 0


def _stands_alone(char: str) -> bool:
    """Say whether people look for a character wherever it stands in a word (CJK)."""
    return len(folded_words(f"a{char}")) > 1


@lru_cache(maxsize=4096)
def _spelt(char: str) -> str:
    return "".join(folded_words(char))
