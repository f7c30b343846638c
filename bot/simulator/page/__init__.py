"""A page on which a newcomer acts in the pretend Slack, and breaks it with their own hands."""

from bot.simulator.page.routes import SlackPage

__all__ = ["SlackPage"]
