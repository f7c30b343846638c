"""A slip of one letter: which words somebody may have meant who typed one that nobody has. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator

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

_RUN = re.compile(r"[^\W_]+(?:['’‘ʼ`´][^\W_]+)*")
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


def best_of(texts: Iterable[Collection[str | None]], wanted: Collection[str], *, whole: bool) -> str:
    """Choose the word that most people have, of those that are wanted, or begin so; empty where nobody has any.

    `texts` holds names and titles, one collection a person. The answer is written as most of them write it; ties go by
    the alphabet.
    """
    people: Counter[str] = Counter()
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    sizes = sorted({len(each) for each in wanted})
    for of_person in texts:
        written = {(word, spelling) for text in of_person for word, spelling in spelt(text or "")}
        meant = {word for word, _ in written if _is_wanted(word, wanted, sizes, whole=whole)}
        people.update(meant)
        for word, spelling in written:
            if word in meant:
                spellings[word][spelling] += 1
    return _first(spellings[_first(people)]) if people else ""


def spelt(text: str) -> Iterator[tuple[str, str]]:
    """Give the folded words of a text, each as it is written there."""
    for run in _RUN.findall(text):
        words = folded_words(run)
        yield from ((word, run if len(words) == 1 else word) for word in words)


def corrected(typed: str, word: str, better: str) -> str:
    """Write what was typed once more, with a better word in the place of a folded one."""
    text = _RUN.sub(lambda run: better if folded_words(run[0]) == [word] else run[0], typed)
    if text == typed:
        text = " ".join(better if each == word else each for each in folded_words(typed))
    return text.strip().removeprefix("@")


def _is_wanted(word: str, wanted: Collection[str], sizes: list[int], *, whole: bool) -> bool:
    return word in wanted or (not whole and any(word[:size] in wanted for size in sizes))


def _first(counter: Counter[str]) -> str:
    return min(counter, key=lambda each: (-counter[each], each))


def _alphabet_of(word: str) -> str:
    return next((letters for letters in ALPHABETS if set(word) <= set(letters)), "")
