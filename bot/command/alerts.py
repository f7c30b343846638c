"""`/usersync alerts here` and `alerts off`: the channel into which alerts go is the one where that was typed."""

from __future__ import annotations

from typing import Any

from bot.blocks.replies import escape, message
from bot.command.places import AlertPlace, PlaceRefused
from bot.command.typed import NAME, Typed
from db.errors import StoreError

Json = dict[str, Any]

ASK = f"Type `{NAME} alerts here` in the channel that is to get alerts, or `{NAME} alerts off` to have none posted."
HERE = "Alerts go into this channel from now on: what is wrong, and when it is over."
OFF = f"Alerts are not posted in Slack any more. `{NAME} status` tells what is wrong."


class AlertWords:
    """Sets the place of alerts for admins."""

    def __init__(self, place: AlertPlace) -> None:
        self._place = place

    async def answer(self, typed: Typed) -> Json:
        """Set or clear the place."""
        try:
            return message([await self._do(typed)])
        except PlaceRefused as error:
            return message([f"Nothing was changed. {escape(str(error))}"])
        except StoreError as error:
            return message([f"Nothing was changed. {escape(error.plain)} Try again in a minute."])

    async def _do(self, typed: Typed) -> str:
        wish = typed.rest.casefold()
        if wish == "here" and typed.channel_id:
            await self._place.set_place(typed.team_id, typed.channel_id, typed.user_id)
            return HERE
        if wish == "off":
            await self._place.clear_place(typed.team_id)
            return OFF
        return ASK
