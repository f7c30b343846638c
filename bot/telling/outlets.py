"""Where alerts are told: a channel of Slack, whose messages can be edited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.blocks.notices import Notice, alert, too_many
from bot.channels import Channels, Posted


class Outlet(Protocol):
    """A place that can be told. Each of its deeds raises NotPosted."""

    @property
    def key(self) -> tuple[str, str]:
        """Its workspace and its name, as `alert_posts` keeps them."""

    @property
    def is_editable(self) -> bool:
        """Whether a message there can be brought up to date; otherwise only beginning and end are told."""

    @property
    def is_deaf(self) -> bool:
        """Whether it is no use trying right now."""

    async def post(self, notice: Notice) -> str | None:
        """Tell of a beginning. Tells the message's name, if it can be edited."""

    async def edit(self, ts: str | None, notice: Notice) -> None:
        """Tell what has become of it: in the place of the message, where there is one."""

    async def post_too_many(self, most: int) -> None:
        """Tell that there is more than is told."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of one workspace."""

    team_id: str
    channel_id: str
    channels: Channels
    is_token_bad: Callable[[], bool]
    base: str = ""
    """The directory's address, if everybody can reach it."""
    is_editable: bool = True

    @property
    def key(self) -> tuple[str, str]:
        """The channel itself."""
        return self.team_id, self.channel_id

    @property
    def is_deaf(self) -> bool:
        """Slack takes nothing with a token that it refuses."""
        return self.is_token_bad()

    async def post(self, notice: Notice) -> str | None:
        """Post a message. Raises NotPosted."""
        posted = await self.channels.post(self.channel_id, alert(notice, base=self.base))
        return posted.ts or None

    async def edit(self, ts: str | None, notice: Notice) -> None:
        """Edit it. Raises NotPosted."""
        if ts:
            await self.channels.edit(Posted(self.channel_id, ts), alert(notice, base=self.base))

    async def post_too_many(self, most: int) -> None:
        """Post a message. Raises NotPosted."""
        await self.channels.post(self.channel_id, too_many(most))
