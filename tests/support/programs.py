"""A program that reads the API: its token, made as an operator makes one, and words for what it asks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import httpx

from db import Store
from db.records import TokenScope

READS = frozenset({TokenScope.USERS, TokenScope.CHANGES})


async def a_token(
    store: Store,
    *,
    now: datetime,
    scopes: Collection[TokenScope] = READS,
    team_id: str | None = None,
    lifetime: timedelta | None = None,
) -> str:
    """Make a token and tell its text."""
    async with store.transaction() as tx:
        return await tx.api_tokens.make("a test", scopes, now=now, team_id=team_id, lifetime=lifetime)


async def revoke_all(store: Store, *, now: datetime) -> None:
    """Take every token back."""
    async with store.transaction() as tx:
        for token in await tx.api_tokens.list_tokens():
            await tx.api_tokens.revoke(token.token_id, now=now)


def bearing(text: str) -> dict[str, str]:
    """Return the header that shows a token."""
    return {"Authorization": f"Bearer {text}"}


class Mirror:
    """A copy of the users, kept as docs/api.md says: a position first, then everybody, then what changes."""

    def __init__(self, client: httpx.AsyncClient, *, limit: int = 2) -> None:
        self._client = client
        self._limit = limit
        self._position = ""
        self.users: dict[tuple[str, str], dict[str, Any]] = {}
        self.begun = 0
        """How often everybody was read."""

    async def begin(self) -> None:
        """Note the place, then read everybody into a new copy; after the last page it takes the old one's place."""
        self.begun += 1
        self._position = (await self._get("/api/v1/changes"))["position"]
        found, after = {}, {}
        while True:
            everybody = {"kind": "all", "state": "all", "limit": self._limit, **after}
            page = await self._get("/api/v1/users", **everybody)
            found |= {(each["team_id"], each["id"]): each for each in page["users"]}
            if page["next_cursor"] is None:
                break
            after = {"after": page["next_cursor"]}
        self.users = found

    async def catch_up(self) -> None:
        """Follow to the end of what there is."""
        has_more = True
        while has_more:
            params: dict[str, Any] = {"after": self._position, "limit": self._limit}
            answer = await self._client.get("/api/v1/changes", params=params)
            told = answer.json()
            if answer.status_code == 410 or any(each["kind"] == "reset" for each in told["changes"]):
                await self.begin()
                continue
            for change in told["changes"]:
                await self._apply(change)
            self._position, has_more = told["position"], told["has_more"]

    async def _apply(self, change: dict[str, Any]) -> None:
        key = (change["team_id"], change["user_id"])
        answer = await self._client.get(f"/api/v1/users/{key[0]}/{key[1]}")
        if answer.status_code == 404 or answer.json()["kind"] == "erased":
            self.users.pop(key, None)
        else:
            self.users[key] = answer.json()

    async def _get(self, path: str, **params: Any) -> dict[str, Any]:
        answer = await self._client.get(path, params=params)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
