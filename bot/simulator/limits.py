"""Slack's rate limits: so many calls a minute, counted for each method and workspace."""

import math
from collections import deque

from bot.simulator.clocks import SlackTime

CALLS_A_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
"""Tiers as Slack's page on rate limits gives them; tier 0 stands for "special" and is not limited here."""

WINDOW_SECONDS = 60.0


class RateLimits:
    """Counts only while `is_on`; the clock is Slack's."""

    def __init__(self, time: SlackTime, *, is_on: bool) -> None:
        self.is_on = is_on
        self._time = time
        self._recent: dict[tuple[str, str], deque[float]] = {}

    def retry_after(self, team_id: str, method: str, tier: int) -> int | None:
        """Seconds to stay away, if this call is one too many; otherwise it is counted."""
        most = CALLS_A_MINUTE.get(tier)
        if not self.is_on or most is None:
            return None
        now = self._time.now()
        recent = self._recent.setdefault((team_id, method), deque())
        while recent and now - recent[0] >= WINDOW_SECONDS:
            recent.popleft()
        if len(recent) < most:
            recent.append(now)
            return None
        return max(1, math.ceil(recent[0] + WINDOW_SECONDS - now))
