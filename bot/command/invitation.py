"""The way into the directory: a button with a link for one person, or kind words for whom the door would refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bot.blocks.replies import Button, message
from bot.command import words
from bot.command.looking import PATIENCE_S
from bot.command.roles import Role, Roles, RoleUnknown
from bot.command.typed import Typed
from db.errors import StoreError, StoreUnavailable

Json = dict[str, Any]
Links = Callable[[str, str], Awaitable[str]]
"""Makes the address for one user: (`team_id`, `user_id`). Raises StoreError."""

HINT = "The link works once, for 10 minutes, and is only for you."
LOCAL_HINT = (
    "It opens on the machine that runs usersync alone: whoever runs it can say where others find it, in "
    "USERSYNC_PUBLIC_URL."
)


class NotInvited(Exception):
    """The directory does not open for somebody. The message says why, in Slack's markup."""


class Invitation:
    """Opens the directory for people."""

    def __init__(
        self,
        links: Links,
        roles: Roles,
        *,
        may_guests: bool,
        are_links_personal: bool = True,
        are_links_local: bool = False,
    ) -> None:
        self._links = links
        self._roles = roles
        self._may_guests = may_guests
        self._hint = " ".join([HINT] * are_links_personal + [LOCAL_HINT] * are_links_local)

    async def answer(self, typed: Typed) -> Json:
        """Answer whoever wants to see the directory."""
        try:
            await self.role_of(typed)
        except NotInvited as error:
            return message([str(error)])
        try:
            return message([words.OPENS], button=await self.fresh(typed.team_id, typed.user_id))
        except StoreError as error:
            return message([words.closed(error.plain)])

    async def role_of(self, typed: Typed) -> Role:
        """Tell the role of whoever asks, if the directory opens for them. Raises NotInvited."""
        try:
            role = await self._roles.find(typed.team_id, typed.user_id, is_enough=lambda role: role.is_active)
        except RoleUnknown as error:
            raise NotInvited(words.not_told(str(error))) from error
        if refusal := self.refusal(role):
            raise NotInvited(refusal)
        return role

    async def button(self, typed: Typed) -> Button | None:
        """Make a button that goes along with other words; None where no link can be made."""
        try:
            return await self.fresh(typed.team_id, typed.user_id)
        except StoreError:
            return None

    async def fresh(self, team_id: str, user_id: str) -> Button:
        """Make a button for one person. Raises StoreError."""
        # Shielded: a link is written down, and a write that is cancelled in the middle may keep its lock for a while.
        making = asyncio.ensure_future(self._links(team_id, user_id))
        making.add_done_callback(lambda done: done.cancelled() or done.exception())  # late, it is nobody's
        try:
            async with asyncio.timeout(PATIENCE_S):
                url = await asyncio.shield(making)
        except TimeoutError as error:
            raise StoreUnavailable(f"(no answer within {PATIENCE_S} s)") from error
        return Button("Open the directory", url, "open_directory", self._hint)

    def refusal(self, role: Role) -> str:
        """Say why the directory is not for somebody; empty where it is."""
        if not role.is_active:
            return words.NOT_ACTIVE
        if role.is_guest:
            return "" if self._may_guests else words.NO_GUESTS
        return "" if role.is_member else words.NOT_OF_HERE
