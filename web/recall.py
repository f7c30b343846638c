"""What pages counted, laid out and printed, kept while nothing moved: the same question is answered once.

What tells the time holds as long as the tag of a page does (`web/etags.py`): until a workspace moves, or the minute
ends. What does not is kept until a workspace moves, or the day ends.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import UTC, datetime
from typing import TypeVar, cast

from db.records import Workspace

MOST = 64
"""Kept at once: fifty people laid out are some hundred kB."""
Kept = TypeVar("Kept")


class Recall:
    """Answers by what was asked. Whoever asks names in the key all that an answer depends on, their sight above all."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._states: dict[Hashable, Hashable] = {}
        self._kept: OrderedDict[tuple[Hashable, Hashable], object] = OrderedDict()

    def at(self, workspaces: Sequence[Workspace], now: datetime) -> Moment:
        """Recall what was made of this state of these workspaces in this minute; what is older is forgotten.

        `workspaces` are of the snapshot that is looked at.
        """
        return self._moment(workspaces, f"{now:%Y-%m-%dT%H:%M}")

    def on_day(self, workspaces: Sequence[Workspace], now: datetime) -> Moment:
        """Recall what was made of this state of these workspaces on this day of UTC, and tells no other time."""
        return self._moment(workspaces, f"{now.astimezone(UTC):%Y-%m-%d}")

    def _moment(self, workspaces: Sequence[Workspace], time: str) -> Moment:
        return Moment(self, tuple(each.team_id for each in workspaces), (tuple(workspaces), time))

    def find(self, of: Hashable, state: Hashable, key: Hashable) -> object | None:
        """Find what was kept of some workspaces in that state."""
        if self._states.get(of) != state or (of, key) not in self._kept:
            return None
        self._kept.move_to_end((of, key))
        return self._kept[of, key]

    def keep(self, of: Hashable, state: Hashable, key: Hashable, made: object) -> None:
        """Keep an answer in the place of those of other states, and of the one that nobody asked for the longest."""
        if self._states.get(of) != state:
            for each in [each for each in self._kept if each[0] == of]:
                del self._kept[each]
            self._states[of] = state
        self._kept[of, key] = made
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)


class Moment:
    """One state of some workspaces, of which answers are kept."""

    def __init__(self, recall: Recall, of: Hashable, state: Hashable) -> None:
        self._recall = recall
        self._of = of
        self._state = state

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Kept]]) -> Kept:
        """Give what was kept under this key, or make it, and keep it."""
        found = self.find(key)
        if found is None:
            found = await make()
            self.keep(key, found)
        return cast(Kept, found)

    def find(self, key: Hashable) -> object | None:
        """Give what was kept under this key; None where nothing was."""
        return self._recall.find(self._of, self._state, key)

    def keep(self, key: Hashable, made: object) -> None:
        """Keep an answer under this key."""
        self._recall.keep(self._of, self._state, key, made)
