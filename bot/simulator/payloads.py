"""The user object in the shapes in which Slack sends it: listed, asked for, in an event, short when deactivated."""

import hashlib
from typing import Any

from bot.simulator import emoji as own_emoji
from bot.simulator.people import Person, Status
from bot.simulator.places import zone_fields
from bot.simulator.titles import EMOJI

Json = dict[str, Any]

IMAGE_SIZES = (24, 32, 48, 72, 192, 512)

TOP_LEVEL = frozenset(
    (
        "id",
        "team_id",
        "name",
        "deleted",
        "color",
        "real_name",
        "tz",
        "tz_label",
        "tz_offset",
        "is_admin",
        "is_owner",
        "is_primary_owner",
        "is_restricted",
        "is_ultra_restricted",
        "is_bot",
        "is_app_user",
        "is_workflow_bot",
        "is_connector_bot",
        "is_invited_user",
        "is_email_confirmed",
        "is_stranger",
        "is_forgotten",
        "is_external",
        "has_2fa",
        "two_factor_type",
        "has_files",
        "presence",
        "updated",
        "locale",
        "who_can_share_contact_card",
        "enterprise_user",
        "enterprise_id",
        "enterprise_name",
        "teams",
    )
)

# What a deactivated user no longer shows: time zone and roles are absent, not false (Slack's object reference).
GONE_WITH_DEACTIVATION = (
    "tz",
    "tz_label",
    "tz_offset",
    "is_admin",
    "is_owner",
    "is_primary_owner",
    "is_restricted",
    "is_ultra_restricted",
)

ABSENT = object()
"""Given as a value, it takes the key out: Slack may leave out what it has nothing to say about."""


def blank_user(team_id: str, user_id: str, person: Person, *, updated: int, at: float) -> Json:
    """The full user object of a person; picture addresses are paths, completed when sent."""
    return {
        "id": user_id,
        "team_id": team_id,
        "name": person.handle,
        "deleted": False,
        "color": hashlib.md5(user_id.encode(), usedforsecurity=False).hexdigest()[:6],
        "real_name": person.real_name,
        **zone_fields(person.zone, at),
        "profile": _profile(team_id, user_id, person),
        "is_admin": person.is_admin,
        "is_owner": person.is_admin and person.index == 0,
        "is_primary_owner": person.is_admin and person.index == 0,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": person.is_single_channel_guest,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": updated,
        "is_email_confirmed": not person.is_bot,
        "who_can_share_contact_card": "EVERYONE",
        "locale": person.locale,
    }


def _profile(team_id: str, user_id: str, person: Person) -> Json:
    profile: Json = {
        "title": person.title,
        "phone": person.phone,
        "skype": "",
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": person.display_name,
        "display_name_normalized": person.display_name,
        "fields": {},
        **status_fields(person.status),
        "first_name": person.given,
        "last_name": person.family,
        **picture_fields(user_id, face=0 if person.has_face else None),
        "team": team_id,
    }
    if person.pronouns:
        profile["pronouns"] = person.pronouns
    if person.is_bot:
        profile |= {"bot_id": f"B{user_id[1:]}", "api_app_id": f"A{user_id[1:]}", "always_active": True}
    else:
        profile["email"] = f"{person.handle}@meridian.example"
    if person.guest_days:
        # Fixed days, not counted from today: the same person is the same tomorrow.
        profile |= {"guest_invited_by": "", "guest_expiration_ts": 1_800_000_000 + person.guest_days * 86_400}
    return profile


def status_fields(status: Status | None, *, expiration: int = 0) -> Json:
    """The six keys of a custom status; `expiration` is epoch seconds, 0 for never."""
    text, emoji = (status.text, status.emoji) if status else ("", "")
    return {
        "status_text": text,
        "status_text_canonical": "",
        "status_emoji": emoji,
        **emoji_fields(emoji),
        "status_expiration": expiration,
    }


def emoji_fields(emoji: str) -> Json:
    """How Slack explains an emoji: by its code points, or by the picture of one of the workspace's own."""
    name, unicode = emoji.strip(":"), EMOJI.get(emoji, "")
    picture = f"/emoji/{name}.svg" if name in own_emoji.NAMES else ""
    told = {"emoji_name": name, "display_url": picture, **({"unicode": unicode} if unicode else {})}
    return {"status_emoji_display_info": [told] if unicode or picture else [], "status_emoji_url": picture}


def picture_fields(user_id: str, *, face: int | None) -> Json:
    """Pictures of a drawn face (its number changes with each new picture), or of the default avatar for None.

    Only a custom picture has `image_1024` and `image_original`, and only its hash does not begin with `g`.
    """
    digest = hashlib.md5(f"{user_id}/{face}".encode(), usedforsecurity=False).hexdigest()[:12]
    if face is None:
        path = f"/avatars/{user_id}.svg"
        images = {f"image_{size}": f"{path}?size={size}" for size in IMAGE_SIZES}
        return {"avatar_hash": f"g{digest[1:]}", **images}
    path = f"/faces/{user_id}.svg?v={face}"
    images = {f"image_{size}": f"{path}&size={size}" for size in (*IMAGE_SIZES, 1024)}
    return {"avatar_hash": digest, "is_custom_image": True, "image_original": path, **images}


def apply_fields(user: Json, fields: Json, *, at: float) -> None:
    """Put Slack fields where Slack puts them; those that Slack derives from others follow."""
    for key, value in _with_followers(fields, at).items():
        if key == "profile":
            user["profile"] |= value
            continue
        # `real_name` stands in both places.
        places = [user] if key in TOP_LEVEL else [user["profile"]]
        if key == "real_name":
            places = [user, user["profile"]]
        for place in places:
            if value is ABSENT:
                place.pop(key, None)
            else:
                place[key] = value


def _with_followers(fields: Json, at: float) -> Json:
    followers: Json = {}
    if isinstance(name := fields.get("real_name"), str):
        first, _, last = name.partition(" ")
        followers |= {"real_name_normalized": name, "first_name": first, "last_name": last}
    if isinstance(name := fields.get("display_name"), str):
        followers["display_name_normalized"] = name
    if isinstance(emoji := fields.get("status_emoji"), str):
        followers |= emoji_fields(emoji)
    if isinstance(zone := fields.get("tz"), str):
        followers |= zone_fields(zone, at)
    return followers | fields


def in_event(user: Json) -> Json:
    """The object of `user_change` and `team_join`: everything, the locale too."""
    return {**user, "profile": dict(user["profile"])}


def listed(user: Json, *, locale: bool) -> Json:
    """The object of a `users.list` page: deactivated users lose zone and roles, the locale comes on request only."""
    hidden = {"is_connector_bot", "presence", "has_files", "teams", "enterprise_id", "enterprise_name"}
    if not locale:
        hidden.add("locale")
    if user["deleted"]:
        hidden.update(GONE_WITH_DEACTIVATION)
    profile = {key: value for key, value in user["profile"].items() if key != "status_emoji_url"}
    profile["fields"] = {}
    return {**{key: value for key, value in user.items() if key not in hidden}, "profile": profile}


def asked_for(user: Json, *, locale: bool) -> Json:
    """The object of `users.info`: as listed, but without the keys `fields` and `guest_channels`."""
    hidden = set() if locale else {"locale"}
    if user["deleted"]:
        hidden.update(GONE_WITH_DEACTIVATION)
    profile = {key: value for key, value in user["profile"].items() if key not in ("fields", "guest_channels")}
    return {**{key: value for key, value in user.items() if key not in hidden}, "profile": profile}


def short(user: Json) -> Json:
    """What a deactivation tells: eight keys, and a profile of names and pictures only (seen in real traffic)."""
    names = ("real_name", "real_name_normalized", "display_name", "display_name_normalized", "first_name", "last_name")
    kept = ("avatar_hash", "is_custom_image", "team", *names)
    profile = {key: value for key, value in user["profile"].items() if key in kept or key.startswith("image_")}
    top = ("id", "team_id", "name", "deleted", "is_bot", "is_app_user", "is_forgotten", "updated")
    return {**{key: user[key] for key in top if key in user}, "profile": profile}


def addressed(user: Json, base_url: str) -> Json:
    """The same object with its picture paths made addresses of this simulator."""
    profile = {
        key: _at(base_url, value) if key.startswith("image_") or key == "status_emoji_url" else value
        for key, value in user["profile"].items()
    }
    if isinstance(told := profile.get("status_emoji_display_info"), list):
        profile["status_emoji_display_info"] = [
            {**each, "display_url": _at(base_url, each.get("display_url"))} for each in told
        ]
    return {**user, "profile": profile}


def _at(base_url: str, path: Any) -> Any:
    return base_url + path if isinstance(path, str) and path.startswith("/") else path


def without_email(user: Json) -> Json:
    """Without scope `users:read.email` the key is missing, not empty."""
    return {**user, "profile": {key: value for key, value in user["profile"].items() if key != "email"}}
