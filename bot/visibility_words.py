"""Reads the visibility policy as an operator writes it, `phone=admins email=nobody`, and says what is wrong with it."""

from __future__ import annotations

import difflib
import re

from db.visibility import CUSTOM_FIELD, FIELDS, GROUP_OF, Audience

_PAIR = re.compile(r"(?P<name>[A-Za-z0-9_]+)\s*[=:]\s*(?P<audience>[A-Za-z]+)")
_NAMES_OF_PEOPLE = frozenset({"id", "name", "real_name", "display_name", "first_name", "last_name"})


def audiences(value: object) -> object:
    """Read the pairs; a column's name stands for its field. Raises ValueError, in words."""
    if not isinstance(value, str):
        return value
    found: dict[str, Audience] = {}
    for text in re.split(r"[\s,;]+", re.sub(r"\s*([=:])\s*", r"\1", value.strip())):
        pair = _PAIR.fullmatch(text)
        if pair is None:
            raise ValueError(f"write a field and for whom it is, like phone=admins; {text[:80]!r} is not that")
        name, audience = _name(pair["name"]), _audience(pair["name"], pair["audience"])
        if found.setdefault(name, audience) is not audience:
            raise ValueError(f"{name} is named twice, for different people")
    return found


def _name(word: str) -> str:
    if re.fullmatch(rf"{CUSTOM_FIELD}[A-Za-z0-9]{{1,62}}", word):
        return word
    if (name := word.lower()) in FIELDS:
        return name
    if name in GROUP_OF:
        return GROUP_OF[name]
    if name in _NAMES_OF_PEOPLE:
        raise ValueError(f"{name}: a directory shows names; to keep single people out of it: usersync hide")
    near = difflib.get_close_matches(name, [*FIELDS, *GROUP_OF], n=1)
    hint = f"did you mean {near[0]}?" if near else f"it can be {', '.join(FIELDS)}, or a custom field's id"
    raise ValueError(f"there is no field {word[:40]!r}; {hint}")


def _audience(name: str, word: str) -> Audience:
    try:
        return Audience(word.lower())
    except ValueError:
        known = ", ".join(each.value for each in Audience)
        raise ValueError(f"{name[:40]} can be for {known}, and not for {word[:40]!r}") from None
