"""What somebody typed: who and where, the word, and the address that takes the answer. Pure and total.

Facts: docs.slack.dev, Implementing slash commands (the payload holds no role).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

NAME = "/usersync"
_MOST_LETTERS = 40
_MOST_SOUGHT = 200
_LINK = re.compile(r"<(?![@])(?:[^<>|]*\|)?([^<>|]*)>")
"""What Slack makes of addresses and channels (`should_escape`): the words in it are what was typed."""


class Word(StrEnum):
    """What can be asked for."""

    BARE = ""
    RESYNC = "resync"
    CONFIRM = "confirm"
    STATUS = "status"
    FIND = "find"
    OPEN = "open"
    HELP = "help"


_ALSO = {
    "resync --confirm": Word.CONFIRM,
    "resync confirm": Word.CONFIRM,
    "?": Word.HELP,
}
"""What people try who know the command line."""


@dataclass(frozen=True, slots=True)
class Typed:
    """One command. `word` is None where nobody knows it; `text` is what was typed, cut, for an answer that names it."""

    team_id: str
    user_id: str
    word: Word | None
    text: str
    response_url: str = field(repr=False)
    """A secret: whoever has it may speak in the channel."""
    sought: str = ""
    """Who is to be found, as it was typed, cut; a mention stays as Slack writes it."""


def read_typed(payload: Mapping[str, Any]) -> Typed:
    """Read the payload of a slash command; what is not there reads as empty."""
    said = " ".join(_text(payload.get("text")).split())
    word = _word(said.casefold())
    return Typed(
        team_id=_text(payload.get("team_id")),
        user_id=_text(payload.get("user_id")),
        word=word,
        text=said if len(said) <= _MOST_LETTERS else f"{said[:_MOST_LETTERS]}…",
        response_url=_text(payload.get("response_url")),
        sought=_sought(said) if word is Word.FIND else "",
    )


def _word(said: str) -> Word | None:
    if said in _ALSO:
        return _ALSO[said]
    if said.startswith(f"{Word.FIND} "):
        return Word.FIND
    return Word(said) if said in frozenset(Word) else None


def _sought(said: str) -> str:
    """Read who is to be found, behind the word."""
    rest = said[len(Word.FIND) :].strip()
    return html.unescape(_LINK.sub(r"\1", rest))[:_MOST_SOUGHT].strip()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
