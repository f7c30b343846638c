"""What the memory holds of one user beside the row: told to whoever asks for it, and taken out with an erasure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.mentions import Mentions, mentions_of
from db.records import User
from db.tables import alert_posts, alerts, changes, dead_letters, ended_sessions, runs, signins, wishes

_T = TypeVar("_T")
_AT_ONCE = 50
"""Conditions in one statement, and letters deleted by one."""


@dataclass(frozen=True, slots=True)
class Gone:
    """How much of what went with somebody."""

    changes: int = 0
    letters: int = 0
    links: int = 0
    sessions: int = 0
    runs: int = 0
    """Runs that no longer say who asked for them."""
    alerts: int = 0
    wishes: int = 0
    """Runs that they asked for and that nobody had begun."""

    def __bool__(self) -> bool:
        return any((self.changes, self.letters, self.links, self.sessions, self.runs, self.alerts, self.wishes))


@dataclass(frozen=True, slots=True)
class Link:
    """A sign-in link as it is told: what opens it is kept nowhere, and its digest is nobody's business."""

    made_at: datetime
    expires_at: datetime
    spent_at: datetime | None


@dataclass(frozen=True, slots=True)
class EndedSession:
    """A session that its user ended."""

    ended_at: datetime
    forget_at: datetime


class TraceReader:
    """What can be asked of the traces."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find_mentions(self, team_id: str, user_id: str, user: User | None) -> Mentions:
        """Gather what they are called by, in the row and in what is recorded of them."""
        of_user = (changes.c.team_id == team_id, changes.c.user_id == user_id)
        rows = await self._connection.execute(sa.select(changes.c.before, changes.c.after).where(*of_user))
        return mentions_of(user_id, user, [values for row in rows for values in row])

    async def list_letter_ids(self, team_id: str, user_id: str, mentions: Mentions) -> list[int]:
        """List the dead letters about them, and those that speak of them."""
        found = set(
            await self._connection.scalars(
                sa.select(dead_letters.c.letter_id).where(
                    dead_letters.c.team_id == team_id, dead_letters.c.user_id == user_id
                )
            )
        )
        text = sa.func.lower(dead_letters.c.payload)
        for pieces in _some(mentions.pieces):
            speaks = sa.or_(*(text.contains(piece, autoescape=True) for piece in pieces))
            rows = await self._connection.execute(
                sa.select(dead_letters.c.letter_id, dead_letters.c.payload).where(speaks)
            )
            found |= {letter_id for letter_id, payload in rows if mentions.are_in(payload)}
        return sorted(found)

    async def list_alert_ids(self, mentions: Mentions) -> list[int]:
        """List the alerts that speak of them, also as they were told; there are few, so all are read."""
        found: set[int] = set()
        for table in (alerts, alert_posts):
            rows = await self._connection.execute(sa.select(table.c.alert_id, table.c.words))
            found |= {alert_id for alert_id, words in rows if mentions.are_in(json.dumps(words))}
        return sorted(found)

    async def list_links(self, team_id: str, user_id: str) -> list[Link]:
        """List their sign-in links, oldest first."""
        columns = (signins.c.made_at, signins.c.expires_at, signins.c.spent_at)
        of_user = (signins.c.team_id == team_id, signins.c.user_id == user_id)
        statement = sa.select(*columns).where(*of_user).order_by(signins.c.made_at)
        return [Link(*row) for row in await self._connection.execute(statement)]

    async def list_ended_sessions(self, team_id: str, user_id: str) -> list[EndedSession]:
        """List the sessions that they ended, oldest first."""
        columns = (ended_sessions.c.ended_at, ended_sessions.c.forget_at)
        of_user = (ended_sessions.c.team_id == team_id, ended_sessions.c.user_id == user_id)
        statement = sa.select(*columns).where(*of_user).order_by(ended_sessions.c.ended_at)
        return [EndedSession(*row) for row in await self._connection.execute(statement)]

    async def list_run_ids(self, team_id: str, user_id: str) -> list[int]:
        """List the runs that they asked for."""
        of_user = (runs.c.team_id == team_id, runs.c.asked_by == user_id)
        return list(await self._connection.scalars(sa.select(runs.c.run_id).where(*of_user).order_by(runs.c.run_id)))


class TraceWriter(TraceReader):
    """What can be done to the traces."""

    async def forget(self, team_id: str, user_id: str, user: User | None, *, keeps_changes: bool = False) -> Gone:
        """Take out everything that was recorded of a user, `user` being the row as it was before it was erased.

        The changes of somebody erased before say that they were erased, and nothing of the person: they may be kept.
        """
        mentions = await self.find_mentions(team_id, user_id, user)
        # Changes are under the lock of the workspace. The rest goes in the order of `prune` in bot/housekeeping.py,
        # letters, runs, alerts, links, sessions, wishes, so that on a server the two never wait for each other.
        return Gone(
            changes=0 if keeps_changes else await self._drop(changes, team_id, user_id),
            letters=await self._drop_ids(
                dead_letters.c.letter_id, await self.list_letter_ids(team_id, user_id, mentions)
            ),
            runs=await self._drop_askers(team_id, user_id),
            alerts=await self._drop_alerts(await self.list_alert_ids(mentions)),
            links=await self._drop(signins, team_id, user_id),
            sessions=await self._drop(ended_sessions, team_id, user_id),
            wishes=await self._drop_wishes(team_id, user_id),
        )

    async def drop_fields(self, team_id: str, user_ids: Sequence[str], names: frozenset[str]) -> None:
        """Take some fields out of what is recorded of users; a change of which nothing is left goes."""
        key = (changes.c.team_id, changes.c.rev, changes.c.seq)
        of_users = (changes.c.team_id == team_id, changes.c.user_id.in_(sorted(user_ids)))
        rows = await self._connection.execute(sa.select(*key, changes.c.before, changes.c.after).where(*of_users))
        for *place, before, after in rows.all():
            if not names & (before.keys() | after.keys()):
                continue
            this = sa.and_(*(column == value for column, value in zip(key, place, strict=True)))
            left = {"before": _but(before, names), "after": _but(after, names)}
            is_empty = before and not left["before"]
            statement = sa.delete(changes) if is_empty else sa.update(changes).values(left)
            await self._connection.execute(statement.where(this))

    async def _drop_ids(self, column: sa.Column[int], ids: Sequence[int]) -> int:
        for some in _some(ids):
            await self._connection.execute(sa.delete(column.table).where(column.in_(some)))
        return len(ids)

    async def _drop_askers(self, team_id: str, user_id: str) -> int:
        """Let no run say that they asked for it, or for its end; count those that they asked for."""
        wished = sa.update(runs).where(runs.c.team_id == team_id, runs.c.cancel_asked_by == user_id)
        await self._connection.execute(wished.values(cancel_asked_by=None))
        asked = sa.update(runs).where(runs.c.team_id == team_id, runs.c.asked_by == user_id)
        return (await self._connection.execute(asked.values(asked_by=None))).rowcount

    async def _drop_wishes(self, team_id: str, user_id: str) -> int:
        theirs = sa.delete(wishes).where(wishes.c.team_id == team_id, wishes.c.asked_by == user_id)
        return (await self._connection.execute(theirs)).rowcount

    async def _drop_alerts(self, ids: Sequence[int]) -> int:
        """Drop them, and what is known of the messages that told of them: those themselves are out of reach."""
        dropped = await self._drop_ids(alerts.c.alert_id, ids)
        await self._drop_ids(alert_posts.c.alert_id, ids)
        return dropped

    async def _drop(self, table: sa.Table, team_id: str, user_id: str) -> int:
        of_user = (table.c.team_id == team_id, table.c.user_id == user_id)
        return (await self._connection.execute(sa.delete(table).where(*of_user))).rowcount


def _but(values: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def _some(rows: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))
