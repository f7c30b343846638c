"""What no engine can store is found before anything is written; the reason is said without quoting the payload."""

from __future__ import annotations

from collections.abc import Iterator

MAX_DEPTH = 16
"""Slack's own user objects are four deep."""
MAX_TEXT_CHARS = 8_000
"""Far beyond any field of Slack's, and short enough for every engine and page."""


class MalformedUser(Exception):
    """A user object that cannot be read. The message is the reason: one clause, without anything of the payload."""


def check_wholesome(value: object) -> None:
    """Refuse NUL bytes, lone surrogates, endless text and deep nesting, wherever they stand. Raises MalformedUser."""
    level = [value]
    for _ in range(MAX_DEPTH):
        for container in level:
            for each in _texts(container):
                _check_text(each)
        level = [each for container in level for each in _inner(container)]
        if not level:
            return
    raise MalformedUser(f"it is nested more than {MAX_DEPTH} deep")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (key for key in value if isinstance(key, str))
        yield from (each for each in value.values() if isinstance(each, str))
    elif isinstance(value, list):
        yield from (each for each in value if isinstance(each, str))


def _inner(value: object) -> Iterator[object]:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (each for each in inside if isinstance(each, dict | list))


def _check_text(text: str) -> None:
    if len(text) > MAX_TEXT_CHARS:
        raise MalformedUser(f"it holds a text of {len(text):,} characters; {MAX_TEXT_CHARS:,} at most")
    if "\0" in text:
        raise MalformedUser("it holds a NUL byte")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise MalformedUser("it holds half a character (a lone surrogate)") from None
