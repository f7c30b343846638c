"""What we listen to, as one explicit list."""

from __future__ import annotations

from slack_bolt.app.async_app import AsyncApp

from bot.command.desk import Desk
from bot.intake import Intake
from bot.listeners import actions, command, home, users


def register(app: AsyncApp, intake: Intake, desk: Desk) -> None:
    """Register every listener; the busiest first, for each one passed over costs time."""
    users.register(app, intake)
    command.register(app, desk)
    actions.register(app, desk)
    home.register(app, desk)
