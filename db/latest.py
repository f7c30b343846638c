"""What is new as one reader may see it: who joined, left and moved, and whose years with the company are full."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from db.moves import TITLE, Step, is_of, steps_of
from db.news import OWN, Key
from db.records import Change, State, User

if TYPE_CHECKING:
    from db.seen import Seen
    from db.store import Snapshot

STRETCHES, STRETCH = 20, 500
"""How far the newest changes are read on for people who moved: a page does not wait for a whole log."""


@dataclass(frozen=True, slots=True)
class Mover:
    """Somebody who moved, as they are now, and what moved of them: the title first, then custom fields."""

    user: User
    steps: tuple[Step, ...]


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

    async def moved(self, since: datetime, *, limit: int, field_ids: Sequence[str] = ()) -> tuple[Mover, ...]:
        """List the active people whose title, or one of these custom fields, is another one than then, latest first.

        Changes that tell nothing of it are read past, whoever's they are; only what they leave is looked at closer.
        """
        fields = [TITLE] * self._seen.sight.sees(TITLE) + [
            each for each in field_ids if self._seen.sight.sees_field(each)
        ]
        judged, found = set[Key](), list[Mover]()
        for number in range(STRETCHES if fields else 0):
            moves = await self._news.list_moves(since, limit=STRETCH, skip=number * STRETCH, team_ids=self._team_ids)
            told = ((each.team_id, each.user_id or "") for each in moves if is_of(each, fields))
            new = [key for key in dict.fromkeys(told) if key not in judged]
            judged.update(new)
            found += await self._movers(new, since, fields)
            if len(found) >= limit or len(moves) < STRETCH:
                break
        return tuple(sorted(found, key=_moved_at, reverse=True)[:limit])

    async def started_on(self, day: date, *, limit: int) -> tuple[User, ...]:
        """List the active whose first day was this day of an earlier year; nobody where first days are not seen."""
        if not self._seen.sight.sees("start_date"):
            return ()
        return await self._users(await self._news.list_anniversaries(day, limit=limit, team_ids=self._team_ids))

    async def _movers(self, keys: Sequence[Key], since: datetime, fields: Sequence[str]) -> list[Mover]:
        here = {
            (each.team_id, each.id): each
            for each in await self._users(keys)
            if each.kind in OWN and each.state is State.ACTIVE
        }
        of_user: dict[Key, list[Change]] = defaultdict(list)
        for change in await self._news.list_changes(list(here), since):
            key = (change.team_id, change.user_id or "")
            if (seen := self._seen.sight.change(change, here[key])) is not None and not seen.is_new_user:
                of_user[key].append(seen)
        movers = (Mover(user, steps_of(of_user[key], fields)) for key, user in here.items())
        return [mover for mover in movers if mover.steps]

    async def _users(self, keys: Iterable[Key]) -> tuple[User, ...]:
        wanted = list(keys)
        found = await self._seen.get_users(wanted)
        return tuple(found[key] for key in wanted if key in found)


def _moved_at(mover: Mover) -> datetime:
    return max(step.at for step in mover.steps)


def _left_at(user: User) -> tuple[float, str]:
    at = user.left_at or user.missing_since
    return (at.timestamp() if at else 0, user.id)
