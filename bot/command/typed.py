"""What somebody typed: who and where, the word, and the address that takes the answer. Pure and total.

Facts: docs.slack.dev, Implementing slash commands (the payload holds no role).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

NAME = "/usersync"
_MOST_LETTERS = 40


class Word(StrEnum):
    """What can be asked for."""

    BARE = ""
    RESYNC = "resync"
    CONFIRM = "confirm"
    STATUS = "status"
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


def read_typed(payload: Mapping[str, Any]) -> Typed:
    """Read the payload of a slash command; what is not there reads as empty."""
    said = " ".join(_text(payload.get("text")).split())
    return Typed(
        team_id=_text(payload.get("team_id")),
        user_id=_text(payload.get("user_id")),
        word=_word(said.casefold()),
        text=said if len(said) <= _MOST_LETTERS else f"{said[:_MOST_LETTERS]}…",
        response_url=_text(payload.get("response_url")),
    )


def _word(said: str) -> Word | None:
    if said in _ALSO:
        return _ALSO[said]
    return Word(said) if said in frozenset(Word) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
