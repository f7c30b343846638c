"""`/usersync alerts here|off` and `digest here|off`: the channel is the one where that was typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.blocks.replies import escape, message
from bot.command.places import AlertPlace, PlaceRefused
from bot.command.typed import NAME, Typed
from db.errors import StoreError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Says:
    """What is said about one purpose."""

    ask: str
    here: str
    off: str


ALERTS = Says(
    ask=f"Type `{NAME} alerts here` in the channel that is to get alerts, or `{NAME} alerts off` to have none posted.",
    here="Alerts go into this channel from now on: what is wrong, and when it is over.",
    off=f"Alerts are not posted in Slack any more. `{NAME} status` tells what is wrong.",
)
DIGEST = Says(
    ask=(
        f"Type `{NAME} digest here` in the channel that is to read every week who joined, left and moved, or "
        f"`{NAME} digest off` to end it."
    ),
    here=(
        "The digest goes into this channel: the first one in a moment, then every week at this time. A week in which "
        "nobody joined, left or moved is passed over."
    ),
    off=f"No digest is posted any more. `{NAME} changes` tells who joined, left and moved.",
)


class PlaceWords:
    """Sets the place of alerts, or of the digest, for admins."""

    def __init__(self, place: AlertPlace, says: Says) -> None:
        self._place = place
        self._says = says

    async def answer(self, typed: Typed) -> Json:
        """Set or clear the place."""
        try:
            return message([await self._do(typed)])
        except PlaceRefused as error:
            return message([f"Nothing was changed. {escape(str(error))}"])
        except StoreError as error:
            head = "" if "othing was changed" in error.plain else "Nothing was changed. "
            return message([f"{head}{escape(error.plain)} Try again in a minute."])

    async def _do(self, typed: Typed) -> str:
        wish = typed.rest.casefold()
        if wish == "here" and typed.channel_id:
            await self._place.set_place(typed.team_id, typed.channel_id, typed.user_id)
            return self._says.here
        if wish == "off":
            await self._place.clear_place(typed.team_id)
            return self._says.off
        return self._says.ask
