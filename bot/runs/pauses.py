"""When a run may begin by itself: by the clock, after rests and pauses, and as Slack wishes; whoever made the last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often runs come, in seconds."""

    every_s: float = 6 * 3600
    """Between two reconciles, give or take a tenth by chance."""
    rest_s: float = 10
    """Before a run for a gap: a gap that keeps opening must not become a storm of calls."""
    retry_s: float = 60
    """After a run that failed; the next pauses are twice as long each, but for a database that is away."""
    longest_retry_s: float = 3600
    look_again_s: float = 2
    """Between two looks at what other processes do: whoever is killed in a run is followed within 15 s."""
    hello_s: float = 30
    """How long the first run waits for a connection; people are read without one rather than not at all."""


class Pauses:
    """Keeps the moments before which no run begins; asked for, one begins whatever they say."""

    def __init__(self, rhythm: Rhythm, *, monotonic: Callable[[], float], chance: Callable[[], float]) -> None:
        self._rhythm = rhythm
        self._monotonic = monotonic
        self._chance = chance
        self._due_at = 0.0
        self._not_before = 0.0
        self._paused_until = 0.0
        self._slack_waits_until = 0.0
        self._left_not_before = 0.0
        self._failures = 0

    @property
    def slack_left_s(self) -> float:
        """How long Slack still wishes to be left alone; seconds."""
        return max(0.0, self._slack_waits_until - self._monotonic())

    @property
    def left_s(self) -> float:
        """How long until a run may begin by itself at the earliest; seconds."""
        return max(0.0, self._not_before - self._monotonic(), self.slack_left_s)

    @property
    def goes_on_at(self) -> float:
        """When a run that nobody is at may be gone on with: not at once where that has just gone wrong."""
        return max(self._left_not_before, self._slack_waits_until)

    def begins_at(self, *, has_gap: bool) -> float:
        """Tell when a run begins by itself: for a gap, else by the clock."""
        return max(self._not_before, self._slack_waits_until, 0.0 if has_gap else self._due_at)

    def plan(self) -> None:
        """Plan the next reconcile, give or take a tenth, so that many services do not all come at once."""
        self._due_at = self._monotonic() + self._rhythm.every_s * (0.9 + self._chance() / 5)

    def begin(self) -> None:
        """Wait a while for the first hello."""
        self._due_at = min(self._due_at, self._monotonic() + self._rhythm.hello_s)

    def rest(self, seconds: float) -> None:
        """Begin nothing for so long."""
        self._not_before = max(self._not_before, self._monotonic() + seconds)

    def leave(self, seconds: float, *, is_asked: bool) -> None:
        """A run is another's after all, whatever its row tells: do not try for so long to go on with it."""
        self._left_not_before = self._monotonic() + seconds
        if not is_asked:
            self.rest(seconds)

    def shorten(self) -> None:
        """Forget long pauses: what had failed before may work now."""
        self._failures = 0
        self._not_before = min(self._not_before, self._monotonic() + self._rhythm.rest_s)

    def note_done(self, *, is_ours: bool) -> None:
        """A run came to its end."""
        self._failures = 0
        if is_ours:
            self._not_before = self._monotonic() + self._rhythm.rest_s
        self.plan()

    def note_failed(self, *, is_asked: bool) -> float:
        """Slack did not give a run what it asked for: leave it alone, ever longer. Tell for how long."""
        pause_s: float = min(self._rhythm.retry_s * 2**self._failures, self._rhythm.longest_retry_s)
        if not is_asked:  # whoever asks and asks must not put off what comes by itself
            self._failures = min(self._failures + 1, 20)
        self._pause(pause_s, is_asked=is_asked)
        return pause_s

    def note_cut_short(self, *, is_asked: bool) -> float:
        """The database cut a run short; to try again costs Slack nothing. Tell for how long to wait."""
        self._left_not_before = self._monotonic() + self._rhythm.retry_s
        self._pause(self._rhythm.retry_s, is_asked=is_asked)
        return self._rhythm.retry_s

    def leave_slack_alone(self, seconds: float) -> None:
        """Begin nothing for as long as Slack wishes."""
        self._slack_waits_until = self._monotonic() + seconds

    def note_cancelled(self, *, is_put_off: bool) -> None:
        """Somebody cancelled a run: what it was to close stays open for long, or what comes by the clock does."""
        now = self._monotonic()
        later = now + min(self._rhythm.longest_retry_s, self._rhythm.every_s)
        self.rest(self._rhythm.rest_s)
        self._due_at = later if is_put_off else max(self._due_at, later)

    def _pause(self, seconds: float, *, is_asked: bool) -> None:
        now = self._monotonic()
        # A mere rest is no pause, and one that was shortened is none any more.
        is_set = is_asked and now < self._paused_until <= self._not_before
        self._paused_until = self._paused_until if is_set else now + seconds
        self._not_before = self._not_before if is_set else now + seconds
