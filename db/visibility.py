"""The visibility policy: which field of a user is for whom. The only table of it; `db/sight.py` applies it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache


class Audience(StrEnum):
    """For whom a field is, from the widest to the narrowest."""

    EVERYONE = "everyone"
    ADMINS = "admins"
    NOBODY = "nobody"


FIELDS: Mapping[str, tuple[str, ...]] = {
    "title": ("title",),
    "email": ("email", "is_email_confirmed"),
    "phone": ("phone",),
    "pronouns": ("pronouns",),
    "start_date": ("start_date",),
    "tz": ("tz", "tz_label", "tz_offset"),
    "locale": ("locale",),
    "status": ("status_text", "status_emoji", "status_expiration", "status_emoji_url"),
    "picture": (
        "avatar_hash",
        "image_72",
        "image_192",
        "image_512",
        "image_1024",
        "image_original",
        "is_custom_image",
    ),
    "role": ("is_admin", "is_owner", "is_primary_owner"),
    "has_2fa": ("has_2fa",),
    "guest_invited_by": ("guest_invited_by",),
    "guest_expiration_ts": ("guest_expiration_ts",),
    "who_can_share_contact_card": ("who_can_share_contact_card",),
    "fields": ("fields",),
}
"""What a policy can speak of, and the columns that go with it. A single custom field is named by its id, `Xf…`."""

GROUP_OF: Mapping[str, str] = {column: group for group, columns in FIELDS.items() for column in columns}

CONTACT = frozenset({*FIELDS["email"], *FIELDS["phone"]})
"""Contact data: of whom is not active any more they are for admins alone, whatever else the policy says."""

UNTOLD = frozenset({*FIELDS["status"], *FIELDS["has_2fa"], "is_email_confirmed"})
"""What moves no `changed_at`: what passes within the day, and what is hardly for everybody."""

USUALLY: Mapping[str, Audience] = {"has_2fa": Audience.ADMINS}
"""What holds where the operator says nothing: who has no second factor is of use to an attacker first of all."""

CUSTOM_FIELD = "Xf"


@dataclass(frozen=True, slots=True)
class Policy:
    """Field → audience, over what usually holds."""

    audiences: Mapping[str, Audience] = field(default_factory=dict)
    """By the names in FIELDS, or by the id of a custom field."""

    def audience_of(self, name: str) -> Audience:
        """Tell for whom a field is; a custom field is never for more than all of them together."""
        if name.startswith(CUSTOM_FIELD):
            return max(self.audiences.get(name, Audience.EVERYONE), self.audience_of("fields"), key=_STRICTNESS.index)
        return self.audiences.get(name) or USUALLY.get(name, Audience.EVERYONE)

    def hidden_from(self, audience: Audience) -> frozenset[str]:
        """Name the columns, and the custom fields by their ids, that this audience may not see."""
        return _hidden_from(tuple(self.audiences.items()), audience)


@lru_cache(maxsize=64)
def _hidden_from(audiences: tuple[tuple[str, Audience], ...], audience: Audience) -> frozenset[str]:
    """Tell it once of a policy: every request asks."""
    policy = Policy(dict(audiences))
    groups = {name for name in FIELDS if not _may(audience, policy.audience_of(name))}
    custom = {name for name in policy.audiences if name.startswith(CUSTOM_FIELD)}
    hidden = {name for name in custom if not _may(audience, policy.audience_of(name))}
    return frozenset({column for group in groups for column in FIELDS[group]} | hidden)


_STRICTNESS = list(Audience)


def _may(who: Audience, whose: Audience) -> bool:
    return whose is not Audience.NOBODY and (whose is Audience.EVERYONE or who is Audience.ADMINS)
