"""What is posted into channels of Slack, and where: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Purpose(StrEnum):
    """What is posted into a channel."""

    ALERTS = "alerts"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is posted for a workspace, as somebody there has decided."""

    team_id: str
    purpose: Purpose
    channel_id: str | None
    """None for nowhere, whatever the settings say."""
    posted_at: datetime | None = None
    """When something was last posted there by the clock."""


@dataclass(frozen=True, slots=True)
class AlertPost:
    """A message about an alert, as it stands in a channel."""

    alert_id: int
    team_id: str
    channel_id: str
    ts: str | None
    """Slack's name of the message within its channel; None where it cannot be edited."""
    words: str
    is_over: bool = False
    """Whether it says that the alert is over."""
