"""Slack's time: whole seconds for `updated`, strictly rising microseconds for `event_ts`, all from one clock."""

from collections.abc import Callable


class SlackTime:
    """Reads a clock (epoch seconds) the way Slack stamps things with it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last_stamp = 0

    def now(self) -> float:
        return self._clock()

    def second(self) -> int:
        return int(self._clock())

    def stamp(self) -> str:
        """The next `event_ts` or message `ts`: seconds and microseconds as a string, never the same twice."""
        self._last_stamp = max(self._last_stamp + 1, int(self._clock() * 1_000_000))
        return f"{self._last_stamp // 1_000_000}.{self._last_stamp % 1_000_000:06d}"
