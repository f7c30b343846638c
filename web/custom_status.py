"""The line that people set under their name in Slack, for as long as it holds. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from db.records import User
from web.emoji import character, drawn, spoken
from web.words import clock, day


@dataclass(frozen=True, slots=True)
class CustomStatus:
    """An emoji as a character, or as a picture that their Slack alone knows, or none; and the words beside it."""

    emoji: str
    text: str
    until: str = ""
    picture: str = ""
    """The address of the emoji's picture, as Slack told it; a page shows only those of Slack's own hosts."""
    spoken: str = ""
    """What the picture shows, for who does not see it; empty where the words beside it say so."""
    ends: int = 0
    """When it ends, in epoch seconds, for a page that stays open; 0 for one that does not end."""

    @property
    def line(self) -> str:
        return f"{self.emoji} {self.text}".strip()


def custom_status_of(user: User, now: datetime, zone: tzinfo | None = None) -> CustomStatus | None:
    """Return the custom status while it holds by our clock: Slack tells no one when it ends."""
    if not user.status_emoji and not user.status_text:
        return None
    expires_at = _expiry(user.status_expiration)
    if _is_over(expires_at, now):
        return None
    status = read_status(user.status_emoji, user.status_text, user.status_emoji_url)
    if status is None or expires_at is None:
        return status
    return replace(status, until=_until(expires_at, now, zone), ends=int(expires_at.timestamp()))


def while_it_holds(user: User, now: datetime) -> User:
    """Give a row as it is now: of a custom status that is over nothing is left, as if they had cleared it."""
    if not _is_over(_expiry(user.status_expiration), now):
        return user
    return replace(user, status_text="", status_emoji="", status_expiration=0, status_emoji_url=None)


def ending_of(user: User, now: datetime) -> int:
    """Tell when the custom status will end, in epoch seconds; 0 for one that does not."""
    expires_at = _expiry(user.status_expiration)
    return 0 if expires_at is None or _is_over(expires_at, now) else int(expires_at.timestamp())


def read_status(emoji: str | None, text: str | None, picture: str | None = None) -> CustomStatus | None:
    """Read emoji and text; where the emoji is no character and there is no text, its name speaks."""
    symbol, words, name = character(emoji), drawn((text or "").strip()), spoken(emoji)
    if symbol:
        return CustomStatus(symbol, words)
    if not words and not name:
        return None
    return CustomStatus("", words or name, picture=(picture or "") if name else "", spoken=name if words else "")


def _expiry(seconds: int | None) -> datetime | None:
    if not seconds or seconds < 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):  # a year that no calendar has: it holds for ever
        return None


def _is_over(expires_at: datetime | None, now: datetime) -> bool:
    return expires_at is not None and expires_at <= now


def _until(moment: datetime, now: datetime, zone: tzinfo | None) -> str:
    here, today = moment.astimezone(zone or UTC).date(), now.astimezone(zone or UTC).date()
    if here == today:
        return f"until {clock(moment, zone)}" + (" your time" if zone else "")
    return f"until {day(here, today)}"
