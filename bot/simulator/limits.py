"""Slack's rate limits: so many calls a minute, counted for each method and workspace; posts for each channel."""

import math
from collections import deque

from bot.simulator.clocks import SlackTime

CALLS_A_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
"""Tiers as Slack's page on rate limits gives them; tier 0 stands for "special" and is not limited here."""

WINDOW_SECONDS = 60.0
POSTS_SECONDS = 1.0
"""A channel takes one message a second of an app; Slack lets short bursts through, which nobody can count on."""


class RateLimits:
    """Counts only while `is_on`; the clock is Slack's."""

    def __init__(self, time: SlackTime, *, is_on: bool) -> None:
        self.is_on = is_on
        self._time = time
        self._recent: dict[tuple[str, str], deque[float]] = {}

    def retry_after(self, team_id: str, method: str, tier: int) -> int | None:
        """Seconds to stay away, if this call is one too many; otherwise it is counted."""
        most = CALLS_A_MINUTE.get(tier)
        return None if most is None else self._counted((team_id, method), most, WINDOW_SECONDS)

    def retry_post_after(self, team_id: str, channel: str) -> int | None:
        """Likewise for a message into a channel."""
        return self._counted((team_id, channel), 1, POSTS_SECONDS)

    def _counted(self, key: tuple[str, str], most: int, window: float) -> int | None:
        if not self.is_on:
            return None
        now = self._time.now()
        recent = self._recent.setdefault(key, deque())
        while recent and now - recent[0] >= window:
            recent.popleft()
        if len(recent) < most:
            recent.append(now)
            return None
        return max(1, math.ceil(recent[0] + window - now))
