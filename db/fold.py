"""Fold words so that what people type meets what people are called. Pure.

Accents fall away, letters that do not decompose are spelt out (ø, ł, ß, æ), apostrophes vanish (O'Brien is obrien),
everything else that is neither letter nor digit parts words, and every CJK character is a word of its own, for people
look for it wherever it stands.
"""

from __future__ import annotations

import re
import unicodedata

_SPELT = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i",
        "'": None, "’": None, "‘": None, "ʼ": None, "`": None, "´": None,
    }
)  # fmt: skip
_CJK = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ffff])")
_GAPS = re.compile(r"[\W_]+")


def folded_words(text: str) -> list[str]:
    """Split into folded words, in their order."""
    spelt = unicodedata.normalize("NFC", text).casefold().translate(_SPELT)
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", spelt) if not unicodedata.combining(letter))
    return _GAPS.sub(" ", _CJK.sub(r" \1 ", bare.casefold().translate(_SPELT))).split()


def folded(text: str) -> str:
    """Fold a whole text: its words, one space apart."""
    return " ".join(folded_words(text))
