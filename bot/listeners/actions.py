"""Buttons of ours: acked at once and without a word; what they do is done by the desk, in its own time."""

from __future__ import annotations

from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.command.desk import Desk
from bot.command.pressed import Deed


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to them. A press is never sent twice; one of a button that nobody knows is acked by the handler."""

    async def take(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        desk.press(body)

    for deed in Deed:
        app.action(deed.value)(take)
