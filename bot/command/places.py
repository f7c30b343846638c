"""Where alerts go, as the command asks for it; whoever posts them keeps the place."""

from __future__ import annotations

from typing import Protocol


class PlaceRefused(Exception):
    """Alerts cannot go there. The message is a sentence with its remedy."""


class AlertPlace(Protocol):
    """Keeps the channel into which alerts of a workspace are posted."""

    async def set_place(self, team_id: str, channel_id: str, asked_by: str) -> None:
        """Post alerts into this channel from now on. Raises PlaceRefused, StoreError."""

    async def clear_place(self, team_id: str) -> None:
        """Post them nowhere. Raises StoreError."""
