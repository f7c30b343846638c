"""The directory opened from a Home: a fresh link for one person in a modal, else as a direct message.

Facts: docs.slack.dev, views.open (tier 4, no scope; a trigger works once, for three seconds).
"""

from __future__ import annotations

import structlog

from bot.blocks.home import modal
from bot.blocks.replies import Button, message
from bot.command import words as command_words
from bot.command.answers import Answers
from bot.command.invitation import Invitation
from bot.command.pressed import Pressed
from bot.command.roles import Roles, RoleUnknown
from bot.home import words
from bot.slack import SlackClient
from bot.slack_calls import CallFailed, answered
from db.errors import StoreError

log = structlog.get_logger(__name__)

PATIENCE_S = 5


class Door:
    """Opens the directory for whoever pressed the button."""

    def __init__(self, client: SlackClient, roles: Roles, invitation: Invitation, answers: Answers) -> None:
        self._client = client
        self._roles = roles
        self._invitation = invitation
        self._answers = answers

    async def open(self, pressed: Pressed) -> str:
        """Show the link; tell what has to be said on the Home, empty where the modal says it all."""
        try:
            role = await self._roles.find(pressed.team_id, pressed.user_id, is_enough=lambda role: role.is_active)
        except RoleUnknown as error:
            return command_words.not_told(str(error))
        if refusal := self._invitation.refusal(role):
            return refusal
        try:
            button = await self._invitation.fresh(pressed.team_id, pressed.user_id)
        except StoreError as error:
            return command_words.closed(error.plain)
        if await self._shown(pressed.trigger_id, button):
            return ""
        is_sent = await self._answers.write_to(pressed.user_id, message([command_words.OPENS], button=button))
        return words.SENT if is_sent else words.NOT_SHOWN

    async def _shown(self, trigger_id: str, button: Button) -> bool:
        view = modal(words.MODAL_TITLE, [command_words.OPENS, (button,)])
        try:
            await answered(self._client.views_open(trigger_id=trigger_id, view=view), within_s=PATIENCE_S)
        except CallFailed as failure:
            log.warning("a link could not be shown in a modal, and is sent as a direct message", reason=str(failure))
            return False
        return True
