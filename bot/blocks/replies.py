"""An answer to a command: paragraphs, perhaps a button, and the same in plain text for notifications. Pure.

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


@dataclass(frozen=True, slots=True)
class Button:
    """A button that opens an address, and a small line below it; empty where there is nothing to add."""

    label: str
    url: str
    action_id: str
    hint: str = ""


def escape(text: str) -> str:
    """Write a text so that Slack reads no markup in it (docs.slack.dev, Formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def message(paragraphs: Sequence[str], *, button: Button | None = None) -> Json:
    """Make a message of paragraphs in Slack's markup; names and foreign words in them are escaped already."""
    kept = [_cut(each) for each in paragraphs if each][:MOST_PARAGRAPHS]
    blocks = [_section(each) for each in kept]
    if button is not None and len(button.url) <= MOST_ADDRESS:
        blocks += [_button(button), *([_context(button.hint)] if button.hint else [])]
    return {"text": _cut("\n".join(kept)), "blocks": blocks}


def _section(text: str) -> Json:
    return {"type": "section", "text": _words(text)}


def _context(text: str) -> Json:
    return {"type": "context", "elements": [_words(text)]}


def _words(text: str) -> Json:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _button(button: Button) -> Json:
    element = {
        "type": "button",
        "action_id": button.action_id,
        "style": "primary",
        "text": {"type": "plain_text", "text": button.label},
        "url": button.url,
    }
    return {"type": "actions", "elements": [element]}


def _cut(text: str) -> str:
    """Keep it within the limit; an entity that the cut would part goes as a whole."""
    if len(text) <= MOST_LETTERS:
        return text
    kept = text[: MOST_LETTERS - 1]
    start = kept.rfind("&", len(kept) - 5)
    return (kept if start < 0 or ";" in kept[start:] else kept[:start]) + "…"
