"""What somebody typed: who and where, the word, what stands behind it, and the address that takes the answer. Total.

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
MOST_SOUGHT = 200
_LINK = re.compile(r"<(?![@])(?:[^<>|]*\|)?([^<>|]*)>")
"""What Slack makes of addresses and channels (`should_escape`): the words in it are what was typed."""
_MENTION = re.compile(r"<@([UW][A-Z0-9]{1,63})(?:\|[^>]*)?>")


class Word(StrEnum):
    """What can be asked for."""

    BARE = ""
    RESYNC = "resync"
    CONFIRM = "confirm"
    STATUS = "status"
    FIND = "find"
    CHANGES = "changes"
    OPEN = "open"
    DEAD_LETTERS = "dead-letters"
    ALERTS = "alerts"
    DIGEST = "digest"
    HELP = "help"


TAKES_MORE = frozenset({Word.RESYNC, Word.FIND, Word.CHANGES, Word.ALERTS, Word.DIGEST})
"""What may be followed by something."""
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
    channel_id: str = ""
    """Where it was typed."""
    rest: str = ""
    """What stood behind the word, as Slack wrote it, cut."""

    @property
    def sought(self) -> str:
        """Who is to be found, as it was typed, cut; a mention stays as Slack writes it."""
        return as_typed(self.rest) if self.word is Word.FIND else ""


def read_typed(payload: Mapping[str, Any]) -> Typed:
    """Read the payload of a slash command; what is not there reads as empty."""
    said = " ".join(text_of(payload.get("text")).split())
    word, rest = _word(said)
    return Typed(
        team_id=text_of(payload.get("team_id")),
        user_id=text_of(payload.get("user_id")),
        word=word,
        text=said if len(said) <= _MOST_LETTERS else f"{said[:_MOST_LETTERS]}…",
        response_url=text_of(payload.get("response_url")),
        channel_id=text_of(payload.get("channel_id")),
        rest=rest,
    )


def mention_of(text: str) -> str:
    """Tell the id of whoever is mentioned, and nothing else said; empty where that is not so."""
    found = _MENTION.fullmatch(text)
    return found[1] if found else ""


def as_typed(text: str) -> str:
    """Give a text as it was typed, cut, before Slack escaped it."""
    return html.unescape(_LINK.sub(r"\1", text))[:MOST_SOUGHT].strip()


def text_of(value: object) -> str:
    """Read a value that should be a text; anything else reads as empty."""
    return value if isinstance(value, str) else ""


def _word(said: str) -> tuple[Word | None, str]:
    """Tell the word, and what stands behind it."""
    if also := _ALSO.get(said.casefold()):
        return also, ""
    first, _, rest = said.partition(" ")
    known = first.casefold()
    word = Word(known) if known in frozenset(Word) else None
    if word is None or (rest and word not in TAKES_MORE):
        return None, ""
    return word, rest
