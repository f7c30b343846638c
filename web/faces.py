"""A face for everybody: Slack's picture where someone chose one, else initials on a hue that stays theirs. Pure.

The addresses are as Slack told them; a template shows one through its filter `picture` alone.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

from db.records import Kind, State, User
from web.names import initials, name_of

HUES = 12


class Face(NamedTuple):
    """What an avatar is drawn from."""

    hue: int
    initials: str
    small: str = ""
    """The picture for a row, empty where there is none."""
    small_2x: str = ""
    large: str = ""
    is_bot: bool = False
    is_grey: bool = False


def face_of(user: User) -> Face:
    """Choose what stands for this person."""
    has_picture = bool(user.is_custom_image)
    small = user.image_72 or user.image_192 or user.image_512 or ""
    return Face(
        hue=hue_of(user.team_id, user.id),
        initials=initials(name_of(user), user.name or ""),
        small=small if has_picture else "",
        small_2x=(user.image_192 or small) if has_picture else "",
        large=(user.image_512 or user.image_192 or small) if has_picture else "",
        is_bot=user.kind is Kind.BOT,
        is_grey=user.state is not State.ACTIVE,
    )


def hue_of(team_id: str, user_id: str) -> int:
    """Return a hue that depends on the key alone, so a renamed person keeps the colour."""
    return zlib.crc32(f"{team_id}/{user_id}".encode()) % HUES
