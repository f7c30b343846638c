"""Whether the database takes what is written: tried every few seconds, and told in words since when it does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from db import Store
from db.errors import StoreUnavailable

PATIENCE_S = 3
"""Longer than the engines' own lock waits, so that a busy database is not taken for one that is away."""
_COST = (
    "The database does not answer or cannot be written, so no event is acknowledged, and Slack sends each again for "
    "some minutes."
)
_REMEDY = "Check that it runs, that nothing else holds it, its disk, and DATABASE_URL."
_THEN = "People are read again by themselves once it is back."


class DatabaseWatch:
    """Remembers since when nothing can be written."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._well_at = clock()
        self._why: StoreUnavailable | None = None
        self.away_since: datetime | None = None
        """The last time at which it was well, while it is away; what happened since is not in the table."""

    async def look(self) -> None:
        """Try to write."""
        self._why = await self._store.why_not_written(within_s=PATIENCE_S)
        if self._why is None:
            self._well_at, self.away_since = self._clock(), None
        else:
            self.away_since = self._well_at

    @property
    def trouble(self) -> str | None:
        """Say what is wrong, what it costs, and how to mend it, without the driver's own words: anybody may read it."""
        if self._why is None:
            return None
        known = self._why.plain if type(self._why) is not StoreUnavailable else _REMEDY
        return f"{_COST} {known} {_THEN}"
