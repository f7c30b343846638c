"""How many people a page tells of at its foot: counted once after a commit, however many pages ask."""

from __future__ import annotations

from collections.abc import Sequence

from db import Seen, Sight
from db.records import Workspace
from web.query import DEFAULT

Marks = tuple[tuple[str, int], ...]


class Census:
    """Remembers the count of active members and guests for each set of workspaces that somebody looks at."""

    def __init__(self) -> None:
        self._known: dict[frozenset[str] | None, tuple[Marks, int]] = {}

    async def renew(self, seen: Seen, workspaces: Sequence[Workspace]) -> bool:
        """Count anew what a commit may have changed; say whether the count did. `workspaces` are all that are seen.

        Raises StoreUnavailable.
        """
        if self.holds(seen.sight, workspaces):
            return False
        before = self._known.get(seen.sight.team_ids)
        count = await seen.count_total(DEFAULT)
        self._known[seen.sight.team_ids] = (_marks(workspaces), count)
        return before is None or before[1] != count

    def holds(self, sight: Sight, workspaces: Sequence[Workspace]) -> bool:
        """Say whether the last count is one of these workspaces as they are."""
        known = self._known.get(sight.team_ids)
        return known is not None and known[0] == _marks(workspaces)

    def known(self, sight: Sight) -> int | None:
        """Tell the last count; None before the first."""
        found = self._known.get(sight.team_ids)
        return found[1] if found else None


def _marks(workspaces: Sequence[Workspace]) -> Marks:
    return tuple((each.team_id, each.rev) for each in workspaces)
