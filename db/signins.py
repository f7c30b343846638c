"""The questions about sign-in links: made for one user, spent once, and stored as a digest that opens nothing."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.records import Signin
from db.tables import signins

LINK_LIFETIME = timedelta(minutes=10)
TOKEN_BYTES = 32

_COLUMNS = (signins.c.team_id, signins.c.user_id, signins.c.made_at, signins.c.expires_at)


class SigninReader:
    """What can be asked of the sign-ins."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, token: str, *, now: datetime) -> Signin | None:
        """Find what a token would open; None where it is unknown, expired or spent."""
        row = (await self._connection.execute(sa.select(*_COLUMNS).where(_is_good(token, now)))).first()
        return Signin(*row) if row else None


class SigninWriter(SigninReader):
    """What can be done to the sign-ins."""

    async def make(self, team_id: str, user_id: str, *, now: datetime, lifetime: timedelta = LINK_LIFETIME) -> str:
        """Make one and tell its token, which is kept nowhere. Older ones of the same user stay good."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        values = {"digest": _digest(token), "team_id": team_id, "user_id": user_id}
        await self._connection.execute(
            sa.insert(signins).values(**values, made_at=now, expires_at=now + lifetime, spent_at=None)
        )
        return token

    async def spend(self, token: str, *, now: datetime) -> bool:
        """Spend one, if it is good; of any who try at the same moment exactly one is told yes."""
        done = await self._connection.execute(sa.update(signins).where(_is_good(token, now)).values(spent_at=now))
        return bool(done.rowcount == 1)

    async def prune(self, *, before: datetime) -> None:
        """Drop those that expired before."""
        await self._connection.execute(sa.delete(signins).where(signins.c.expires_at < before))


def _is_good(token: str, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(signins.c.digest == _digest(token), signins.c.spent_at.is_(None), signins.c.expires_at > now)


def _digest(token: str) -> str:
    """Return the SHA-256: a token is random enough to need neither salt nor a slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
