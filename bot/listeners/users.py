"""`user_change` and `team_join`: straight to the intake, and back only when it is committed."""

from __future__ import annotations

from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext

from bot.intake import Intake


def register(app: AsyncApp, intake: Intake) -> None:
    """Listen to both."""

    async def observe(body: dict[str, Any], context: AsyncBoltContext) -> None:
        await intake.take(body, received_at=context.get("received_at"))

    app.event("user_change")(observe)
    app.event("team_join")(observe)
