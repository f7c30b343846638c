"""The Home tab opened: acked at once; what is shown there is published in its own time."""

from __future__ import annotations

from typing import Any

from slack_bolt.app.async_app import AsyncApp

from bot.command.desk import Desk


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to it. Nothing of it has to be committed, so the ack waits for nothing."""

    async def take(body: dict[str, Any]) -> None:
        desk.open_home(body)

    app.event("app_home_opened")(take)
