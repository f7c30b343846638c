"""What a person in Slack sees of an answer: its words, its buttons, and whether anybody else sees it."""

from __future__ import annotations

from typing import Any

from bot.simulator.interactions import Interaction
from tests.support.block_kit import check_message
from tests.support.waiting import eventually

Json = dict[str, Any]


def words_of(message: Json) -> str:
    """Read a message's words as they stand in its blocks, else its text."""
    if "blocks" not in message:
        return str(message["text"])
    parts = [block["text"]["text"] for block in message["blocks"] if block["type"] == "section"]
    return "\n".join(parts)


def buttons_of(message: Json) -> list[Json]:
    """List a message's buttons."""
    return [button for block in message.get("blocks", []) if block["type"] == "actions" for button in block["elements"]]


def seen(interaction: Interaction) -> str:
    """Read what stands there now; empty before the first answer."""
    return "\n".join(words_of(message) for message in interaction.visible)


async def answer_to(interaction: Interaction, *words: str, within_s: float = 40) -> str:
    """Wait until what stands there holds one of the words, or anything at all; tell it. Slack would take every post."""
    assert interaction.error is None
    told = await eventually(
        lambda: seen(interaction) if not words or any(word in seen(interaction) for word in words) else "",
        within_s=within_s,
        of=f"an answer with {words}, instead of {seen(interaction)!r},",
    )
    for each in interaction.messages:
        check_message(each)
    return told
