"""People as an answer shows them: a line for each with a name that may be a link, and a smaller one below. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.blocks.replies import escape

MOST_LETTERS = 150
"""Of a name, a title or what was typed: a card is for a glance."""


@dataclass(frozen=True, slots=True)
class Card:
    """One person. What is empty is not shown."""

    name: str
    url: str = ""
    """Where the name leads."""
    badges: Sequence[str] = ()
    """Words that tell this person from a usual colleague."""
    title: str = ""
    clock: str = ""
    when: str = ""
    """Since when what is told is so; in Slack's markup already."""
    user_id: str = ""
    """In Slack, for a mention that opens who that is there; an answer to one person calls nobody by it."""


def card(person: Card) -> str:
    """Write a card in Slack's markup."""
    name = plain(person.name)
    head = [f"*<{person.url}|{name}>*" if person.url else f"*{name}*", *(f"_{escape(each)}_" for each in person.badges)]
    mention = f"<@{person.user_id}>" if person.user_id else ""
    below = [each for each in (plain(person.title), escape(person.clock), mention) if each]
    return "\n".join(filter(None, [" · ".join(head), " · ".join(below)]))


def line(person: Card) -> str:
    """Write somebody on a single line of a list; nobody is called by it."""
    name = plain(person.name)
    head = f"*<{person.url}|{name}>*" if person.url else f"*{name}*"
    badges = [f"_{escape(each)}_" for each in person.badges]
    return "• " + " · ".join(filter(None, [head, *badges, plain(person.title), escape(person.clock), person.when]))


def plain(text: str) -> str:
    """Write what others wrote as one line without markup, cut; signs that would begin bold or code are left out."""
    line = " ".join(text.split())
    line = line if len(line) <= MOST_LETTERS else f"{line[:MOST_LETTERS]}…"
    return escape(line.translate(dict.fromkeys(map(ord, "*`~"))))
