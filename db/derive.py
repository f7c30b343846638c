"""What a row says without Slack having said it: kind, state, and the keys for order and search. Pure."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from db.filters import Lack
from db.fold import folded, folded_value
from db.records import Kind, State, User
from db.words import search_text_of

SLACKBOT = "USLACKBOT"
"""The same id in every workspace, and `is_bot` is false there (docs.slack.dev, User object)."""

SORT_KEY_CHARS = 200
EMAIL_KEY_CHARS = 254
"""No e-mail address is longer (RFC 5321, section 4.5.3.1.3)."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)

HIDDEN = 1 << 0
LACKS: Mapping[Lack, int] = {lack: 1 << (1 + index) for index, lack in enumerate(Lack)}
"""The bits of `traits`; a new one is added at the end, for those of old rows stay as they are."""
_NO_PICTURE, _NO_TITLE, _NO_EMAIL, _NO_PHONE, _NO_ZONE = (
    LACKS[lack] for lack in (Lack.PICTURE, Lack.TITLE, Lack.EMAIL, Lack.PHONE, Lack.ZONE)
)


def derived(user: User) -> User:
    """Fill in the derived fields of a row."""
    return replace(user, **derived_fields(user))


def derived_fields(user: User, *, keeps_words: bool = False) -> dict[str, Any]:
    """Derive from a row what the row itself may not yet say; its words are kept where they are still the same."""
    return {
        "kind": kind_of(user),
        "state": state_of(user),
        "sort_key": sort_key_of(user),
        "title_key": value_key_of(user.title),
        "traits": traits_of(user),
        "start_day": start_day_of(user.start_date),
        "search_text": user.search_text if keeps_words else search_text_of(user),
        "email_key": email_key_of(user.email),
    }


def kind_of(user: User) -> Kind:
    """Tell who a user is; what hides people from view wins over what only describes them."""
    if user.is_forgotten:
        return Kind.ERASED
    if user.is_stranger or user.is_external or _is_from_elsewhere(user):
        return Kind.EXTERNAL
    if user.is_bot or user.is_workflow_bot or user.is_connector_bot or user.id == SLACKBOT:
        return Kind.BOT
    if user.is_restricted or user.is_ultra_restricted:
        return Kind.GUEST
    return Kind.MEMBER


def state_of(user: User) -> State:
    """Tell how a user stands; Slack's own word (`deleted`) before our suspicion (`missing_since`)."""
    if user.deleted:
        return State.DEACTIVATED
    return State.MISSING if user.missing_since else State.ACTIVE


def sort_key_of(user: User) -> str:
    """Fold what people call somebody; MariaDB takes a blank at the end for none."""
    return folded(user.shown_name)[:SORT_KEY_CHARS].rstrip()


def value_key_of(value: str | None) -> str:
    """Fold a title or a custom field's value, so that two which differ in case, accents or blanks are one.

    Signs are kept: what is made of them alone is a value, too. Empty for none and for blanks.
    """
    return folded_value(value or "")[:SORT_KEY_CHARS].rstrip()


def traits_of(user: User) -> int:
    """Tell as bits what a user lacks, and whether they are hidden."""
    return (
        (HIDDEN if user.hidden_at is not None else 0)
        | (0 if user.is_custom_image else _NO_PICTURE)
        | (0 if user.title and user.title.strip() else _NO_TITLE)
        | (0 if user.email and user.email.strip() else _NO_EMAIL)
        | (0 if user.phone and user.phone.strip() else _NO_PHONE)
        | (0 if user.tz else _NO_ZONE)
    )


def start_day_of(text: str | None) -> int | None:
    """Tell the day of the year of a first day, as MMDD; None for anything but Slack's `YYYY-MM-DD`."""
    if not text or not _DATE.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day.month * 100 + day.day


def days_kept_on(day: date) -> tuple[int, ...]:
    """Name the first days, as MMDD, whose return is kept on a day: in a year without 29 February, on the 28th."""
    is_last = day.month == 2 and (day + timedelta(days=1)).month == 3
    return (228, 229) if is_last and day.day == 28 else (day.month * 100 + day.day,)


def email_key_of(email: str | None) -> str:
    """Fold an e-mail address so that two which differ in the case of A to Z alone are the same; empty where none is.

    A proxy's word is looked up by it, so nothing else may become the same: for Unicode the Kelvin sign is a `k`, too,
    and not for case folding alone but for normal forms as well.
    """
    bare = (email or "").strip(" ")
    key = bare.lower() if bare.isascii() else bare.translate(_LOWER)
    return key if len(key) <= EMAIL_KEY_CHARS else ""


def _is_from_elsewhere(user: User) -> bool:
    """A foreign workspace that the user's own enterprise does not name; an `E…` id is the enterprise itself."""
    home = user.home_team_id
    if not home or home == user.team_id or home == user.enterprise_id or home.startswith("E"):
        return False
    return user.team_id not in (user.enterprise_teams or ())
