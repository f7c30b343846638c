"""Runs that were asked for where nobody can make them: each is taken once, by whichever process makes runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialects import engine_now
from db.tables import wishes

KEPT = timedelta(minutes=2)
"""A wish that nobody took for as long is no longer what somebody waits for."""


@dataclass(frozen=True, slots=True)
class RunWish:
    """A run that somebody asked for on a page."""

    wish_id: int
    team_id: str
    asked_by: str
    is_confirmed: bool
    run_id: int | None
    """The held run that they confirmed, as their page showed it."""
    asked_at: datetime


class WishReader:
    """What can be asked of the wishes."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list_wishes(self, team_id: str) -> tuple[RunWish, ...]:
        """List those of a workspace, oldest first."""
        names = ("wish_id", "team_id", "asked_by", "is_confirmed", "run_id", "asked_at")
        of_team = sa.select(*(wishes.c[name] for name in names)).where(wishes.c.team_id == team_id)
        rows = await self._connection.execute(of_team.order_by(wishes.c.wish_id))
        return tuple(RunWish(*row) for row in rows)


class WishWriter(WishReader):
    """What can be done to the wishes."""

    async def ask(self, team_id: str, asked_by: str, *, confirms: int | None = None) -> None:
        """Keep a wish until somebody takes it; `confirms` is the held run that it confirms."""
        asked = {"team_id": team_id, "asked_by": asked_by, "is_confirmed": confirms is not None, "run_id": confirms}
        await self._connection.execute(sa.insert(wishes).values(**asked, asked_at=self._now()))

    async def take(self, wish: RunWish) -> bool:
        """Have a wish; False where another process was quicker, or it is too old by the database's own clock."""
        now: datetime = (await self._connection.execute(sa.select(self._now()))).scalar_one()
        done = await self._connection.execute(sa.delete(wishes).where(wishes.c.wish_id == wish.wish_id))
        return bool(done.rowcount) and now - wish.asked_at <= KEPT

    async def prune(self) -> None:
        """Drop those that are too old to be taken, whoever would have to take them."""
        now: datetime = (await self._connection.execute(sa.select(self._now()))).scalar_one()
        await self._connection.execute(sa.delete(wishes).where(wishes.c.asked_at < now - KEPT))

    def _now(self) -> sa.ColumnElement[datetime]:
        return engine_now(self._connection.dialect.name)
