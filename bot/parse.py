"""Slack JSON → records. Pure and total: what comes out is storable on every engine, or MalformedUser with the reason.

The only place that knows Slack's key names and odd shapes. Facts: docs.slack.dev (User object, user_change, team_join),
slackapi/slack-api-specs (`objs_user`), slackapi/java-slack-sdk (json-logs/samples).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.wholesome import MalformedUser, check_wholesome
from db.records import Observation, Source
from db.tables import ZONE_CHARS

Json = Mapping[str, Any]

FUTURE_S = 86_400
"""An `updated` further ahead of Slack's now than a day would freeze the row, so it is no clock at all."""

PARSER = 1
"""Counts the ways in which a user object has been read: one more with whatever reads something else out of it.

Entries of a page that were read in another way are not known again; see `digest_of_member` in `bot/entries.py`.
"""
MAX_ID_CHARS = 64
_USER_ID = re.compile(r"[UW][A-Z0-9]{1,63}")
_TEAM_ID = re.compile(r"[TE][A-Z0-9]{1,63}")
_INT64 = 2**63

_CERTAIN = frozenset({"is_bot", "updated", "is_app_user"})
"""A full user object always has these (slack-api-specs, `objs_user.required`); a payload without them is a sketch."""
_NEVER_IN_SHORT_FORM = frozenset({"color", "real_name", "tz", "is_admin"})
"""A deactivation may come in a short form that has none of these; its silence says nothing."""


def text(value: object) -> str | None:
    """Read text or null."""
    if value is None or isinstance(value, str):
        return value
    raise ValueError("is not text")


def short_text(value: object) -> str | None:
    """Read text that is no longer than an id, or null."""
    if isinstance(value, str) and len(value) > MAX_ID_CHARS:
        raise ValueError("is no id")
    return text(value)


def zone(value: object) -> str | None:
    """Read the name of a time zone, or null; what is longer than any name is none, and no index could hold it."""
    if isinstance(value, str) and len(value) > ZONE_CHARS:
        raise ValueError("is no name of a time zone")
    return text(value)


def flag(value: object) -> bool | None:
    """Read true, false or null."""
    if value is None or isinstance(value, bool):
        return value
    raise ValueError("is neither true nor false")


def whole(value: object) -> int | None:
    """Read a whole number that fits in 64 bits, or null; Slack's documentation shows some as text."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64):
        return value
    raise ValueError("is not a whole number of 64 bits")


def ids(value: object) -> tuple[str, ...] | None:
    """Read a list of ids, or null."""
    if value is None:
        return None
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise ValueError("is not a list of ids")


Reader = Callable[[object], object]

_TOP: dict[str, Reader] = {
    "name": text, "color": text, "tz": zone, "tz_label": text, "tz_offset": whole, "locale": text,
    "is_admin": flag, "is_owner": flag, "is_primary_owner": flag, "is_restricted": flag, "is_ultra_restricted": flag,
    "is_bot": flag, "is_app_user": flag, "is_workflow_bot": flag, "is_connector_bot": flag, "is_invited_user": flag,
    "is_email_confirmed": flag, "is_external": flag, "is_stranger": flag, "is_forgotten": flag, "has_2fa": flag,
    "who_can_share_contact_card": text,
}  # fmt: skip
_PROFILE: dict[str, Reader] = {
    "display_name": text, "first_name": text, "last_name": text, "title": text, "email": text, "phone": text,
    "pronouns": text, "start_date": text, "status_text": text, "status_emoji": text, "status_expiration": whole,
    "avatar_hash": text, "image_72": text, "image_192": text, "image_512": text, "image_1024": text,
    "image_original": text, "is_custom_image": flag, "bot_id": text, "api_app_id": text, "guest_invited_by": text,
    "guest_expiration_ts": whole,
}  # fmt: skip

_AT_ONCE: dict[Reader, type] = {text: str, flag: bool}
"""What these readers take as it is, so nobody asks them: nearly everything of fifty fields a user."""
_OF_TOP, _OF_PROFILE = (
    {name: (read, _AT_ONCE.get(read)) for name, read in readers.items()} for readers in (_TOP, _PROFILE)
)

_CLEARED_BY_SILENCE: dict[str, object] = {
    "is_invited_user": False,
    "is_stranger": False,
    "image_1024": "",
    "image_original": "",
    "guest_invited_by": "",
    "guest_expiration_ts": 0,
}
"""What a full payload says by leaving a key out; every other absent key says nothing.

`deleted` alone is false wherever it is absent (docs.slack.dev, User object).
"""


def parse_user(
    user: object,
    *,
    team_id: str,
    moment: int,
    source: Source,
    now_s: float,
    cache_ts: object = None,
    joined: bool = False,
    digest: int | None = None,
) -> Observation:
    """Read one user object as seen from workspace `team_id`. Raises MalformedUser.

    `moment` is in epoch microseconds, `now_s` is Slack's now in epoch seconds.
    """
    if not isinstance(user, dict):
        raise MalformedUser("the user is not an object" if user is not None else "there is no user in it")
    check_wholesome(user)
    user_id = parse_user_id(user)
    profile = _object(user, "profile")
    values = _read(user, _OF_TOP, "") | _read(profile, _OF_PROFILE, "profile.")
    values |= _odd_ones(user, profile)
    values["deleted"] = bool(_value(flag, user.get("deleted"), "deleted"))
    if _is_full(user):
        values |= {name: empty for name, empty in _CLEARED_BY_SILENCE.items() if name not in values}
    return Observation(
        team_id=team_id,
        id=user_id,
        values=values,
        updated=_updated(user.get("updated"), cache_ts, now_s),
        moment=moment,
        source=source,
        joined=joined,
        digest=digest,
    )


def parse_user_id(user: Json) -> str:
    """Read the id: U or W, then capitals and digits. Raises MalformedUser."""
    user_id = user.get("id")
    if not isinstance(user_id, str) or not _USER_ID.fullmatch(user_id):
        raise MalformedUser("its id is not a U or W followed by capitals and digits")
    return user_id


def is_user_id(text: str) -> bool:
    """Say whether it is an id as Slack gives them to users."""
    return _USER_ID.fullmatch(text) is not None


def parse_team_id(value: object) -> str | None:
    """Read a workspace's id; None for anything else."""
    return value if isinstance(value, str) and _TEAM_ID.fullmatch(value) else None


def parse_moment(event: Json, *, now_s: float) -> int:
    """Read `event_ts` (epoch seconds as text, to the microsecond) as epoch microseconds; without one, now."""
    stamp = event.get("event_ts")
    if stamp is None:
        return int(now_s * 1_000_000)
    if isinstance(stamp, int | float) and not isinstance(stamp, bool):
        stamp = f"{stamp:.6f}" if 0 <= stamp < 10**12 else ""  # Slack writes text, people who feed a file may not
    if not isinstance(stamp, str) or not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", stamp):
        raise MalformedUser("its event_ts is not a time")
    seconds, _, fraction = stamp.partition(".")
    if int(seconds) > now_s + FUTURE_S:
        raise MalformedUser("its event_ts lies more than a day ahead of Slack's clock")
    return int(seconds) * 1_000_000 + int(fraction[:6].ljust(6, "0"))


def _is_full(user: Json) -> bool:
    is_short = user.get("deleted") is True and not _NEVER_IN_SHORT_FORM & user.keys()
    return user.keys() >= _CERTAIN and not is_short


def _read(keys: Json, readers: Mapping[str, tuple[Reader, type | None]], path: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in keys.items():
        if (how := readers.get(name)) is not None:
            read, at_once = how
            found[name] = value if type(value) is at_once else _value(read, value, path + name)
    return found


def _value(read: Reader, value: object, path: str) -> object:
    try:
        return read(value)
    except ValueError as error:
        raise MalformedUser(f"its {path} {error}") from None


def _odd_ones(user: Json, profile: Json) -> dict[str, object]:
    """Read what stands in two places, in an inner object, or in three shapes."""
    found: dict[str, object] = {}
    if "team_id" in user:
        found["home_team_id"] = _value(short_text, user["team_id"], "team_id")
    for keys, path in ((profile, "profile."), (user, "")):
        if "real_name" in keys:
            found["real_name"] = _value(text, keys["real_name"], f"{path}real_name")
    enterprise = _object(user, "enterprise_user")
    for keys, path in ((user, ""), (enterprise, "enterprise_user.")):  # users.info has them on top as well
        if "enterprise_id" in keys:
            found["enterprise_id"] = _value(text, keys["enterprise_id"], f"{path}enterprise_id")
        if "teams" in keys:
            found["enterprise_teams"] = _value(ids, keys["teams"], f"{path}teams")
    if "id" in enterprise:
        found["enterprise_user_id"] = _value(text, enterprise["id"], "enterprise_user.id")
    if custom := _custom_fields(profile.get("fields")):
        found["fields"] = custom
    if "status_emoji" in profile:
        found["status_emoji_url"] = _emoji_picture(profile)
    return found


def _emoji_picture(profile: Json) -> str:
    """Read where the picture of the custom status's emoji is; empty for a standard one, which is a character.

    It goes with `status_emoji`, so that no emoji is shown by another's picture: one that is not explained has none.
    """
    if not profile["status_emoji"]:
        return ""
    told = profile.get("status_emoji_display_info")
    first = told[0] if isinstance(told, list) and told else None
    if not isinstance(first, dict):
        url = profile.get("status_emoji_url")
    else:
        url = "" if first.get("unicode") else first.get("display_url") or profile.get("status_emoji_url")
    return url if isinstance(url, str) else ""


def _object(keys: Json, name: str) -> Json:
    """Read an inner object; null is as good as none."""
    value = keys.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedUser(f"its {name} is not an object")
    return value


def _custom_fields(value: object) -> dict[str, dict[str, object]]:
    """Read `profile.fields`: an object, `[]` or null. Empty says nothing: lists of users never carry them."""
    if value in (None, [], {}):
        return {}
    if not isinstance(value, dict):
        raise MalformedUser("its profile.fields is neither an object nor empty")
    found: dict[str, dict[str, object]] = {}
    for name, entry in value.items():
        if not isinstance(entry, dict):
            raise MalformedUser("an entry of its profile.fields is not an object")
        found[name] = {
            part: said for part in ("value", "alt") if (said := _value(text, entry.get(part), "custom field"))
        }
    return found


def _updated(updated: object, cache_ts: object, now_s: float) -> int | None:
    """Read Slack's clock of the user, else the event's `cache_ts`, else None: the row's own clock holds."""
    for value, name in ((updated, "updated"), (cache_ts, "cache_ts")):
        seconds = _value(whole, value, name)
        if not isinstance(seconds, int):
            continue
        if seconds < 0:
            raise MalformedUser(f"its {name} lies before 1970")
        if seconds > now_s + FUTURE_S:
            raise MalformedUser(f"its {name} lies more than a day ahead of Slack's clock")
        return seconds
    return None
