"""A slip of one letter: which words somebody may have meant who typed one that nobody has. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Set
from functools import cache, partial

from db.fold import folded_words

SHORTEST, LONGEST = 3, 20
"""Of words that are forgiven: in a shorter one too much could be meant, for a longer one too much be asked."""
ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz",
    "αβγδεζηθικλμνξοπρστυφχψω",
    "абвгдежзиклмнопрстуфхцчшщъыьэюяєіґђјљњћџ",
    "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
    "ءابةتثجحخدذرزسشصضطظعغفقكلمنهويىپچژکگی",
)
"""As folding leaves their letters. Other scripts have no single letters to slip, or too many."""

_APOSTROPHE = re.compile("['’‘ʼ`´]")
_RUN = re.compile(rf"[^\W_]+(?:{_APOSTROPHE.pattern}[^\W_]+)*")
"""Letters as somebody writes a word: O'Brien is one."""


def could_be_slip(word: str) -> bool:
    """Say whether a folded word is one of whose letters one may be wrong."""
    return bool(_alphabet_of(word)) and SHORTEST <= len(word) <= LONGEST


def variants(word: str) -> frozenset[str]:
    """Give every word at one edit from a folded one: a letter changed, missed, too many, or two neighbours swapped."""
    letters = _alphabet_of(word)
    halves = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    found = {head + letter + tail for head, tail in halves for letter in letters}
    found |= {head + letter + tail[1:] for head, tail in halves if tail for letter in letters}
    found |= {head + tail[1:] for head, tail in halves if tail}
    found |= {head + tail[1] + tail[0] + tail[2:] for head, tail in halves if len(tail) > 1}
    return frozenset(found - {word})


def beginnings(word: str) -> frozenset[str]:
    """Give the variants with which a longer word may begin: two letters begin too many."""
    return frozenset(each for each in variants(word) if len(each) >= SHORTEST)


def best_of(texts: Iterable[Collection[str | None]], wanted: Set[str], *, whole: bool) -> str:
    """Choose the word that most people have, of those that are wanted, or begin so; empty where nobody has any.

    `texts` holds names and titles, one collection a person. The answer is written as most of them write it; ties go by
    the alphabet.
    """
    people: Counter[str] = Counter()
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    read = cache(partial(_wanted_in, wanted=wanted, whole=whole))  # first names and titles come again and again
    for of_person in texts:
        written = {each for text in of_person for run in _RUN.findall(text or "") for each in read(run)}
        people.update({word for word, _ in written})
        for word, spelling in written:
            spellings[word][spelling] += 1
    return _first(spellings[_first(people)]) if people else ""


def corrected(typed: str, word: str, better: str) -> str:
    """Write what was typed once more, with a better word in the place of a folded one."""
    text = _RUN.sub(lambda run: better if folded_words(run[0]) == [word] else run[0], typed)
    if text == typed:
        text = " ".join(better if each == word else each for each in folded_words(typed))
    return text.strip().removeprefix("@")


def _wanted_in(run: str, *, wanted: Set[str], whole: bool) -> list[tuple[str, str]]:
    """Give those folded words of a run that are wanted, each as it is written there; O'Brien is Brien as well."""
    parts = _APOSTROPHE.split(run)
    written = [(word, run if len(words) == 1 else word) for words in (folded_words(run),) for word in words]
    written += [(word, part) for part in parts if len(parts) > 1 for word in folded_words(part)]
    return [
        (word, spelling)
        for word, spelling in written
        if word in wanted or not (whole or wanted.isdisjoint(word[:size] for size in range(SHORTEST, len(word))))
    ]


def _first(counter: Counter[str]) -> str:
    return min(counter, key=lambda each: (-counter[each], each))


def _alphabet_of(word: str) -> str:
    return next((letters for letters in ALPHABETS if set(word) <= set(letters)), "")
