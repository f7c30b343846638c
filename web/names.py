"""How people are named on a page: the name, its initials and its letter in the margin. Pure."""

from __future__ import annotations

import re
import unicodedata

from db.records import User

_PARTICLES = "al as bin bint da de del della den der des di do dos du el ibn la le les of the van vom von y zu zum zur"
PARTICLES = frozenset(_PARTICLES.split())
"""Parts of a name that no initial is taken from, unless nothing else is left."""

_WHOLE_SCRIPTS = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "ARABIC")
"""Scripts where one letter stands alone: two would be a different word, or join into a false one."""

MOST_MARKS = 3
"""Of one letter: every script is written with fewer, and a pile of them spills over its neighbours."""
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_UNRULY = re.compile("[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def name_of(user: User) -> str:
    """Return the real name; where there is none the display name, then the handle, and the id as a last resort."""
    for spoken in (user.real_name, user.display_name, user.name):
        if spoken and (name := spoken.strip()):
            return name
    return user.id


def second_name_of(user: User) -> str:
    """Return the display name where it tells something that the name does not."""
    display_name = (user.display_name or "").strip()
    return "" if display_name.casefold() == name_of(user).casefold() else display_name


def first_name_of(user: User) -> str:
    """Return what a sentence calls the person: the first name where Slack has one, else the whole name."""
    return (user.first_name or "").strip() or name_of(user)


def plain(text: str) -> str:
    """Drop control characters and direction marks, for places where no `bdi` can hold them, such as a title."""
    return _UNRULY.sub("", text)


def initials(name: str, handle: str = "") -> str:
    """Return one or two letters for a person without a picture; nothing where there is no letter at all."""
    composed = name if name.isascii() else unicodedata.normalize("NFC", name)
    whole = _ASIDE.sub(" ", composed) if "(" in composed or "[" in composed else composed
    parts = [part for part in whole.split() if _has_letter(part)]
    parts = [part for part in parts if part.casefold() not in PARTICLES] or parts
    if not parts:
        return _upper(_first_letter(handle))
    first, last = _first_letter(parts[0]), _first_letter(parts[-1])
    if len(parts) == 1 or _stands_alone(first):
        return _upper(first)
    return _upper(first) if _stands_alone(last) else _upper(first) + _upper(last)


def margin_letter(sort_key: str) -> str:
    """Return the letter under which a list in name order files this person."""
    return _upper(_first_letter(sort_key)) or "#"


def _has_letter(text: str) -> bool:
    return text[:1].isalpha() or any(unicodedata.category(char).startswith("L") for char in text)


def _first_letter(text: str) -> str:
    """Return the first letter with the marks that belong to it, as far as they are no pile."""
    if text.isascii() and text[:1].isalpha():
        return text[0]
    for index, char in enumerate(text):
        if unicodedata.category(char).startswith("L"):
            end = index + 1
            while end - index <= MOST_MARKS and end < len(text) and unicodedata.category(text[end]).startswith("M"):
                end += 1
            return text[index:end]
    return ""


def _stands_alone(letter: str) -> bool:
    return not letter.isascii() and unicodedata.name(letter[0], "").startswith(_WHOLE_SCRIPTS)


def _upper(letter: str) -> str:
    """Upper-case a letter only where that stays one letter: ß would become two."""
    upper = letter.upper()
    return upper if len(upper) == len(letter) else letter
