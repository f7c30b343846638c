"""Whom a newcomer may be: an owner, a plain member and a guest, to whom nothing happens by chance."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

from bot.simulator.crowd import PretendUser
from bot.simulator.workspace import Workspace

Json = dict[str, Any]

MOST_LOOKED_AT = 1000
"""The crowd may be a million."""
PARTS = ("Owner", "Member", "Guest")


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody whom one may be, and as what."""

    part: str
    user: PretendUser

    @property
    def face(self) -> str:
        """The path of their picture on this machine."""
        url = str(self.user.payload()["profile"].get("image_72") or "")
        return f"/{url.split('/', 3)[-1]}"

    @property
    def is_gone(self) -> bool:
        return bool(self.user.payload()["deleted"])


class Cast:
    """The same people for as long as the page stands; rather such with a picture and a name that every font has."""

    def __init__(self, sim: Workspace) -> None:
        self._sim = sim
        self._roles: dict[str, Role] = {}

    def roles(self) -> list[Role]:
        if len(self._roles) < len(PARTS):
            self._choose()
        return [self._roles[part] for part in PARTS if part in self._roles]

    def find(self, user_id: str) -> Role | None:
        return next((role for role in self.roles() if role.user.id == user_id), None)

    def _choose(self) -> None:
        seen = [user for _, user in islice(self._sim.crowd.listed_from(0), MOST_LOOKED_AT)]
        for user in sorted(seen, key=_is_hard_to_show):
            if (part := _part(user)) and part not in self._roles:
                self._roles[part] = Role(part, PretendUser(self._sim.crowd, user["id"]))
                self._sim.spared.add(user["id"])

    def name_of(self, user_id: str) -> str:
        """The name of any user of the workspace, else the id."""
        user = self._sim.crowd.find(user_id)
        return str(user["real_name"]) if user else user_id


def _is_hard_to_show(user: Json) -> bool:
    return not (str(user["real_name"]).isascii() and user["profile"].get("is_custom_image"))


def _part(user: Json) -> str:
    if user["is_bot"] or user["deleted"] or not user["updated"]:
        return ""
    if user.get("is_owner") or user.get("is_admin"):
        return "Owner" if user.get("is_owner") else ""
    return "Guest" if user.get("is_restricted") else "Member"
