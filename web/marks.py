"""Where a search found what it found: texts in stretches, those that match marked. Pure."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple


class Stretch(NamedTuple):
    """A part of a text; `hit` where it begins a word that was searched for."""

    text: str
    hit: bool


def marked(text: str, q: str) -> tuple[Stretch, ...]:
    """Cut a text into stretches; without a search it is one."""
    words = [_folded(word) for word in q.split()]
    if not text or not words:
        return (Stretch(text, hit=False),) if text else ()
    hits = _hits([_folded(char) for char in text], [word for word in words if word])
    stretches: list[Stretch] = []
    for char, hit in zip(text, hits, strict=True):
        # A mark over a letter stays with its letter.
        if stretches and (stretches[-1].hit == hit or unicodedata.combining(char)):
            stretches[-1] = Stretch(stretches[-1].text + char, stretches[-1].hit)
        else:
            stretches.append(Stretch(char, hit))
    return tuple(stretches)


def _hits(letters: list[str], words: list[str]) -> list[bool]:
    """Tell for each letter whether it belongs to a beginning of a word that was asked for."""
    hits = [False] * len(letters)
    for start in range(len(letters)):
        if start and letters[start - 1].isalnum():
            continue
        for word in words:
            for index in range(start, start + _length(letters[start:], word)):
                hits[index] = True
    return hits


def _length(letters: list[str], word: str) -> int:
    """Return how many letters spell the word from here on; 0 if they do not. A folded letter may be two (æ, ß)."""
    spelled = ""
    for count, letter in enumerate(letters, start=1):
        spelled += letter
        if spelled.startswith(word):
            return count
        if not word.startswith(spelled):
            return 0
    return 0


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))
