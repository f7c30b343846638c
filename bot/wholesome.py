"""What no engine can store is found before anything is written; the reason is said without quoting the payload."""

from __future__ import annotations

MAX_DEPTH = 16
"""Slack's own user objects are four deep."""
MAX_TEXT_CHARS = 8_000
"""Far beyond any field of Slack's, and short enough for every engine and page."""

_CONTAINERS = frozenset({dict, list})
"""As JSON is read: what it gives is never of a kind that only resembles one of these, and a user has eighty values."""


class MalformedUser(Exception):
    """A user object that cannot be read. The message is the reason: one clause, without anything of the payload."""


def check_wholesome(value: object) -> None:
    """Refuse NUL bytes, lone surrogates, endless text and deep nesting, wherever they stand. Raises MalformedUser."""
    texts: list[str] = []
    level = [value]
    for _ in range(MAX_DEPTH):
        inside: list[object] = []
        for container in level:
            if type(container) is dict:
                texts += container  # its keys, which are text in all JSON
                inside += container.values()
            elif type(container) is list:
                inside += container
        texts += [each for each in inside if type(each) is str]
        level = [each for each in inside if type(each) in _CONTAINERS]
        if not level:
            break
    else:
        raise MalformedUser(f"it is nested more than {MAX_DEPTH} deep")
    _check_texts(texts)


def _check_texts(texts: list[str]) -> None:
    """Look at all of them at once: a user has eighty, and a page of users a thousand times as many."""
    everything = "".join(texts)
    if len(everything) > MAX_TEXT_CHARS and (longest := max(map(len, texts))) > MAX_TEXT_CHARS:
        raise MalformedUser(f"it holds a text of {longest:,} characters; {MAX_TEXT_CHARS:,} at most")
    if "\0" in everything:
        raise MalformedUser("it holds a NUL byte")
    # Two halves that meet in the joined text would still be two lone surrogates to Python, and are refused.
    try:
        everything.encode()
    except UnicodeEncodeError:
        raise MalformedUser("it holds half a character (a lone surrogate)") from None
