"""How the values of settings are written: durations, yes or no, lists, users' keys; what is none is told in words."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr

from bot.channels import is_channel
from bot.proxy_words import Networks, networks
from bot.visibility_words import audiences
from db.filters import CustomField
from db.visibility import Audience

_DURATION = re.compile(r"([0-9]{1,6})\s*([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST_S = 36_500 * 86_400


def _seconds(value: object) -> object:
    """Read `90s`, `15m`, `6h` or `365d` as seconds."""
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if isinstance(value, str) and not found:
        raise ValueError("write a number and s, m, h or d, like 6h")
    return int(found[1]) * _SECONDS[found[2]] if found else value


def seconds_of(text: str) -> int:
    """Read a duration as the settings write them. Raises ValueError, in words."""
    found = _seconds(text)
    if not isinstance(found, int) or not 1 <= found <= _LONGEST_S:
        raise ValueError("it must be from 1s to 36500d")
    return found


def _yes_or_no(value: object) -> object:
    words = {"yes": True, "true": True, "1": True, "on": True, "no": False, "false": False, "0": False, "off": False}
    if isinstance(value, str):
        if value.strip().lower() not in words:
            raise ValueError("write yes or no")
        return words[value.strip().lower()]
    return value


def _words(value: object) -> object:
    return tuple(re.split(r"[\s,]+", value.strip())) if isinstance(value, str) else value


def _urls(value: object) -> object:
    """Part addresses at blanks, and at commas before another one: within an address a comma may stand."""
    if not isinstance(value, str):
        return value
    parts = (each.strip(",") for each in re.split(r"\s+|,\s*(?=[A-Za-z0-9]+://)", value))
    return tuple(SecretStr(each) for each in parts if each)


def _channel_id(value: object) -> object:
    if isinstance(value, str) and not is_channel(value):
        raise ValueError("write the id of a channel, like C0123ABCD; its details in Slack end with it")
    return value


def _custom_fields(value: object) -> object:
    if not isinstance(value, str):
        return value
    found: dict[str, CustomField] = {}
    for part in filter(None, (each.strip() for each in value.split(","))):
        field_id, _, label = (each.strip() for each in part.partition("="))
        if not re.fullmatch(r"Xf[A-Za-z0-9]{1,62}", field_id) or not label:
            raise ValueError(f"write each as its id and a label, like Xf0123ABCD=Department; {part[:80]!r} is not that")
        found[field_id] = CustomField(field_id, label)
    return tuple(found.values())


def _user_keys(value: object) -> object:
    if not isinstance(value, str):
        return value
    words = re.split(r"[\s,]+", value.strip())
    if wrong := [word for word in words if not re.fullmatch(r"T[A-Z0-9]{1,62}/[UW][A-Z0-9]{1,62}", word)]:
        raise ValueError(f"write each as workspace and user, like T0123/U0456; {wrong[0][:80]!r} is not that")
    return frozenset((team_id, user_id) for team_id, _, user_id in (word.partition("/") for word in words))


Seconds = Annotated[int, BeforeValidator(_seconds), Field(ge=1, le=_LONGEST_S)]
YesOrNo = Annotated[bool, BeforeValidator(_yes_or_no)]
UserKeys = Annotated[frozenset[tuple[str, str]], BeforeValidator(_user_keys)]
Audiences = Annotated[dict[str, Audience], BeforeValidator(audiences)]
TrustedProxies = Annotated[Networks, BeforeValidator(networks)]
CustomFields = Annotated[tuple[CustomField, ...], BeforeValidator(_custom_fields)]
ChannelId = Annotated[str, BeforeValidator(_channel_id)]
Urls = Annotated[tuple[SecretStr, ...], BeforeValidator(_urls)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
