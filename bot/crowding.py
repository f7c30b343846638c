"""Whether somebody else holds connections of this app: a judgement over what hello counts, with time handed in. Pure.

Slack gives each event to one connection of the app, whoever holds it, so a second instance takes its share unseen.
"""

from __future__ import annotations

from datetime import datetime, timedelta

PATIENCE = timedelta(minutes=10)
"""Slack goes on counting a connection for a while that was just closed or lost, ours included."""


class Crowding:
    """Compares each hello with what we hold; speaks where one counted more, and another ten minutes later still."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._looked_at: datetime | None = None
        self.words: str | None = None
        """What is wrong and how to mend it; None while nothing is."""

    def hear(self, counted: int | None, *, ours: int, now: datetime, others: int = 0) -> None:
        """Take a hello's count, beside the connections that we hold and those of known replicas; None says nothing."""
        if counted is None:
            return
        self._looked_at = now
        if counted <= ours + others:
            self._since = self.words = None
            return
        self._since = self._since or now
        if now - self._since >= PATIENCE:
            self.words = _words(counted, ours + others)

    @property
    def is_clear(self) -> bool:
        """Say whether a hello was heard, and the last one counted no more than is known."""
        return self._looked_at is not None and self._since is None

    def begins_look(self, now: datetime) -> bool:
        """Say whether another hello has to tell if what was counted ten minutes ago lasts; true once each time."""
        if self._since is None or self._looked_at is None or now - self._looked_at < PATIENCE:
            return False
        self._looked_at = now
        return True


def _words(counted: int, known: int) -> str:
    return (
        f"Slack counts {counted} connections of this app, but only {known} are known here. Whoever holds the others "
        "takes a share of the events. Where that is no usersync on the same database, they are lost here: stop the "
        "other usersync, or whatever else uses this SLACK_APP_TOKEN, or give it an app of its own."
    )
