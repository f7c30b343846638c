"""How the service is, as the root tells it to whoever answers; from memory, so also while the database is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.runs.progress import Progress


@dataclass(frozen=True, slots=True)
class Condition:
    """What memory knows right now."""

    workspace: str
    """Its name, else its id."""
    sockets: int
    sockets_wanted: int
    last_heard_at: datetime | None = None
    walked_at: datetime | None = None
    """When everybody was last read to the end."""
    is_memory_closed: bool = False
    """Whether nothing can be written, so that no change is taken in."""
    trouble: str | None = None
    lag_s: float | None = None
    """How long after it was made in Slack the last change was here; seconds, None before the first."""
    next_in_s: float | None = None
    """How long until everybody is read again by itself; seconds."""
    progress: Progress | None = None
    """Of the run under way."""
