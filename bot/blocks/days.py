"""A moment as a day, which Slack shows in each reader's own time zone. Pure.

Facts: docs.slack.dev, Formatting message text (date tokens and their fallback).
"""

from __future__ import annotations

from datetime import UTC, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def on_day(moment: datetime) -> str:
    """Name the day, in Slack's markup: by the reader's clock, and where no client reads it, by UTC."""
    day = moment.astimezone(UTC)
    return f"<!date^{int(moment.timestamp())}^{{date_short}}|{day.day} {_MONTHS[day.month - 1]} {day.year} (UTC)>"
