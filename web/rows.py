"""One user as a row of the list: everything that the template prints, computed beforehand. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from db.filters import CustomField
from db.records import Kind, State, User, Workspace
from web.clocks import LocalTime, local_time
from web.custom_status import CustomStatus, custom_status_of
from web.faces import Face, face_of
from web.marks import Stretch, marked, words_not_in
from web.names import name_of, second_name_of
from web.words import short_day

NEW_FOR = timedelta(days=14)
READ = (
    "name", "real_name", "display_name", "first_name", "last_name", "title", "email", "phone", "pronouns", "fields",
    "tz", "status_text", "status_emoji", "status_expiration", "status_emoji_url",
    "image_72", "image_192", "image_512", "is_custom_image", "deleted", "updated", "guest_expiration_ts",
    "joined_at", "missing_since", "sort_key", "rev",
)  # fmt: skip
"""What a row tells of a user, beside who it is: other columns need not be read for a list."""
_EMAIL = re.compile(r"[^@\s<>\"'(),:;\\]+@[^@\s<>\"'(),:;\\]+\.[^@\s<>\"'(),:;\\]+")
_AS_IT_IS = re.compile(r"[A-Za-z0-9_.~@+-]+")
"""What is not quoted in an address: nearly all of them are of nothing else."""
_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}(\.enterprise)?")
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.\-]{2,30}")


@dataclass(frozen=True, slots=True)
class Badge:
    """An exception worth saying; its class chooses how it looks."""

    look: str
    text: str
    date: str = ""
    """The part that a narrow row leaves out."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a search found somebody by what a row does not show."""

    label: str
    text: tuple[Stretch, ...]


class Row(NamedTuple):
    """What a row of the list, or a card, shows."""

    key: str
    href: str
    name: tuple[Stretch, ...]
    plain_name: str
    second_name: tuple[Stretch, ...]
    pronouns: str
    title: tuple[Stretch, ...]
    badges: tuple[Badge, ...]
    face: Face
    status: CustomStatus | None
    time: LocalTime | None
    gone: str
    """The words in the place of a local time for who is not there any more."""
    message_href: str
    email_href: str
    kind: str
    state: str
    sort_key: str
    rev: int
    offset: str = ""
    """The difference to the viewer's clock in words, also where there is none; empty where theirs is unknown."""
    found: Found | None = None
    letter: str = ""
    shows_title: bool = True
    """False where an empty title is not remarked on: not for this viewer, of a bot, of who is gone."""
    is_fresh: bool = False
    """True in a live fragment: the row shows for a moment that it changed."""


def row_of(
    user: User,
    now: datetime,
    zone: ZoneInfo | None = None,
    *,
    q: str = "",
    custom_fields: Iterable[CustomField] = (),
    letter: str = "",
    shows_title: bool = True,
    is_fresh: bool = False,
) -> Row:
    """Lay out one user for the list."""
    is_active = user.state is State.ACTIVE
    name, title = name_of(user), (user.title or "").strip()
    time = local_time(user.tz, now, zone) if is_active and user.kind is not Kind.BOT else None
    return Row(
        key=f"{user.team_id}-{user.id}",
        href=profile_link(user.team_id, user.id),
        name=marked(name, q),
        plain_name=name,
        second_name=marked(second_name_of(user), q),
        pronouns=(user.pronouns or "").strip(),
        title=marked(title, q),
        badges=badges_of(user, now, zone),
        face=face_of(user),
        status=custom_status_of(user, now, zone) if is_active else None,
        time=time,
        offset=(time.offset or "your time") if time and zone else "",
        gone=_gone(user, now, zone),
        message_href=message_link(user),
        email_href=email_link(user.email),
        kind=user.kind.value,
        state=user.state.value,
        sort_key=user.sort_key,
        rev=user.rev,
        found=found_in(user, q, custom_fields) if q else None,
        letter=letter,
        shows_title=shows_title and is_active and user.kind is not Kind.BOT,
        is_fresh=is_fresh,
    )


def found_in(user: User, q: str, custom_fields: Iterable[CustomField] = ()) -> Found | None:
    """Tell by what a search found somebody, where name and title do not show it; None where they do.

    Whatever the viewer may not see has been taken from the user before, so nothing of it is told here.
    """
    left = words_not_in(q, name_of(user), second_name_of(user), user.title or "")
    if not left:
        return None
    labels = {each.field_id: each.label for each in custom_fields}
    own = [(labels.get(name, "profile"), _field_text(each), "") for name, each in (user.fields or {}).items()]
    for label, text, joins in (
        ("e-mail", user.email, ""),
        ("phone", user.phone, " ()/."),
        ("Slack name", user.name, ""),
        ("first name", user.first_name, ""),
        ("last name", user.last_name, ""),
        *own,
    ):
        stretches = marked((text or "").strip(), " ".join(left), joins=joins)
        if any(each.hit for each in stretches):
            return Found(label, stretches)
    return None


def _field_text(value: Any) -> str:
    """Return the text of a custom field, which Slack sends as `{"value": …}`."""
    text = value.get("value") if isinstance(value, Mapping) else None
    return text if isinstance(text, str) else ""


def badges_of(user: User, now: datetime, zone: ZoneInfo | None) -> tuple[Badge, ...]:
    """Say the exceptions, at most two, guest and external first."""
    found = []
    if user.kind is Kind.GUEST:
        found.append(Badge("guest", "Guest", _guest_until(user, now, zone)))
    if user.kind is Kind.EXTERNAL:
        found.append(Badge("external", "External"))
    if user.kind is Kind.BOT:
        found.append(Badge("bot", "Bot"))
    if user.state is State.DEACTIVATED:
        found.append(Badge("gone", "Deactivated"))
    if user.state is State.MISSING:
        since, there = user.missing_since, zone or UTC
        today = now.astimezone(there).date()
        date = f"since {short_day(since.astimezone(there).date(), today)}" if since else ""
        found.append(Badge("gone", "Missing", date))
    if user.state is State.ACTIVE and user.joined_at and timedelta() <= now - user.joined_at < NEW_FOR:
        found.append(Badge("new", "New"))
    return tuple(found[:2])


def profile_link(team_id: str, user_id: str) -> str:
    """Return the address of somebody's own page."""
    return f"/users/{_quoted(team_id)}/{_quoted(user_id)}"


def card_link(team_id: str, user_id: str) -> str:
    """Return the address of somebody's contact card."""
    return f"{profile_link(team_id, user_id)}/card.vcf"


def message_link(user: User) -> str:
    """Return the link that opens a conversation in the viewer's own Slack; empty where nobody would answer."""
    if user.state is not State.ACTIVE:
        return ""
    return f"slack://user?team={_quoted(user.team_id)}&id={_quoted(user.id)}"


def web_link(user: User, workspace: Workspace) -> str:
    """Return the same for who has Slack in a browser alone; empty where the workspace's own address is not known."""
    domain = workspace.domain or ""
    if user.state is not State.ACTIVE or not _DOMAIN.fullmatch(domain):
        return ""
    return f"https://{domain}.slack.com/team/{quote(user.id, safe='')}"


def _quoted(key: str) -> str:
    """Write an id as a part of an address; Slack's hold nothing that has to be written otherwise."""
    return key if key.isascii() and key.isalnum() else quote(key, safe="")


def email_link(email: str | None) -> str:
    """Return a mailto link for what is plainly an address, else nothing."""
    email = (email or "").strip()
    if not _EMAIL.fullmatch(email):
        return ""
    return f"mailto:{email if _AS_IT_IS.fullmatch(email) else quote(email, safe='@+')}"


def phone_link(phone: str | None) -> str:
    """Return a tel link for what is plainly a number, else nothing: an extension in words cannot be dialled."""
    phone = (phone or "").strip()
    if not _PHONE.fullmatch(phone):
        return ""
    return "tel:" + re.sub(r"[^0-9+]", "", phone.replace("(0)", ""))


def _guest_until(user: User, now: datetime, zone: ZoneInfo | None) -> str:
    seconds = user.guest_expiration_ts
    if not seconds or not 0 < seconds < 2**33:
        return ""
    there = zone or UTC
    return f"until {short_day(datetime.fromtimestamp(seconds, there).date(), now.astimezone(there).date())}"


def _gone(user: User, now: datetime, zone: ZoneInfo | None) -> str:
    if user.state is not State.DEACTIVATED or user.left_at is None:
        return ""
    there = zone or UTC
    return f"left {short_day(user.left_at.astimezone(there).date(), now.astimezone(there).date())}"
