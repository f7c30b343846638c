"""How far commits are behind their events: commit time minus `event_ts`, by Slack's clock."""

from __future__ import annotations

import time
from collections.abc import Callable

LATE_S = 60
"""A change that takes longer to reach the table than this is worth telling."""
REMEMBERED_S = 60


class Lag:
    """Notes each commit's lag; remembers for a minute that one was late."""

    def __init__(
        self, *, monotonic: Callable[[], float] = time.monotonic, on_note: Callable[[float], None] = lambda _: None
    ) -> None:
        self._monotonic = monotonic
        self._on_note = on_note
        self._late_at_s: float | None = None
        self.last_s: float | None = None
        """Of the last commit, in seconds; None before the first."""
        self._worst_s = 0.0

    def note(self, lag_s: float) -> None:
        """Note a commit; clocks of two machines may differ by a little, and nothing is committed before it happens."""
        self.last_s = max(lag_s, 0.0)
        self._on_note(self.last_s)
        if self.last_s > LATE_S:
            self._worst_s = max(self._worst_s, self.last_s) if self.late_s is not None else self.last_s
            self._late_at_s = self._monotonic()

    @property
    def late_s(self) -> float | None:
        """Tell the worst of a lateness that is not a minute past; seconds, None for none."""
        if self._late_at_s is None or self._monotonic() - self._late_at_s > REMEMBERED_S:
            return None
        return self._worst_s
