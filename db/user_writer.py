"""What can be done to the rows of users: they come in, are rewritten, and say what the index of words is to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from db.bulk import insert_rows, updating
from db.dialects import Said, make_index, put_off_indexes, say_together, tidying, weigh
from db.records import Kind, State, User
from db.rows import NAMES
from db.tables import users
from db.users import UserReader

_KEY = ("team_id", "id")
_ALL_OF = attrgetter(*NAMES)
_WATERMARK = ("updated", "moment", "field_marks")

Digests = Mapping[str, int | None]
"""By a user's id, the `page_digest`: which entry of a page their row repeats, in all that it says.

Whatever else writes a row takes it away, so a page's entry that still has it would change nothing.
"""
NO_DIGESTS: Digests = {}

_IS_KEY = sa.and_(users.c.team_id == sa.bindparam("key_team_id"), users.c.id == sa.bindparam("key_id"))
_MOVE_WATERMARK = (
    sa.update(users).where(_IS_KEY).values({name: sa.bindparam(name) for name in (*_WATERMARK, "page_digest")})
)
_KEEP_DIGEST = sa.update(users).where(_IS_KEY).values(page_digest=sa.bindparam("page_digest"))


class UserWriter(UserReader):
    """What can be done to the rows; only `db/recording.py` decides what they become."""

    async def insert(
        self, rows: Sequence[User], *, digests: Digests = NO_DIGESTS, shared: Mapping[str, Any] | None = None
    ) -> None:
        """Insert rows that are not there yet; what `shared` says is written in all of them, whatever they say."""
        if rows:
            last = ("page_digest", (digests.get(user.id) for user in rows))
            await insert_rows(self._connection, users, rows, NAMES, shared=shared or {}, last=last)

    async def weigh(self) -> None:
        """Let the engine learn how many rows there are by now, where it would not look for itself in time."""
        await weigh(self._connection, users)

    async def put_off_indexes(self) -> None:
        """Leave the indexes of an empty table for later, where keeping them is what a first fill would cost most."""
        await put_off_indexes(self._connection, users)

    async def make_index(self) -> bool:
        """Make one of those that were left for later; False where none is missing."""
        return await make_index(self._connection, users)

    async def update(self, rows: Sequence[User]) -> None:
        """Rewrite rows that are there, and take their digests: the next page's entry is read, whatever it says."""
        if rows:
            digests = {"page_digest": [None] * len(rows)}
            names = [name for name in NAMES if name not in _KEY]
            said = updating(self._connection.dialect, users, rows, names, beside=digests)
            await say_together(self._connection, [*said, *self.tidying(len(rows))])

    def rewriting(
        self,
        rows: Sequence[User],
        stored: Mapping[str, User],
        *,
        rev: int,
        changed_at: Mapping[str, datetime],
        digests: Digests = NO_DIGESTS,
    ) -> list[Said]:
        """Say what rewrites rows that are there as they are `stored`, by id; whatever none of them moves is let alone.

        Beside what they say it writes the `rev` of the commit, and `changed_at` of those for whom it moves. Without a
        digest the next page's entry is read, whatever it says.
        """
        if not rows:
            return []
        beside: dict[str, Sequence[Any]] = {
            "rev": [rev] * len(rows),
            "page_digest": [digests.get(user.id) for user in rows],
        }
        if any(user.id in changed_at for user in rows):
            beside["changed_at"] = [changed_at.get(user.id, user.changed_at) for user in rows]
        moved = _moved([(stored[user.id], user) for user in rows])
        names = [name for name in NAMES if name in moved and name not in beside and name not in _KEY]
        return updating(self._connection.dialect, users, rows, names, beside=beside)

    def tidying(self, rows: int) -> list[Said]:
        """Say what keeps the index of words in order, beside so many rows whose words are new."""
        return tidying(self._connection.dialect, rows)

    async def move_watermarks(self, rows: Sequence[User], *, digests: Digests = NO_DIGESTS) -> None:
        """Write the watermark alone: it is in no index, so noise costs next to nothing."""
        if rows:
            await self._connection.execute(_MOVE_WATERMARK, [_keyed(user, _WATERMARK, digests) for user in rows])

    async def keep_digests(self, team_id: str, digests: Digests) -> None:
        """Note of rows that stay as they are which entries of a page they repeat."""
        if digests:
            rows = [{"key_team_id": team_id, "key_id": key, "page_digest": each} for key, each in digests.items()]
            await self._connection.execute(_KEEP_DIGEST, rows)


def _moved(pairs: Iterable[tuple[User, User]]) -> set[str]:
    """Name the columns in which any of these rows differs from what it was."""
    moved: set[str] = set()
    for before, after in pairs:
        both = zip(NAMES, _ALL_OF(before), _ALL_OF(after), strict=True)
        moved.update(name for name, was, value in both if was is not value and was != value)
    return moved


def _values(user: User, names: Iterable[str]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value := getattr(user, name), Kind | State) else value for name in names}


def _keyed(user: User, names: Iterable[str], digests: Digests) -> dict[str, Any]:
    values = _values(user, (name for name in names if name not in ("team_id", "id")))
    return values | {"key_team_id": user.team_id, "key_id": user.id, "page_digest": digests.get(user.id)}
