"""A gap: something may have been missed by then, in Slack's time; a run that began to read later closes it."""

from __future__ import annotations

from dataclasses import dataclass

from db.records import Run, RunState

MARGIN_S = 3
"""Slack's now is told by whole seconds, and two processes may guess the fraction differently."""
_READ = frozenset({RunState.DONE, RunState.HELD})


@dataclass(frozen=True, slots=True)
class Gap:
    """Why everybody is to be read, and since when."""

    reason: str
    at_s: float
    """Slack's now as it was noted, epoch seconds."""

    def is_closed_by(self, run: Run) -> bool:
        """Say whether a run, perhaps of another process, has read everybody since."""
        return run.state in _READ and run.since is not None and run.since / 1_000_000 >= self.at_s + MARGIN_S


def rest_left_s(run: Run, *, slack_now_s: float, rest_s: float) -> float:
    """Tell how long after a run the next one rests; seconds. Several who start together must not read in turn."""
    if run.since is None:
        return 0.0
    return min(rest_s, max(0.0, run.since / 1_000_000 + rest_s - slack_now_s))
