"""An answer in Slack: paragraphs and rows of buttons, and the same in plain text for notifications. Pure.

Limits: docs.slack.dev, Blocks (a section holds 3,000 letters, a message 50 blocks, a button's address 3,000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

MOST_LETTERS = 3_000
MOST_PARAGRAPHS = 20
MOST_ADDRESS = 3_000
MOST_QUESTION = 300


@dataclass(frozen=True, slots=True)
class Button:
    """A button that opens an address, and a small line below it; empty where there is nothing to add."""

    label: str
    url: str
    action_id: str
    hint: str = ""
    is_main: bool = True
    """Whether it is what most people come for."""


@dataclass(frozen=True, slots=True)
class Question:
    """What Slack asks whoever presses a button, before it tells us."""

    title: str
    words: str
    """In Slack's markup; names and foreign words in them are escaped already."""
    yes: str
    no: str = "Keep"


@dataclass(frozen=True, slots=True)
class Press:
    """A button that does something; `value` is given back to us with the press."""

    label: str
    action_id: str
    value: str = ""
    asks: Question | None = None
    is_grave: bool = False
    """Whether it takes something away."""
    is_main: bool = False
    """Whether it is what most people come for."""


Row = tuple[Button | Press, ...]


def escape(text: str) -> str:
    """Write a text so that Slack reads no markup in it (docs.slack.dev, Formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def message(parts: Sequence[str | Row], *, button: Button | None = None, presses: Row = ()) -> Json:
    """Make a message of paragraphs in Slack's markup, and of rows of buttons; the last row is `button` and `presses`.

    Names and foreign words in the paragraphs are escaped already.
    """
    kept = [each for each in parts if each][:MOST_PARAGRAPHS]
    blocks = blocks_of(kept) + row_of((*([button] if button is not None else []), *presses))
    return {"text": cut("\n".join(each for each in kept if isinstance(each, str))), "blocks": blocks}


def blocks_of(parts: Sequence[str | Row]) -> list[Json]:
    """Lay paragraphs and rows of buttons one below the other; what is empty is left out."""
    kept = (each for each in parts if each)
    return [block for each in kept for block in ([section(each)] if isinstance(each, str) else row_of(each))]


def row_of(row: Row) -> list[Json]:
    """Lay buttons side by side, and their hints below; a button with an address too long for Slack is left out."""
    shown = [each for each in row if isinstance(each, Press) or len(each.url) <= MOST_ADDRESS]
    hints = [each.hint for each in shown if isinstance(each, Button) and each.hint]
    elements = [_press(each) if isinstance(each, Press) else _button(each) for each in shown]
    actions = [{"type": "actions", "elements": elements}] if elements else []
    return [*actions, *(context(each) for each in hints)]


def section(text: str) -> Json:
    """Lay a paragraph in Slack's markup, cut where it is too long."""
    return {"type": "section", "text": mrkdwn(cut(text))}


def context(text: str) -> Json:
    """Lay a small line in Slack's markup."""
    return {"type": "context", "elements": [mrkdwn(text)]}


def mrkdwn(text: str) -> Json:
    """Write words in Slack's markup; addresses and names in them become no links by themselves."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _button(button: Button) -> Json:
    return {
        "type": "button",
        "action_id": button.action_id,
        "text": plain_text(button.label),
        "url": button.url,
        **({"style": "primary"} if button.is_main else {}),
    }


def _press(press: Press) -> Json:
    return {
        "type": "button",
        "action_id": press.action_id,
        "text": plain_text(press.label),
        "value": press.value,
        **({"style": "danger"} if press.is_grave else {"style": "primary"} if press.is_main else {}),
        **({"confirm": _question(press.asks)} if press.asks else {}),
    }


def _question(question: Question) -> Json:
    return {
        "title": plain_text(question.title),
        "text": {"type": "mrkdwn", "text": cut(question.words, MOST_QUESTION)},
        "confirm": plain_text(question.yes),
        "deny": plain_text(question.no),
        "style": "danger",
    }


def plain_text(text: str) -> Json:
    """Write words without markup."""
    return {"type": "plain_text", "text": text}


def cut(text: str, most: int = MOST_LETTERS) -> str:
    """Keep it within the limit; an entity that the cut would part goes as a whole."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    start = kept.rfind("&", len(kept) - 5)
    return (kept if start < 0 or ";" in kept[start:] else kept[:start]) + "…"
