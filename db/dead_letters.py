"""The questions about dead letters: payloads put aside with a reason, bounded in number and age."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.records import DeadLetter, Source
from db.tables import dead_letters, users

_NAMES = ("letter_id", "key", "team_id", "user_id", "reason", "payload", "source", "put_aside_at", "times")
_COLUMNS = [dead_letters.c[name] for name in _NAMES]

KEPT_LETTERS = 10_000


class DeadLetterReader:
    """What can be asked of the dead letters."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list_newest(
        self,
        limit: int,
        *,
        team_ids: Collection[str] | None = None,
        and_of_none: bool = False,
        before: int | None = None,
        reason: str | None = None,
    ) -> tuple[DeadLetter, ...]:
        """List the newest, newest first: all, or those of some workspaces, and with these those that name none.

        Those before a number, and those with a reason, where either is asked for.
        """
        of_these = _of(team_ids, and_of_none=and_of_none)
        earlier = sa.true() if before is None else dead_letters.c.letter_id < before
        like = sa.true() if reason is None else dead_letters.c.reason == reason
        wanted = sa.select(*_COLUMNS).where(of_these, earlier, like)
        statement = wanted.order_by(dead_letters.c.letter_id.desc()).limit(limit)
        return tuple(_letter(row) for row in await self._connection.execute(statement))

    async def list_oldest(self, limit: int, *, after: int = 0) -> tuple[DeadLetter, ...]:
        """List those after a number, oldest first: the order in which they are replayed."""
        later = dead_letters.c.letter_id > after
        statement = sa.select(*_COLUMNS).where(later).order_by(dead_letters.c.letter_id).limit(limit)
        return tuple(_letter(row) for row in await self._connection.execute(statement))

    async def find_letter(self, letter_id: int) -> DeadLetter | None:
        """Find one by its number."""
        row = (
            await self._connection.execute(sa.select(*_COLUMNS).where(dead_letters.c.letter_id == letter_id))
        ).first()
        return _letter(row) if row else None

    async def count_letters(self) -> int:
        """Count them all."""
        return await self._connection.scalar(sa.select(sa.func.count()).select_from(dead_letters)) or 0

    async def count_seen(self, *, team_ids: Collection[str] | None, and_of_none: bool) -> int:
        """Count those of some workspaces, or all, and with these those that name none; without those of the hidden."""
        same_user = sa.and_(users.c.team_id == dead_letters.c.team_id, users.c.id == dead_letters.c.user_id)
        is_hidden = sa.exists().where(same_user, users.c.hidden_at.is_not(None))
        wanted = sa.select(sa.func.count()).select_from(dead_letters)
        return await self._connection.scalar(wanted.where(_of(team_ids, and_of_none=and_of_none), ~is_hidden)) or 0


class DeadLetterWriter(DeadLetterReader):
    """What can be done to the dead letters."""

    async def put_aside(self, letter: DeadLetter) -> None:
        """Keep a letter; the same one again (by `key`) only counts up. Its `letter_id` is given here."""
        same = dead_letters.c.key == letter.key
        known: int | None = await self._connection.scalar(sa.select(dead_letters.c.times).where(same))
        if known is not None:
            again = {"times": known + 1, "reason": letter.reason, "put_aside_at": letter.put_aside_at}
            await self._connection.execute(sa.update(dead_letters).where(same).values(again))
            return
        values: dict[str, Any] = {name: getattr(letter, name) for name in _NAMES if name != "letter_id"}
        await self._connection.execute(sa.insert(dead_letters).values(values | {"source": letter.source.value}))

    async def resolve(self, letter_id: int) -> bool:
        """Drop a letter that was replayed, or is not wanted; False where there is none."""
        done = await self._connection.execute(sa.delete(dead_letters).where(dead_letters.c.letter_id == letter_id))
        return bool(done.rowcount)

    async def note_reason(self, letter: DeadLetter, reason: str) -> None:
        """Say why a letter stays that was replayed in vain; its age and how often it came are as they were."""
        same = dead_letters.c.letter_id == letter.letter_id
        values = {"reason": reason, "put_aside_at": letter.put_aside_at, "times": letter.times}
        await self._connection.execute(sa.update(dead_letters).where(same).values(values))

    async def prune(self, *, before: datetime, keep: int = KEPT_LETTERS) -> None:
        """Drop letters older than `before`, and the oldest beyond `keep`."""
        nth_newest = sa.select(dead_letters.c.letter_id).order_by(dead_letters.c.letter_id.desc()).offset(keep).limit(1)
        last: int | None = await self._connection.scalar(nth_newest)
        beyond = dead_letters.c.letter_id <= last if last is not None else sa.false()
        await self._connection.execute(
            sa.delete(dead_letters).where(sa.or_(dead_letters.c.put_aside_at < before, beyond))
        )


def _of(team_ids: Collection[str] | None, *, and_of_none: bool) -> sa.ColumnElement[bool]:
    """Narrow to those of some workspaces, and with these those that name none; None is every workspace."""
    of_none = dead_letters.c.team_id.is_(None) if and_of_none else sa.false()
    return sa.true() if team_ids is None else sa.or_(dead_letters.c.team_id.in_(sorted(team_ids)), of_none)


def _letter(row: Any) -> DeadLetter:
    values = dict(zip(_NAMES, row, strict=True))
    return DeadLetter(**values | {"source": Source(values["source"])})
