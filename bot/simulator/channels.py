"""The channels of one workspace: who may post where, and with which words Slack refuses it (docs.slack.dev, chat)."""

from dataclasses import dataclass

from bot.simulator.messages import ApiError

GENERAL = "C0GENERAL01"
"""Everybody is in it, but for the app."""
_CONVERSATIONS = ("U", "W", "D")
"""Direct messages, by the user or by their own id; nobody has to be invited there."""


@dataclass
class Channel:
    """One channel. An app sees a private one only from within."""

    id: str
    name: str
    is_private: bool = False
    has_app: bool = True
    is_archived: bool = False
    is_restricted: bool = False
    """Whether only some people may post there."""


class Channels:
    """All of them, with #general."""

    def __init__(self) -> None:
        self._known = {GENERAL: Channel(GENERAL, "general", has_app=False)}

    def opens(self, name: str, *, is_private: bool = False, has_app: bool = True, channel_id: str = "") -> Channel:
        """A new channel."""
        channel_id = channel_id or f"C0{name.upper()[:6]:0<6}{len(self._known):02}"
        self._known[channel_id] = Channel(channel_id, name, is_private=is_private, has_app=has_app)
        return self._known[channel_id]

    def lets_app_in(self, channel_id: str) -> None:
        """As after `/invite`."""
        self._known[channel_id].has_app = True

    def name_of(self, channel_id: str) -> str:
        """The name, else the id."""
        known = self._known.get(channel_id)
        return known.name if known else channel_id

    def may_post(self, channel_id: str) -> None:
        """ApiError with Slack's word where the app may not."""
        channel = self._visible(channel_id)
        if channel is None:
            return
        if channel.is_archived:
            raise ApiError("is_archived")
        if not channel.has_app:
            raise ApiError("not_in_channel")
        if channel.is_restricted:
            raise ApiError("restricted_action")

    def may_edit(self, channel_id: str) -> None:
        """Likewise for what stands there already."""
        channel = self._visible(channel_id)
        if channel is not None and channel.is_archived:
            raise ApiError("is_inactive")

    def _visible(self, channel_id: str) -> Channel | None:
        """The channel; None for a direct message. ApiError `channel_not_found` where the app sees none."""
        if channel_id.startswith(_CONVERSATIONS):
            return None
        channel = self._known.get(channel_id)
        if channel is None or (channel.is_private and not channel.has_app):
            raise ApiError("channel_not_found")
        return channel
