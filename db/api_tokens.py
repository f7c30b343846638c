"""The questions about API tokens: shown once, stored as a digest that opens nothing, good until they end."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.records import ApiToken, TokenScope
from db.tables import api_tokens

PREFIX = "usersync_"
"""By it people and secret scanners know a token where they come across one."""
TOKEN_BYTES = 32
NOTED_EVERY = timedelta(minutes=1)
"""How exact the time of the last use is: a busy program must not cost a write with each question."""

_NAMES = ("token_id", "name", "scopes", "team_id", "made_at", "expires_at", "last_used_at", "revoked_at")
_COLUMNS = [api_tokens.c[name] for name in _NAMES]


class ApiTokenReader:
    """What can be asked of the tokens."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, text: str, *, now: datetime) -> ApiToken | None:
        """Find the token that has this text; None where it is unknown, expired or revoked.

        The digest is looked up, never compared letter by letter: how long that takes tells nothing of a text.
        """
        is_good = sa.and_(
            api_tokens.c.digest == _digest(text),
            api_tokens.c.revoked_at.is_(None),
            sa.or_(api_tokens.c.expires_at.is_(None), api_tokens.c.expires_at > now),
        )
        row = (await self._connection.execute(sa.select(*_COLUMNS).where(is_good))).first()
        return _token(row) if row else None

    async def list_tokens(self) -> tuple[ApiToken, ...]:
        """List all, oldest first, those that are no longer good included."""
        rows = await self._connection.execute(sa.select(*_COLUMNS).order_by(api_tokens.c.token_id))
        return tuple(map(_token, rows))


class ApiTokenWriter(ApiTokenReader):
    """What can be done to the tokens."""

    async def make(
        self,
        name: str,
        scopes: Collection[TokenScope],
        *,
        now: datetime,
        team_id: str | None = None,
        lifetime: timedelta | None = None,
    ) -> str:
        """Make one and tell its text, which is kept nowhere. Without a `team_id` it shows every workspace."""
        text = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        values = {"name": name, "digest": _digest(text), "scopes": " ".join(sorted(scopes)), "team_id": team_id}
        expires_at = now + lifetime if lifetime else None
        await self._connection.execute(sa.insert(api_tokens).values(**values, made_at=now, expires_at=expires_at))
        return text

    async def revoke(self, token_id: int, *, now: datetime) -> bool:
        """Take one back for good; False where it was taken back before, or never was."""
        is_good = (api_tokens.c.token_id == token_id, api_tokens.c.revoked_at.is_(None))
        done = await self._connection.execute(sa.update(api_tokens).where(*is_good).values(revoked_at=now))
        return bool(done.rowcount == 1)

    async def note_used(self, token_id: int, *, now: datetime) -> bool:
        """Note that one was used, at most once a minute; say whether it was written."""
        last = api_tokens.c.last_used_at
        is_due = (api_tokens.c.token_id == token_id, sa.or_(last.is_(None), last <= now - NOTED_EVERY))
        done = await self._connection.execute(sa.update(api_tokens).where(*is_due).values(last_used_at=now))
        return bool(done.rowcount == 1)


def is_use_due(token: ApiToken, *, now: datetime) -> bool:
    """Say whether a use at this moment is worth a write."""
    return token.last_used_at is None or token.last_used_at <= now - NOTED_EVERY


def _token(row: Sequence[Any]) -> ApiToken:
    values = dict(zip(_NAMES, row, strict=True))
    return ApiToken(**values | {"scopes": frozenset(map(TokenScope, values["scopes"].split()))})


def _digest(text: str) -> str:
    """Return the SHA-256: a token is random enough to need neither salt nor a slow hash."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
