"""Values for tests: a test names what matters to it, the rest is filled in."""

from __future__ import annotations

from typing import Any

from db.records import Observation, Source

TEAM = "T0SIM00001"
PROFILE_KEYS = frozenset(
    {
        "title", "phone", "email", "display_name", "first_name", "last_name", "pronouns", "start_date", "status_text",
        "status_emoji", "status_expiration", "avatar_hash", "image_72", "image_192", "image_512", "image_1024",
        "image_original", "is_custom_image", "bot_id", "guest_invited_by", "guest_expiration_ts", "fields",
    }
)  # fmt: skip


def an_observation(user_id: str = "U1", *, updated: int | None = 100, moment: int = 0, **values: Any) -> Observation:
    """Make an observation of an event; `source`, `team_id` and `joined` may be given, all else is a field."""
    return Observation(
        team_id=values.pop("team_id", TEAM),
        id=user_id,
        source=values.pop("source", Source.EVENT),
        joined=values.pop("joined", False),
        values=values,
        updated=updated,
        moment=moment,
    )


def a_user_payload(user_id: str = "U1", *, updated: int = 1_700_000_000, **fields: Any) -> dict[str, Any]:
    """Make a full user object as `users.list` gives it; each field goes where Slack puts it."""
    real_name = fields.pop("real_name", "Ada Lovelace")
    profile = {
        "title": "", "phone": "", "skype": "", "real_name": real_name, "real_name_normalized": real_name,
        "display_name": "", "display_name_normalized": "", "fields": {}, "status_text": "", "status_emoji": "",
        "status_emoji_display_info": [], "status_expiration": 0, "avatar_hash": "g0", "first_name": "", "last_name": "",
        "team": TEAM,
    }  # fmt: skip
    user = {
        "id": user_id, "team_id": TEAM, "name": "ada", "deleted": False, "color": "9f69e7", "real_name": real_name,
        "tz": "Europe/London", "tz_label": "Greenwich Mean Time", "tz_offset": 0, "is_admin": False, "is_owner": False,
        "is_primary_owner": False, "is_restricted": False, "is_ultra_restricted": False, "is_bot": False,
        "is_app_user": False, "updated": updated, "is_email_confirmed": True, "who_can_share_contact_card": "EVERYONE",
    }  # fmt: skip
    for name, value in fields.items():
        (profile if name in PROFILE_KEYS else user)[name] = value
    return {**user, "profile": profile}


def a_short_payload(user_id: str = "U1", *, updated: int = 1_700_000_000, **profile: Any) -> dict[str, Any]:
    """Make the short form in which Slack tells a deactivation."""
    return {
        "id": user_id, "team_id": TEAM, "name": "ada", "deleted": True, "is_bot": False, "is_app_user": False,
        "updated": updated,
        "profile": {"real_name": "Ada Lovelace", "display_name": "", "avatar_hash": "g0", **profile},
    }  # fmt: skip


def an_event(user: Any, *, kind: str = "user_change", event_id: str = "Ev0001", **event: Any) -> dict[str, Any]:
    """Wrap a user object into the payload of an envelope."""
    return {
        "type": "event_callback", "team_id": TEAM, "api_app_id": "A0SIM00001", "event_id": event_id,
        "event_time": 1_700_000_000, "authorizations": [{"team_id": TEAM, "is_bot": True}],
        "event": {"type": kind, "user": user, "event_ts": "1700000000.000100", **event},
    }  # fmt: skip
