"""What a first fill puts off until it has a moment: the indexes by which people are listed, on an engine that asks it.

They are made as soon as the run waits for Slack, which at Slack's pace is after its first twenty pages; at the latest
when so many rows are there that a page without an index would take long, and with the end of the list. Each is made by
a transaction of its own, so that no event waits for all of them. Words are found from the first row on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.runs.progress import Progress
from bot.to_its_end import to_its_end
from db import Store
from db.errors import StoreError

MOST_ROWS = 100_000
"""Without an index: one is made of them within a moment."""


class PutOff:
    """The indexes during one run: put off by one that may be the first of all, and made by any that finds some gone."""

    def __init__(self, store: Store, progress: Progress) -> None:
        self._store = store
        self._progress = progress
        self._is_open = True
        """Whether one may be missing: an earlier run may have been killed before it made them."""

    @asynccontextmanager
    async def during(self, *, may_begin: bool) -> AsyncIterator[None]:
        """Put them off within this block if it `may_begin` a fill and nobody is there yet; all are made at its end.

        Raises StoreUnavailable. Where something else ended the block, that is raised, and what could not be made then
        the next run makes.
        """
        try:
            if may_begin:
                await to_its_end(self._begin())
            yield
        except BaseException:
            with suppress(StoreError):
                await self._end()
            raise
        await self._end()

    async def after_page(self) -> bool:
        """Let the engine look at what came in, and catch up where that is due; say whether anything was missing.

        Raises StoreUnavailable.
        """
        await to_its_end(self._weigh())
        is_due = bool(self._progress.waits) or self._progress.inserted >= MOST_ROWS
        return is_due and await self._end()

    async def _end(self) -> bool:
        made = 0
        while self._is_open:
            self._is_open = await to_its_end(self._make_one())
            made += self._is_open
        return made > 0

    async def _begin(self) -> None:
        async with self._store.transaction() as tx:
            await tx.users.put_off_indexes()

    async def _weigh(self) -> None:
        async with self._store.transaction() as tx:
            await tx.users.weigh()

    async def _make_one(self) -> bool:
        async with self._store.transaction() as tx:
            return await tx.users.make_index()
