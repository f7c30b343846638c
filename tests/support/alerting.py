"""What people read of alerts in a channel of the pretend Slack."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from bot.simulator import Simulator
from bot.simulator.channels import Channel
from tests.support.block_kit import check_message
from tests.support.waiting import eventually

Json = dict[str, Any]


def posts(slack: Simulator, channel: Channel) -> list[Json]:
    """List the messages that stand there; Slack would take each."""
    return [check_message(deepcopy(each)) for each in slack.board.messages.get(channel.id, [])]


def texts(slack: Simulator, channel: Channel) -> list[str]:
    return [each["text"] for each in posts(slack, channel)]


async def told(slack: Simulator, channel: Channel, words: str, *, within_s: float = 20) -> Json:
    """Wait until a message holds the words; Slack's markup of its head included."""
    return await eventually(
        lambda: next((each for each in posts(slack, channel) if words in each["text"]), None),
        within_s=within_s,
        of=f"{words!r} instead of {texts(slack, channel)}",
    )


async def resolved(slack: Simulator, channel: Channel, post: Json, *, within_s: float = 30) -> Json:
    """Wait until this message says that it is over."""
    return await eventually(
        lambda: next(
            (each for each in posts(slack, channel) if each["ts"] == post["ts"] and "Resolved after" in each["text"]),
            None,
        ),
        within_s=within_s,
        of=f"the end of {post['text']!r}",
    )
