"""The line that people set under their name in Slack, for as long as it holds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from db.records import User
from web.emoji import character, drawn, spoken
from web.words import clock, day


@dataclass(frozen=True, slots=True)
class CustomStatus:
    """An emoji as a character (or none) and the words beside it."""

    emoji: str
    text: str
    until: str = ""

    @property
    def line(self) -> str:
        return f"{self.emoji} {self.text}".strip()


def custom_status_of(user: User, now: datetime, zone: tzinfo | None = None) -> CustomStatus | None:
    """Return the custom status while it holds by our clock: Slack tells no one when it ends."""
    expires_at = _expiry(user.status_expiration)
    if expires_at is not None and expires_at <= now:
        return None
    status = read_status(user.status_emoji, user.status_text)
    if status is None or expires_at is None:
        return status
    return CustomStatus(status.emoji, status.text, until=_until(expires_at, now, zone))


def read_status(emoji: str | None, text: str | None) -> CustomStatus | None:
    """Read emoji and text; an emoji that nobody can draw here speaks only where there is no text."""
    symbol, words = character(emoji), drawn((text or "").strip())
    words = words or ("" if symbol else spoken(emoji))
    return CustomStatus(symbol, words) if symbol or words else None


def _expiry(seconds: int | None) -> datetime | None:
    if not seconds or seconds < 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):  # a year that no calendar has: it holds for ever
        return None


def _until(moment: datetime, now: datetime, zone: tzinfo | None) -> str:
    here, today = moment.astimezone(zone or UTC).date(), now.astimezone(zone or UTC).date()
    if here == today:
        return f"until {clock(moment, zone)}" + (" your time" if zone else "")
    return f"until {day(here, today)}"
