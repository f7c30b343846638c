"""The memory as one reader may see it: the questions of window and Slack, answered through a sight."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from db.cursor import with_meant, without_meant
from db.filters import Counts, Page, UserFilter
from db.latest import Latest
from db.records import Change, DeadLetter, Kind, Position, Run, User, Workspace
from db.rows import NAMES
from db.sight import Sight
from db.store import Snapshot, Store
from db.tables import could_be_id

Keys = Iterable[tuple[str, str]]
STRETCHES, STRETCH = 10, 50
"""How far a list of the newest is read on for changes that are seen: a page does not wait for a whole log."""


class LineKind(StrEnum):
    """What a line of the change log tells of a user; of a reset, that there is more than is listed."""

    JOINED = "joined"
    CHANGED = "changed"
    ERASED = "erased"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the change log as a reader sees it; of the erased, no field is named."""

    kind: LineKind
    change: Change


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines that follow one another, the place behind the last that was read, and whether there are more."""

    lines: tuple[Line, ...]
    position: Position
    has_more: bool


class Seen:
    """One snapshot through one sight. Whoever shows people to somebody asks here, and nowhere else."""

    def __init__(self, rx: Snapshot, sight: Sight) -> None:
        self._rx = rx
        self.sight = sight
        self.latest = Latest(rx, self)

    async def list_workspaces(self) -> tuple[Workspace, ...]:
        """List those that are seen, oldest id first."""
        return tuple(each for each in await self._rx.workspaces.list_workspaces() if self._sees(each.team_id))

    async def find_position(self) -> Position:
        """Tell the place in the change log after everything in this snapshot, of the workspaces that are seen."""
        return self.sight.position(await self._rx.workspaces.find_position())

    async def find_user(self, team_id: str, user_id: str) -> User | None:
        """Find one by key; None for one whom this reader may not see."""
        if not (could_be_id(team_id) and could_be_id(user_id)):
            return None
        return self.sight.user(await self._rx.users.find_user(team_id, user_id))

    async def get_users(self, keys: Keys) -> dict[tuple[str, str], User]:
        """Find those that are seen, by (`team_id`, `id`)."""
        found = await self._rx.users.get_users(key for key in keys if self._sees(key[0]))
        return {key: seen for key, user in found.items() if (seen := self.sight.user(user)) is not None}

    async def list_users(
        self,
        user_filter: UserFilter,
        *,
        after: str | None = None,
        limit: int = 50,
        forgives: bool = True,
        showing: Sequence[str] = NAMES,
    ) -> Page:
        """List whom the filter finds, from behind the cursor. Raises BadCursor, also for one of another order.

        Where only the columns in `showing` are shown, others may be left out.

        A search that finds nobody for a slip of one letter is answered as it was meant, and says so in `meant`; its
        cursor goes on with that, whoever comes or goes meanwhile. `forgives=False` leaves nobody for nobody.
        """
        if after is not None:
            meant, after = without_meant(after, user_filter.q)
            return await self._as_meant(user_filter, meant, after, limit, showing)
        page = await self._page(user_filter, None, limit, showing)
        if page.users or not forgives or not user_filter.q.strip():
            return page
        meant = await self._rx.meanings.find_meant(user_filter, self.sight)
        if not meant:
            return page
        better = await self._as_meant(user_filter, meant, None, limit, showing)
        return better if better.users else page

    async def _as_meant(
        self, user_filter: UserFilter, meant: str, after: str | None, limit: int, showing: Sequence[str]
    ) -> Page:
        if not meant:
            return await self._page(user_filter, after, limit, showing)
        page = await self._page(replace(user_filter, q=meant), after, limit, showing)
        if page.next_cursor is None:
            return replace(page, meant=meant)
        return replace(page, meant=meant, next_cursor=with_meant(page.next_cursor, user_filter.q, meant))

    async def _page(self, user_filter: UserFilter, after: str | None, limit: int, showing: Sequence[str]) -> Page:
        page = await self._rx.users.list_users(user_filter, after=after, limit=limit, sight=self.sight, showing=showing)
        return replace(page, users=tuple(seen for user in page.users if (seen := self.sight.user(user))))

    async def count_users(
        self, user_filter: UserFilter, *, field_ids: Sequence[str] = (), longer: str = "", days: Sequence[date] = ()
    ) -> Counts:
        """Count what the filter finds, and what each value of a group would find beside the other groups.

        `field_ids` are the custom fields to count by, `longer` the group of which many values are wanted, and `days`
        those of which it is told how many joined since.
        """
        return await self._rx.users.count_users(
            user_filter, field_ids=field_ids, longer=longer, days=days, sight=self.sight
        )

    async def count_total(self, user_filter: UserFilter) -> int:
        """Count what the filter finds, and nothing beside it."""
        return await self._rx.users.count_total(user_filter, sight=self.sight)

    async def list_recent(self, limit: int) -> tuple[Change, ...]:
        """List the newest changes, newest first; resets are left out."""
        return (await self.list_recent_of(limit))[0]

    async def list_recent_of(self, limit: int) -> tuple[tuple[Change, ...], dict[tuple[str, str], User]]:
        """List the same, and give those users of them who are seen, by (`team_id`, `id`)."""
        team_ids = self.sight.team_ids
        return await self._newest(
            limit, lambda many, skip: self._rx.changes.list_recent(many, skip=skip, team_ids=team_ids)
        )

    async def list_history(self, team_id: str, user_id: str, limit: int) -> tuple[Change, ...]:
        """List what changed about one user, newest first; custom statuses are no part of a history."""
        if not (self._sees(team_id) and could_be_id(team_id) and could_be_id(user_id)):
            return ()
        changes, _ = await self._newest(
            limit, lambda many, skip: self._rx.changes.list_history(team_id, user_id, many, skip=skip)
        )
        return changes

    async def list_runs(self, limit: int, *, before: int | None = None) -> tuple[Run, ...]:
        """List the newest runs of the workspaces that are seen, or the newest before a number, newest first."""
        return await self._rx.runs.list_runs(limit, team_ids=self.sight.team_ids, before=before)

    async def find_last_ended(self, team_id: str) -> Run | None:
        """Find the newest run of a workspace that has ended, however it did; None where that is not seen."""
        return await self._rx.runs.find_last_ended(team_id) if self._sees(team_id) else None

    async def list_letters(
        self, limit: int, *, before: int | None = None, reason: str | None = None
    ) -> tuple[DeadLetter, ...]:
        """List the newest dead letters, newest first, without their payloads, and without those of protected users.

        Those before a number, and those with a reason, where either is asked for. One that names no workspace is seen
        where all there are are seen; one of an unknown workspace where every workspace is.
        """
        sees_all = await self._sees_all()
        shown: list[DeadLetter] = []
        while len(shown) < limit:
            found = await self._rx.dead_letters.list_newest(
                limit, team_ids=self.sight.team_ids, and_of_none=sees_all, before=before, reason=reason
            )
            shown += await self._but_protected(found)
            if len(found) < limit:
                break
            before = found[-1].letter_id
        return tuple(replace(each, payload="") for each in shown[:limit])

    async def count_letters(self) -> int:
        """Count the dead letters that can be listed."""
        sees_all = await self._sees_all()
        return await self._rx.dead_letters.count_seen(team_ids=self.sight.team_ids, and_of_none=sees_all)

    async def find_letter(self, letter_id: int) -> DeadLetter | None:
        """Find a dead letter by its number, without its payload; None where it is not there, or not seen."""
        found = await self.list_letters(1, before=letter_id + 1)
        return found[0] if found and found[0].letter_id == letter_id else None

    async def _but_protected(self, letters: tuple[DeadLetter, ...]) -> list[DeadLetter]:
        users = await self._rx.users.get_users({(each.team_id or "", each.user_id or "") for each in letters})
        protected = {key for key, user in users.items() if user.hidden_at is not None}
        return [each for each in letters if (each.team_id, each.user_id) not in protected]

    async def follow(self, after: Position, *, limit: int) -> Stretch:
        """Read on from a position, without custom statuses; lines that are not seen move the position all the same.

        Raises PositionTooOld.
        """
        found = await self._rx.changes.list_changes(
            after, limit=limit + 1, team_ids=self.sight.team_ids, with_statuses=False
        )
        read = found[:limit]
        if has_more := len(found) > limit:
            position = Position(
                dict(self.sight.position(after).marks) | {each.team_id: (each.rev, each.seq) for each in read}
            )
        else:
            position = await self.find_position()
        users = await self._users_of(read)
        lines = (self._line(each, users.get((each.team_id, each.user_id or ""))) for each in read)
        return Stretch(tuple(line for line in lines if line is not None), position, has_more)

    def _line(self, change: Change, user: User | None) -> Line | None:
        if user is not None and user.kind is Kind.ERASED:
            return Line(LineKind.ERASED, replace(change, before={}, after={})) if user.hidden_at is None else None
        if (seen := self.sight.change(change, user)) is None:
            return None
        if seen.is_reset:
            return Line(LineKind.RESET, seen)
        return Line(LineKind.JOINED if change.is_new_user else LineKind.CHANGED, seen)

    async def _users_of(self, changes: tuple[Change, ...]) -> dict[tuple[str, str], User]:
        return await self._rx.users.get_users({(each.team_id, each.user_id) for each in changes if each.user_id})

    async def _newest(
        self, limit: int, read: Callable[[int, int], Awaitable[tuple[Change, ...]]]
    ) -> tuple[tuple[Change, ...], dict[tuple[str, str], User]]:
        """List as many as are wanted of those that are seen, and their users who are.

        `read` takes how many, and how many to skip.
        """
        changes: list[Change] = []
        users: dict[tuple[str, str], User] = {}
        many = max(limit, STRETCH)
        for number in range(STRETCHES):
            found = await read(many, number * many)
            of_them = await self._users_of(found)
            seen = (self.sight.change(each, of_them.get((each.team_id, each.user_id or ""))) for each in found)
            changes += [each for each in seen if each is not None]
            users |= of_them
            if len(changes) >= limit or len(found) < many:
                break
        shown = tuple(changes[:limit])
        keys = {(each.team_id, each.user_id or "") for each in shown}
        told = {key: user for key in keys if (user := self.sight.user(users.get(key))) is not None}
        return shown, told

    async def _sees_all(self) -> bool:
        return all(self._sees(each.team_id) for each in await self._rx.workspaces.list_workspaces())

    def _sees(self, team_id: str) -> bool:
        return self.sight.sees_workspace(team_id)


@asynccontextmanager
async def looking(store: Store, sight: Sight) -> AsyncIterator[Seen]:
    """Look at one moment of the memory through a sight. Raises StoreUnavailable."""
    async with store.reading() as rx:
        yield Seen(rx, sight)


@asynccontextmanager
async def asking(store: Store, sight: Sight) -> AsyncIterator[Seen]:
    """Ask one question through a sight, which is one statement: two may be told of two moments.

    Raises StoreUnavailable.
    """
    async with store.asking() as rx:
        yield Seen(rx, sight)
