"""What is new as one reader may see it: who joined, left and moved, and whose years with the company are full."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from db.news import OWN, Key
from db.records import Change, State, User

if TYPE_CHECKING:
    from db.seen import Seen
    from db.store import Snapshot

STRETCHES, STRETCH = 10, 200
"""How far the newest changes are read on for people who moved: a page does not wait for a whole log."""


@dataclass(frozen=True, slots=True)
class Mover:
    """Somebody of whom a title or a custom field changed: what changed of them, oldest first, and as they are now."""

    user: User
    changes: tuple[Change, ...]


class Latest:
    """What is new in one snapshot, through the sight of whoever looks."""

    def __init__(self, rx: Snapshot, seen: Seen) -> None:
        self._news = rx.news
        self._seen = seen
        self._team_ids = seen.sight.team_ids

    async def joined(self, since: datetime, *, limit: int) -> tuple[User, ...]:
        """List who joined since then and is here, newest first."""
        return await self._users(await self._news.list_joined(since, limit=limit, team_ids=self._team_ids))

    async def count_joined(self, since: datetime) -> int:
        """Count them, up to one more than `db.filters.COUNTED_TO`."""
        return await self._news.count_joined(since, team_ids=self._team_ids)

    async def left(self, since: datetime, *, limit: int) -> tuple[User, ...]:
        """List who left since then while we looked, the latest first; a first reading finds only who had left before.

        So it takes a line of the log: that Slack called them deactivated, or stopped to list them, and not before.
        """
        keys = await self._news.list_left(since, limit=2 * limit, team_ids=self._team_ids)
        gone = {
            (each.team_id, each.user_id or "")
            for each in await self._news.list_changes(keys, since)
            if not each.is_new_user and (each.after.get("deleted") or each.after.get("missing_since"))
        }
        found = await self._users(key for key in keys if key in gone)
        return tuple(sorted(found, key=_left_at, reverse=True)[:limit])

    async def moved(self, since: datetime, *, limit: int) -> tuple[Mover, ...]:
        """List the active people of whom a title or a custom field changed since then, the latest first."""
        found: dict[Key, User] = {}
        for number in range(STRETCHES):
            moves = await self._news.list_movers(since, limit=STRETCH, skip=number * STRETCH, team_ids=self._team_ids)
            new = dict.fromkeys(key for key, _ in moves if key not in found)
            here = (each for each in await self._users(new) if each.kind in OWN and each.state is State.ACTIVE)
            found |= {(each.team_id, each.id): each for each in here}
            if len(found) >= limit or len(moves) < STRETCH:
                break
        return await self._movers(dict(list(found.items())[:limit]), since)

    async def started_on(self, day: date, *, limit: int) -> tuple[User, ...]:
        """List the active whose first day was this day of an earlier year; nobody where first days are not seen."""
        if not self._seen.sight.sees("start_date"):
            return ()
        return await self._users(await self._news.list_anniversaries(day, limit=limit, team_ids=self._team_ids))

    async def _movers(self, users: dict[Key, User], since: datetime) -> tuple[Mover, ...]:
        of_user: dict[Key, list[Change]] = defaultdict(list)
        for change in await self._news.list_changes(list(users), since):
            key = (change.team_id, change.user_id or "")
            if (seen := self._seen.sight.change(change, users[key])) is not None and not seen.is_new_user:
                of_user[key].append(seen)
        movers = [Mover(user, tuple(of_user[key])) for key, user in users.items() if key in of_user]
        return tuple(sorted(movers, key=lambda each: each.changes[-1].at, reverse=True))

    async def _users(self, keys: Iterable[Key]) -> tuple[User, ...]:
        wanted = list(keys)
        found = await self._seen.get_users(wanted)
        return tuple(found[key] for key in wanted if key in found)


def _left_at(user: User) -> tuple[float, str]:
    at = user.left_at or user.missing_since
    return (at.timestamp() if at else 0, user.id)
