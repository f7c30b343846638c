"""The words by which a user is found, each under a tag that tells from where it is. Pure.

`search_text` holds them as ` tagword tagword `, so that the beginning of a word of a title is `'% ttword%'`, and a
whole name, written as one word, `'% nxword %'`. A tag has two letters: MariaDB's index leaves out what is shorter than
three.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from db.fold import folded_atoms, folded_words, is_cjk, plain_words
from db.records import User
from db.visibility import CUSTOM_FIELD

WHOLE, HANDLE, NAME, TITLE, EMAIL, PHONE, CUSTOM = "nx", "nh", "nw", "tt", "ee", "pp", "cc"
"""Whole names, whole handles, and words of: both, title, e-mail address, phone number, custom fields together."""
ADDRESS, DIGITS = "ex", "pd"
"""A whole e-mail address, and the digits of a phone number from each of them on: seen by whoever sees `EMAIL`, `PHONE`.

What stands under `EMAIL` cannot tell a whole address: its tails stand there, and one of them is the company's domain.
"""
COLUMN_OF: Mapping[str, str] = {TITLE: "title", EMAIL: "email", PHONE: "phone", CUSTOM: "fields"}
"""What a policy may hide; names are for everybody."""
WORDED = frozenset({"name", "real_name", "display_name", "title", "email", "phone", "fields", "is_forgotten"})
"""Of what the words are made; of nothing else."""
_FIELD_MARKS = (string.ascii_lowercase + string.digits).replace(CUSTOM[1], "")
FIELD_TAGS = frozenset(CUSTOM[0] + mark for mark in _FIELD_MARKS)
"""One for each custom field, or for a few: readers from whom single ones are hidden search under these."""

SEARCH_TEXT_CHARS = 3000
"""Names come first, and what is beyond this is not searched."""
WORD_CHARS = 60
"""Of a longer word the beginning is kept, and looked for: engines have bounds of their own."""
TAILS = 16
"""In so many places of one text a search may begin; of a longer one, at its first words."""
MIN_DIGITS, DIGIT_TAILS = 5, 32
"""Fewer digits than these are no phone number; of a longer text than a number is, a search begins at its first ones."""
VALUE_CHARS = 200
"""Longer values of custom fields are prose."""
_LINK_OR_IDS = re.compile(r"\w+://|mailto:|[UW][A-Z0-9]{6,}(,[UW][A-Z0-9]{6,})*$")
_DIGITS = re.compile(r"\d+")
_TRUNK = re.compile(r"\(\s*0\s*\)")


def search_text_of(user: User) -> str:
    """Lay out the words by which a user is found; empty for the erased."""
    if user.is_forgotten:
        return ""
    words = dict.fromkeys(_tagged(user))
    whole = f" {' '.join(words)} " if words else ""
    if len(whole) <= SEARCH_TEXT_CHARS:
        return whole
    kept: list[str] = []
    room = SEARCH_TEXT_CHARS - 1
    for word in words:
        room -= len(word) + 1
        if room < 0:
            break
        kept.append(word)
    return f" {' '.join(kept)} " if kept else ""


def field_tag(field_id: str) -> str:
    """Give the tag of one custom field; some share one."""
    digest = hashlib.sha256(field_id.encode("utf-8", "surrogatepass")).digest()
    return CUSTOM[0] + _FIELD_MARKS[digest[0] % len(_FIELD_MARKS)]


def tags_seen(hidden: Collection[str]) -> frozenset[str]:
    """Name the tags under which nothing hidden stands; `hidden` holds columns, and ids of custom fields."""
    seen = {NAME, *(tag for tag, column in COLUMN_OF.items() if column not in hidden)}
    hidden_fields = {field_tag(name) for name in hidden if name.startswith(CUSTOM_FIELD)}
    if CUSTOM in seen and hidden_fields:
        seen = seen - {CUSTOM} | (FIELD_TAGS - hidden_fields)
    return frozenset(seen)


def joined(words: Iterable[str]) -> str:
    """Write words as one."""
    return "".join(words)[:WORD_CHARS]


def without_trunk(phone: str) -> str:
    """Leave out the (0) that is dialled by whoever is in the country, and written for nobody else."""
    return _TRUNK.sub(" ", phone)


def _tagged(user: User) -> list[str]:
    """Give the words in the order of their worth."""
    called = [name for name in (user.real_name, user.display_name) if name]
    names = [*called, user.name] if user.name else called
    parts_of = {name: _parts(name) for name in names}
    words_of = [parts_of[name][0] for name in names]
    found = _under(WHOLE, [joined(words) for words in words_of[: len(called)]])
    if user.name:
        found += _under(HANDLE, [joined(words_of[-1])])
    found += _under(NAME, [word for words in words_of for word in words])
    found += _under(NAME, [tail for _, atoms in parts_of.values() for tail in _tails(atoms)])
    if user.title:
        found += _under(TITLE, _words(user.title))
    if user.email:
        email, atoms = _parts(user.email)
        found += _under(ADDRESS, [joined(email)])
        found += _under(EMAIL, [*_tails(email), *_and_within(user.email, email, atoms)])
    if user.phone:
        found += _of_phone(without_trunk(user.phone))
    if user.fields:
        found += _of_fields(user.fields)
    return found


def _of_phone(phone: str) -> list[str]:
    words, atoms = _parts(phone)
    groups = [group for word in words for group in _DIGITS.findall(word)]
    found = _under(PHONE, [*groups, *_tails(groups), *_and_within(phone, words, atoms)])
    return found + _under(DIGITS, _digit_tails(groups))


def _of_fields(fields: Mapping[str, Any]) -> list[str]:
    values = [(field_id, word) for field_id, value in values_in_words(fields) for word in _words(value)]
    found = _under(CUSTOM, [word for _, word in values])
    return found + [each for field_id, word in values for each in _under(field_tag(field_id), [word])]


def _under(tag: str, words: Iterable[str]) -> list[str]:
    return [tag + word[:WORD_CHARS] for word in words if word]


def _parts(text: str) -> tuple[list[str], list[str]]:
    """Give the words of a text, and the smallest pieces of it at which a search may begin: mostly the same."""
    plain = plain_words(text)
    return (folded_words(text), folded_atoms(text)) if plain is None else (plain, plain)


def _words(text: str) -> list[str]:
    """Give the words of a text, and whatever else of it a search may begin with."""
    return _and_within(text, *_parts(text))


def _and_within(text: str, words: list[str], atoms: list[str]) -> list[str]:
    """Give beside the words what a search may begin with inside of them: parts of O'Brien, tails of CJK."""
    if atoms is words:
        return words
    if text.isascii():
        return words + atoms
    tails = [tail for word in words if is_cjk(word) for tail in _tails(folded_atoms(word))]
    return words + tails + [atom for atom in atoms if not is_cjk(atom)]


def _tails(atoms: list[str]) -> list[str]:
    """Write neighbours as one word, from each of them to the end, so that any run of them begins one."""
    return ["".join(atoms[start:])[:WORD_CHARS] for start in range(min(len(atoms), TAILS))]


def _digit_tails(groups: list[str]) -> list[str]:
    """Write a number from each of its digits to the end: in whatever groups it is typed, it begins one of them."""
    digits = joined(groups)
    return [digits[start:] for start in range(min(len(digits) - MIN_DIGITS + 1, DIGIT_TAILS))]


def values_in_words(fields: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    """Give what custom fields say in words, by their ids: no links, no ids of people, no prose."""
    for field_id, said in (fields or {}).items():
        for text in (said.get("value"), said.get("alt")) if isinstance(said, Mapping) else ():
            if isinstance(text, str) and len(text) <= VALUE_CHARS and not _LINK_OR_IDS.match(text):
                yield str(field_id), text
