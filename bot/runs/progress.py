"""How far a run has come, for whoever waits for it: counts, the time left, and why it waits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from db.records import Run, RunKind
from db.runs import COUNTED

PAGE_USERS = 999
"""Users of a page, as far as Slack fills it."""
_TELLS = 0.02
"""Below two in a hundred the time left is a guess that nobody should be shown."""


@dataclass(slots=True)
class Progress:
    """A run under way; the figures of its row as they stand in memory."""

    team_id: str
    kind: RunKind
    started_at: datetime
    expected: int | None = None
    """About how many users the list will have, as of the last time; None before the first."""
    calls: int = 0
    seen: int = 0
    inserted: int = 0
    updated: int = 0
    drift: int = 0
    drift_fields: Counter[str] = field(default_factory=Counter)
    """How many users had drifted in each field."""
    unreadable: int = 0
    nameless: int = 0
    absent: int = 0
    asked: int = 0
    """Of the absent, how many were asked for one by one."""
    missing: int = 0
    resumed_seen: int = 0
    resumed_at: datetime | None = None
    """Where this process took the run up: what was read before says nothing of how quick it is now."""
    waits: str = ""
    """Why it waits right now; a sentence."""
    paced: Callable[[int], float] = field(default=lambda _: 0.0, repr=False, compare=False)
    """Tells how long so many more pages take at Slack's pace; seconds."""
    paced_asks: Callable[[int], float] = field(default=lambda _: 0.0, repr=False, compare=False)
    """The same for asking for so many more people one by one."""

    @property
    def share(self) -> float | None:
        """How much is done, of 1; None where nobody knows how much there is."""
        if self.absent:
            return self.asked / self.absent
        return self.seen / self.expected if self.expected and self.seen <= self.expected else None

    @property
    def pages(self) -> int | None:
        """About how many pages the list has; None before the first time."""
        return math.ceil(self.expected / PAGE_USERS) if self.expected else None

    def left(self, now: datetime) -> timedelta | None:
        """Estimate the time left, by its own speed and by Slack's pace; None where nothing is known to go by."""
        if self.absent:
            return timedelta(seconds=self.paced_asks(self.absent - self.asked))
        total = self.expected or 0
        if self.seen >= total or self.seen < total * _TELLS:
            return None
        read, to_read = self.seen - self.resumed_seen, total - self.seen
        if read <= 0:
            return None
        by_speed = (now - (self.resumed_at or self.started_at)) / read * to_read
        return max(by_speed, timedelta(seconds=self.paced(math.ceil(to_read / PAGE_USERS))))

    def begin_again(self) -> None:
        """Forget what was seen: the list is read from its beginning. What was found in it stays found."""
        self.seen = self.unreadable = self.nameless = 0
        self.resumed_seen = 0

    def counts(self) -> dict[str, Any]:
        """Give the figures that its row keeps."""
        return {name: getattr(self, name) for name in COUNTED} | {"drift_fields": dict(self.drift_fields) or None}


def progress_of(run: Run) -> Progress:
    """Read the progress of a run from its row."""
    return Progress(
        team_id=run.team_id,
        kind=run.kind,
        started_at=run.started_at,
        expected=run.expected,
        drift_fields=Counter(run.drift_fields or {}),
        **{name: getattr(run, name) for name in COUNTED},
    )
