"""The questions about places: the channels into which a workspace wants something posted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.posting import Place, Purpose
from db.tables import places

_COLUMNS = (places.c.team_id, places.c.purpose, places.c.channel_id, places.c.posted_at)


class PlaceReader:
    """What can be asked of the places."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list_places(self) -> tuple[Place, ...]:
        """List those that somebody decided on, oldest workspace first."""
        rows = await self._connection.execute(sa.select(*_COLUMNS).order_by(places.c.team_id, places.c.purpose))
        return tuple(_place(row) for row in rows)


class PlaceWriter(PlaceReader):
    """What can be done to the places."""

    async def put(self, place: Place) -> None:
        """Keep a place instead of the one before."""
        await self._connection.execute(sa.delete(places).where(*_key(place.team_id, place.purpose)))
        await self._connection.execute(
            sa.insert(places).values(
                team_id=place.team_id,
                purpose=place.purpose.value,
                channel_id=place.channel_id,
                posted_at=place.posted_at,
            )
        )

    async def note_posted(self, place: Place, *, at: datetime | None) -> bool:
        """Note when something was posted there by the clock; tell False where the place is not as it was any more."""
        same = (
            places.c.channel_id == place.channel_id,
            places.c.posted_at.is_(None) if place.posted_at is None else places.c.posted_at == place.posted_at,
        )
        key = _key(place.team_id, place.purpose)
        done = await self._connection.execute(sa.update(places).where(*key, *same).values(posted_at=at))
        return bool(done.rowcount)


def _key(team_id: str, purpose: Purpose) -> tuple[sa.ColumnElement[bool], ...]:
    return (places.c.team_id == team_id, places.c.purpose == purpose.value)


def _place(row: Any) -> Place:
    return Place(row.team_id, Purpose(row.purpose), row.channel_id, row.posted_at)
