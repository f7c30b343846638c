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
        marks = tuple((each.team_id, each.rev) for each in workspaces)
        before = self._known.get(seen.sight.team_ids)
        if before is not None and before[0] == marks:
            return False
        count = await seen.count_total(DEFAULT)
        self._known[seen.sight.team_ids] = (marks, count)
        return before is None or before[1] != count

    def known(self, sight: Sight) -> int | None:
        """Tell the last count; None before the first."""
        found = self._known.get(sight.team_ids)
        return found[1] if found else None
