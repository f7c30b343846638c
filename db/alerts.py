"""The questions about alerts: episodes of something wrong, with their beginning and their end."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.records import Alert, AlertKind
from db.tables import alert_posts, alerts

_NAMES = ("alert_id", "kind", "words", "since", "until", "team_id")
_COLUMNS = [alerts.c[name] for name in _NAMES]


class AlertReader:
    """What can be asked of the alerts."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list_open(self) -> tuple[Alert, ...]:
        """List those that last, oldest first."""
        return await self._list(sa.select(*_COLUMNS).where(alerts.c.until.is_(None)).order_by(alerts.c.alert_id))

    async def list_newest(self, limit: int) -> tuple[Alert, ...]:
        """List the newest, newest first."""
        return await self._list(sa.select(*_COLUMNS).order_by(alerts.c.alert_id.desc()).limit(limit))

    async def list_of(self, alert_ids: Collection[int]) -> tuple[Alert, ...]:
        """List some, oldest first."""
        of_them = sa.select(*_COLUMNS).where(alerts.c.alert_id.in_(alert_ids))
        return await self._list(of_them.order_by(alerts.c.alert_id))

    async def list_left(self, living: Collection[str], *, since: datetime) -> tuple[Alert, ...]:
        """List what nobody of the living has, oldest first: it lasts, ended lately, or a message says that it lasts."""
        matters = sa.or_(alerts.c.until >= since, _is_to_be_told())
        statement = sa.select(*_COLUMNS).where(_is_left(living), matters)
        return await self._list(statement.order_by(alerts.c.alert_id))

    async def list_taken(self, alert_ids: Collection[int], *, instance: str) -> frozenset[int]:
        """Tell which of some episodes another process has, or has ended; one that is gone was taken by nobody."""
        is_taken = sa.or_(sa.not_(_is_of(instance)), alerts.c.until.is_not(None))
        statement = sa.select(alerts.c.alert_id).where(alerts.c.alert_id.in_(alert_ids), is_taken)
        return frozenset(await self._connection.scalars(statement))

    async def list_kinds(self, instances: Collection[str]) -> frozenset[AlertKind]:
        """Tell of which kinds some processes have an episode that lasts."""
        theirs = (alerts.c.until.is_(None), alerts.c.instance.in_(instances))
        found = await self._connection.scalars(sa.select(alerts.c.kind).where(*theirs))
        return frozenset(AlertKind(kind) for kind in found)

    async def find_open(self, kind: AlertKind, instances: Collection[str]) -> Alert | None:
        """Find an episode of a kind that lasts at some processes."""
        theirs = (alerts.c.kind == kind.value, alerts.c.until.is_(None), alerts.c.instance.in_(instances))
        found = await self._list(sa.select(*_COLUMNS).where(*theirs).order_by(alerts.c.alert_id).limit(1))
        return next(iter(found), None)

    async def find_last_ended(self, kind: AlertKind, *, since: datetime) -> Alert | None:
        """Find the episode of a kind that ended last, whichever process had it, if that was since a moment."""
        ended = (alerts.c.kind == kind.value, alerts.c.until >= since)
        newest_first = (alerts.c.until.desc(), alerts.c.alert_id.desc())
        found = await self._list(sa.select(*_COLUMNS).where(*ended).order_by(*newest_first).limit(1))
        return next(iter(found), None)

    async def _list(self, statement: sa.Select[Any]) -> tuple[Alert, ...]:
        return tuple(_alert(row) for row in await self._connection.execute(statement))


class AlertWriter(AlertReader):
    """What can be done to the alerts."""

    async def begin(self, alert: Alert, *, instance: str | None = None) -> int:
        """Keep an episode, which may have ended already; tell its number. Its `alert_id` is given here."""
        values: dict[str, Any] = {name: getattr(alert, name) for name in _NAMES if name != "alert_id"}
        values["instance"] = instance
        done = await self._connection.execute(sa.insert(alerts).values(values | {"kind": alert.kind.value}))
        return int(done.inserted_primary_key[0])  # type: ignore[index]

    async def go_on(self, alert: Alert, *, instance: str | None = None) -> None:
        """Keep an episode's words and its end, if it has one, as they are now; nothing if another process has it."""
        same = (alerts.c.alert_id == alert.alert_id, _is_of(instance))
        await self._connection.execute(sa.update(alerts).where(*same).values(words=alert.words, until=alert.until))

    async def take_over(self, alert_id: int, *, instance: str, living: Collection[str]) -> bool:
        """Have an episode that nobody of the living has; False where another process was quicker."""
        left = (alerts.c.alert_id == alert_id, _is_left(living))
        done = await self._connection.execute(sa.update(alerts).where(*left).values(instance=instance))
        return bool(done.rowcount)

    async def release(self, instance: str) -> None:
        """Leave to whoever comes what a process has that lasts, or that a message says of that it lasts."""
        theirs = (_is_of(instance), _is_to_be_told())
        await self._connection.execute(sa.update(alerts).where(*theirs).values(instance=None))

    async def prune(self, *, before: datetime) -> None:
        """Drop episodes that ended before a moment."""
        await self._connection.execute(sa.delete(alerts).where(alerts.c.until < before))


def _is_to_be_told() -> sa.ColumnElement[bool]:
    is_unfinished = sa.exists().where(alert_posts.c.alert_id == alerts.c.alert_id, alert_posts.c.is_over.is_(False))
    return sa.or_(alerts.c.until.is_(None), is_unfinished)


def _is_left(living: Collection[str]) -> sa.ColumnElement[bool]:
    return sa.or_(alerts.c.instance.is_(None), alerts.c.instance.not_in(living))


def _is_of(instance: str | None) -> sa.ColumnElement[bool]:
    return alerts.c.instance.is_not_distinct_from(instance)


def _alert(row: Any) -> Alert:
    values = dict(zip(_NAMES, row, strict=True))
    return Alert(**values | {"kind": AlertKind(values["kind"])})
