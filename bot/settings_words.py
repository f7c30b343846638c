"""Problems with settings in words: which name, what is wrong, how to mend it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from pydantic import ValidationError

MAKE_A_KEY = "Make one with `openssl rand -base64 32`, and keep it: with another one everybody has to sign in again."


class SettingsError(Exception):
    """One or more settings are missing or wrong; `problems` has a sentence or two for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def in_words(error: ValidationError) -> list[str]:
    """Tell pydantic's findings, a line each, without quoting what may be a secret."""
    return [f"{each['loc'][0]}: {_remedy(each['type'], each.get('ctx') or {}, each['msg'])}" for each in error.errors()]


def unknown_names(given: Iterable[str], known: Iterable[str], prefix: str) -> list[str]:
    """Tell names that bear our prefix and mean nothing: a typing error must not go unseen."""
    names = {name.removeprefix(prefix): name for name in sorted(known) if name.startswith(prefix)}
    found: list[str] = []
    for name in sorted(given):
        own = name.removeprefix(prefix)  # what all names share would make any two of them look alike
        if not name.startswith(prefix) or own in names:
            continue
        near = difflib.get_close_matches(own, names, n=1, cutoff=0.6)
        hint = f"Did you mean {names[near[0]]}?" if near else "Take it out."
        found.append(f"{name}: there is no such setting. {hint}")
    return found


def wrong_public_url(url: str) -> str:
    """Say what is wrong with the address that people type; nothing where it is right."""
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return "it is no address."
    if parts.scheme not in ("http", "https") or not has_host or re.search(r"[\s\\]", url):
        return "it must be an http or https address with a host."
    if not _has_one_spelling(parts.hostname or ""):
        return "write its name in the letters that a browser sends: the form that begins with xn--."
    if parts.username is not None or parts.password is not None:
        return "it must name nobody."
    if parts.query or parts.fragment or url[-1] in "?#":
        return "nothing may follow the host: no ? and no #."
    if parts.path.strip("/"):
        return "the directory cannot live below a path; give it a host name of its own."
    return ""


def _has_one_spelling(name: str) -> bool:
    """Say whether a name can be put into ASCII and back: of ß, say, there are two opinions, and two owners."""
    try:
        return name.isascii() or name.encode("idna").decode("idna") == name
    except UnicodeError:
        return False


def _remedy(kind: str, context: dict[str, object], message: str) -> str:
    match kind:
        case "literal_error":
            return f"it can be {context.get('expected')}."
        case "int_parsing" | "int_type":
            return "it must be a whole number."
        case "greater_than_equal":
            return f"it must be at least {context.get('ge')}."
        case "less_than_equal":
            return f"it must be at most {context.get('le')}."
        case "value_error":
            return f"{context.get('error')}."
        case _:
            return f"{message}."
