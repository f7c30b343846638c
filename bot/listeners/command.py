"""`/usersync`: acked at once and without a word; the answer comes from the desk, in its own time."""

from __future__ import annotations

from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.command.desk import Desk
from bot.command.typed import NAME


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to it. Commands are never sent twice, so the ack waits for nothing."""

    async def take(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        desk.take(body)

    app.command(NAME)(take)
