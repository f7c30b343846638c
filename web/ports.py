"""What the window needs to be told at run time: how the service is, as a value handed in by the root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

Clock = Callable[[], datetime]
"""Tells the time, aware UTC."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A reading of all people that is under way."""

    seen: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Status:
    """How the service is right now."""

    sockets: int = 0
    sockets_wanted: int = 1
    connected_since: datetime | None = None
    last_heard_at: datetime | None = None
    """Slack's last sign of life, be it only a ping."""
    walk: Walk | None = None
    walked_at: datetime | None = None
    """When the last whole reading ended."""
    trouble: str | None = None
    """What is wrong, as a sentence with its remedy."""
    demo: bool = False

    @property
    def is_connected(self) -> bool:
        return self.sockets > 0


StatusReader = Callable[[], Status]
