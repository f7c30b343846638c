"""The pass: every page of `users.list` through the same parse, merge and write path as events. It marks nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.commit import commit_entries
from bot.entries import entry_of_member
from bot.runs.pages import PassFailed, pages
from bot.slack import SlackClient
from db import Store
from db.errors import StoreError

SLICE_USERS = 200
"""Users of one transaction: short enough that events and readers never wait for a page."""


@dataclass(slots=True)
class Progress:
    """How far a pass has come."""

    team_id: str
    started_at: datetime
    calls: int = 0
    seen: int = 0
    inserted: int = 0
    updated: int = 0
    unreadable: int = 0


class Resync:
    """One pass over one workspace."""

    def __init__(
        self,
        store: Store,
        client: SlackClient,
        *,
        team_id: str,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._client = client
        self._team_id = team_id
        self._clock = clock
        self._sleep = sleep
        self.progress = Progress(team_id, clock())

    async def run(self) -> Progress:
        """Walk to the end. Raises PassFailed; what was written until then is true, and stays."""
        try:
            is_backfill = await self._is_backfill()
            async for page in pages(self._client, team_id=self._team_id, sleep=self._sleep):
                self.progress.calls += 1
                await self._write_page(page.members, asked_at_s=page.asked_at_s, is_backfill=is_backfill)
            async with self._store.transaction() as tx:
                await tx.workspaces.mark_walked(self._team_id, at=self._clock())
                tx.rings()
        except StoreError as error:
            raise PassFailed(str(error)) from error
        return self.progress

    async def _is_backfill(self) -> bool:
        async with self._store.reading() as rx:
            workspace = await rx.workspaces.find_workspace(self._team_id)
        return workspace is None or workspace.backfilled_at is None

    async def _write_page(self, members: list[Any], *, asked_at_s: float, is_backfill: bool) -> None:
        # A page says how things were a moment before it was asked for: an event on its way then is newer.
        moment = int((asked_at_s - 1) * 1_000_000)
        for part in _slices(members):
            entries = [entry_of_member(each, team_id=self._team_id, moment=moment, now_s=asked_at_s) for each in part]
            done = await commit_entries(self._store, entries, now=self._clock(), is_backfill=is_backfill)
            self.progress.seen += len(entries)
            self.progress.inserted += done.inserted
            self.progress.updated += done.updated
            self.progress.unreadable += len(done.put_aside)
            await asyncio.sleep(0)  # a page must not hold up acks


def _slices(members: list[Any]) -> Iterator[list[Any]]:
    return (members[start : start + SLICE_USERS] for start in range(0, len(members), SLICE_USERS))
