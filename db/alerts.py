"""The questions about alerts: episodes of something wrong, with their beginning and their end."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.records import Alert, AlertKind
from db.tables import alerts

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

    async def _list(self, statement: sa.Select[Any]) -> tuple[Alert, ...]:
        return tuple(_alert(row) for row in await self._connection.execute(statement))


class AlertWriter(AlertReader):
    """What can be done to the alerts."""

    async def begin(self, alert: Alert) -> int:
        """Keep an episode, which may have ended already; tell its number. Its `alert_id` is given here."""
        values: dict[str, Any] = {name: getattr(alert, name) for name in _NAMES if name != "alert_id"}
        done = await self._connection.execute(sa.insert(alerts).values(values | {"kind": alert.kind.value}))
        return int(done.inserted_primary_key[0])  # type: ignore[index]

    async def go_on(self, alert: Alert) -> None:
        """Keep an episode's words and its end, if it has one, as they are now."""
        same = alerts.c.alert_id == alert.alert_id
        await self._connection.execute(sa.update(alerts).where(same).values(words=alert.words, until=alert.until))

    async def prune(self, *, before: datetime) -> None:
        """Drop episodes that ended before a moment."""
        await self._connection.execute(sa.delete(alerts).where(alerts.c.until < before))


def _alert(row: Any) -> Alert:
    values = dict(zip(_NAMES, row, strict=True))
    return Alert(**values | {"kind": AlertKind(values["kind"])})
