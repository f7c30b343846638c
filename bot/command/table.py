"""The words of `/usersync`: one table, from which help, suggestions and the manifest's usage hint are made. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from bot.blocks.replies import escape
from bot.command.typed import NAME, Word

_NEAR = 0.6


class Whom(StrEnum):
    """For whom a word is."""

    EVERYBODY = "everybody"
    ADMINS = "admins and owners"


@dataclass(frozen=True, slots=True)
class Entry:
    """One word."""

    word: Word
    usage: str
    """What is typed behind `/usersync`; brackets hold what may be left out."""
    help: str
    """What it does, in a line without a full stop."""
    whom: Whom = Whom.EVERYBODY


TABLE = (
    Entry(Word.OPEN, "open", "open the people directory"),
    Entry(Word.FIND, "find TEXT", "find people by any part of name, title, e-mail address or phone number"),
    Entry(Word.CHANGES, "changes [7d]", "who joined, left and moved lately"),
    Entry(Word.STATUS, "status", "how fresh the directory is, and what is wrong if something is"),
    Entry(Word.RESYNC, "resync [@user]", "read everybody from Slack again, or one person", Whom.ADMINS),
    Entry(
        Word.CONFIRM,
        "confirm",
        "read again after a resync was held, and believe that many people are gone",
        Whom.ADMINS,
    ),
    Entry(Word.DEAD_LETTERS, "dead-letters", "unreadable events: try them again, or drop them", Whom.ADMINS),
    Entry(Word.ALERTS, "alerts here|off", "post alerts into this channel, or nowhere", Whom.ADMINS),
    Entry(Word.DIGEST, "digest here|off", "every week, who joined, left and moved, in this channel", Whom.ADMINS),
    Entry(Word.HELP, "help", "this list"),
)


def entries(*, has_places: bool) -> tuple[Entry, ...]:
    """Tell the words that do something here; of alerts and digest only where something keeps where they go."""
    return tuple(each for each in TABLE if has_places or each.word not in (Word.ALERTS, Word.DIGEST))


def help_words(table: Sequence[Entry]) -> str:
    """List the words, what each does, and for whom it is where it is not for everybody."""
    lines = [f"• `{NAME} {escape(each.usage)}`: {escape(each.help)}{_for(each.whom)}" for each in table]
    bare = f"`{NAME}` alone is `resync` for {Whom.ADMINS}, and `open` for everybody else."
    return "\n".join(["*What you can ask of me*", *lines, bare])


def usage_hint(table: Sequence[Entry]) -> str:
    """Say in a line what can be typed: Slack shows it while somebody types."""
    return " | ".join(each.usage for each in table)


def nearest(typed: str, table: Sequence[Entry]) -> Word | None:
    """Tell the word that was probably meant; None where nothing is near."""
    words = [each.word.value for each in table]
    whole = typed.casefold()
    first = whole.partition(" ")[0]
    if first in words:
        return Word(first)
    found = get_close_matches(first, words, n=1, cutoff=_NEAR) or get_close_matches(
        whole.replace(" ", "-"), words, n=1, cutoff=_NEAR
    )
    return Word(found[0]) if found else None


def _for(whom: Whom) -> str:
    return "" if whom is Whom.EVERYBODY else f" ({whom})"
