"""Fold words so that what people type meets what people are called. Pure.

Accents fall away, letters that do not decompose are spelt out (ø, ł, ß, æ), apostrophes vanish (O'Brien is obrien),
and everything else that is neither a letter, a digit nor a vowel sign parts words. Characters of Chinese, Japanese and
Korean stand apart from other letters: a run of them is a word.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import dropwhile, groupby

_SPELT = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i",
    }
)  # fmt: skip
_APOSTROPHES = "'’‘ʼ`´"
_NO_APOSTROPHES = str.maketrans(dict.fromkeys(_APOSTROPHES))
_ONE_APOSTROPHE = str.maketrans(dict.fromkeys(_APOSTROPHES, "'"))
_APART = re.compile(f"[{_APOSTROPHES}]")
_CJK = re.compile(
    "["
    "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"  # Hangul, whole and taken apart
    "\u3005-\u3007\u303b\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # iteration marks, kana and their long sound
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "]"
)
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


_PLAIN = re.compile("[a-z0-9]+")
_BEHIND_LETTERS = "\u1100"
"""Up to here scripts are written in letters, and each of them folds by itself, whatever stands beside it."""


def folded_words(text: str) -> list[str]:
    """Split into folded words, in their order."""
    if (plain := plain_words(text)) is not None:
        return plain
    if text.isascii():
        return _PLAIN.findall(text.lower().translate(_NO_APOSTROPHES))
    return _letter_by_letter(text) if _is_in_letters(text) else folded_letters(text)


def plain_words(text: str) -> list[str] | None:
    """Split a text of which the words are the smallest pieces, too: no sign of a word is another's, none parts it.

    None for any other text. Most text is plain, and there are ten texts to a user.
    """
    if _APART.search(text) is not None:
        return None
    if text.isascii():
        return _PLAIN.findall(text.lower())
    return _letter_by_letter(text) if _is_in_letters(text) else None


def _is_in_letters(text: str) -> bool:
    return max(text) < _BEHIND_LETTERS and unicodedata.is_normalized("NFC", text)


def _letter_by_letter(text: str) -> list[str]:
    words = text.translate(_LETTERS).split()
    return words if "".join(words).isalnum() else [word for each in words if (word := _from_a_letter(each))]


def folded_letters(text: str) -> list[str]:
    """Split into folded words by looking at each letter: the rule, of which plain text is the short case."""
    again = _bare(text)
    return [word for kind, letters in groupby(again, _kind) if kind and (word := _from_a_letter("".join(letters)))]


def _bare(text: str) -> str:
    spelt = unicodedata.normalize("NFC", text).casefold().translate(_SPELT).translate(_NO_APOSTROPHES)
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", spelt) if _stands(letter))
    return bare.casefold().translate(_SPELT).translate(_NO_APOSTROPHES)


def folded(text: str) -> str:
    """Fold a whole text: its words, one space apart."""
    return " ".join(folded_words(text))


def folded_value(text: str) -> str:
    """Fold a whole text and keep its signs: C, C++ and C# are three. Empty for a blank text alone."""
    if text.isascii():
        return " ".join(text.lower().translate(_ONE_APOSTROPHE).split())
    spelt = _spelt_with_signs(unicodedata.normalize("NFC", text))
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", spelt) if _stands(letter))
    # What nobody sees is a value as well, if there is nothing else.
    return " ".join(_spelt_with_signs(bare).split()) or " ".join(text.split())


def _spelt_with_signs(text: str) -> str:
    return text.casefold().translate(_SPELT).translate(_ONE_APOSTROPHE)


def folded_atoms(text: str) -> list[str]:
    """Split into the smallest pieces at which a search may begin: parts of O'Brien, single characters of CJK."""
    if text.isascii():
        return _PLAIN.findall(text.lower())
    words = folded_words(_APART.sub(" ", unicodedata.normalize("NFC", text)))
    return [atom for word in words for atom in _characters(word)]


def is_cjk(word: str) -> bool:
    """Say whether a folded word is written in characters that are looked for wherever they stand."""
    return bool(_CJK.match(word))


def _characters(word: str) -> list[str]:
    """Part a word of CJK; a Korean syllable is one character, though folding takes it apart."""
    if not is_cjk(word):
        return [word]
    return [unicodedata.normalize("NFKD", letter) for letter in unicodedata.normalize("NFC", word)]


def _stands(letter: str) -> bool:
    """Say whether a letter is left when accents, enclosing marks and what nobody sees are taken away."""
    gone = unicodedata.combining(letter) or unicodedata.category(letter) in ("Cf", "Me")
    return not gone and not _INVISIBLE.match(letter)


def _kind(letter: str) -> int:
    """Tell letters that go into one word from others; 0 is what parts words."""
    if _CJK.match(letter):
        return 2 if letter.isalnum() else 0
    return 1 if letter.isalnum() or unicodedata.category(letter) in ("Mn", "Mc") else 0


def _from_a_letter(word: str) -> str:
    """Take away signs before the first letter, which have none to stand on."""
    return word if word[0].isalnum() else "".join(dropwhile(lambda letter: not letter.isalnum(), word))


class _Letters(dict[int, str]):
    """What each letter becomes, as the rule says; it is asked once for each, of at most a few thousand."""

    def __missing__(self, code: int) -> str:
        self[code] = "".join(letter if _kind(letter) else " " for letter in _bare(chr(code)))
        return self[code]


_LETTERS = _Letters()
