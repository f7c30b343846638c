"""Programs at the door: known by a token, which is looked up anew at every request and says what it may be used for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from starlette.requests import Request

from db import Store
from db.api_tokens import NOTED_EVERY, is_use_due
from db.errors import StoreError
from db.records import ApiToken
from web.ports import Clock

SCHEME = "bearer"


class Bearers:
    """Knows tokens, and writes down when they were last used."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._tried: dict[int, datetime] = {}

    async def recognise(self, request: Request) -> ApiToken | None:
        """Look at the token of a request as it is now; None where it is no good. Raises StoreUnavailable."""
        async with self._store.reading() as rx:
            return await rx.api_tokens.find(bearer_text(request) or "", now=self._clock())

    @asynccontextmanager
    async def noting(self, token: ApiToken) -> AsyncIterator[None]:
        """Write down beside an answer that a token is used; the answer neither waits for it nor fails with it."""
        now = self._clock()
        if not is_use_due(token, now=now) or self._was_tried(token, now):
            yield
            return
        self._tried[token.token_id] = now
        task = asyncio.create_task(self._note(token, now), name="noting the use of a token")
        try:
            yield
        finally:
            await asyncio.wait({task})

    async def _note(self, token: ApiToken, now: datetime) -> None:
        with suppress(StoreError):  # the next minute brings another try
            async with self._store.transaction() as tx:
                await tx.api_tokens.note_used(token.token_id, now=now)

    def _was_tried(self, token: ApiToken, now: datetime) -> bool:
        """While the database refuses to be written, a busy program must not ask it to with each question."""
        tried_at = self._tried.get(token.token_id)
        return tried_at is not None and timedelta() <= now - tried_at < NOTED_EVERY


def bearer_text(request: Request) -> str | None:
    """Return the text of the token that a request shows; None where it shows none. An address is no place for one."""
    for value in request.headers.getlist("authorization"):
        scheme, _, text = value.partition(" ")
        if scheme.lower() == SCHEME:
            return text.strip()
    return None


def token_of(request: Request) -> ApiToken | None:
    """Return the token that this request was let in by; None where it came in otherwise."""
    token: ApiToken | None = getattr(request.state, "token", None)
    return token
