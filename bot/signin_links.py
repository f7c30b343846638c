"""One-time links that sign a user in; whoever hands one out must have made sure that it reaches that user alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from db import Store


class SigninLinks:
    """Makes links. `base_url` tells where the directory is: its port may be known only after the start."""

    def __init__(self, store: Store, base_url: Callable[[], str] | str, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._base_url = base_url
        self._clock = clock

    async def make(self, team_id: str, user_id: str) -> str:
        """Make a link that works once, for ten minutes. Raises StoreUnavailable."""
        async with self._store.transaction() as tx:
            token = await tx.signins.make(team_id, user_id, now=self._clock())
        base = self._base_url if isinstance(self._base_url, str) else self._base_url()
        return f"{base.rstrip('/')}/signin?token={token}"


class OpenLinks:
    """Where the directory stands open, or a proxy signs people in, the same address leads everybody in."""

    def __init__(self, store: Store, base_url: Callable[[], str]) -> None:
        self._store = store
        self._base_url = base_url

    async def make(self, team_id: str, user_id: str) -> str:
        """Tell the address. Raises StoreUnavailable: without the table it would lead to an error."""
        async with self._store.reading() as rx:
            await rx.users.find_user(team_id, user_id)
        return f"{self._base_url()}/"


def base_url(public_url: str | None, port: int) -> str:
    """Tell what links begin with: the public address, else this machine's."""
    return public_url.rstrip("/") if public_url else f"http://localhost:{port}"
