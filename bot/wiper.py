"""Wipes the bytes of whoever was erased, once things are calm: several at once, and those that a dead process left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from db import Store
from db.errors import StoreError

log = structlog.get_logger(__name__)

CALM_S = 30
"""After the last erasure: the verb that purges wipes by itself within that time, and Slack may erase several."""
AT_THE_LATEST = timedelta(minutes=10)
"""A service that is never calm wipes all the same: what meanwhile cannot be committed is sent again."""
PATIENCE_S = 30
AGAIN_S = 600
"""Before another try, where something stood in the way."""


class Wiper:
    """Looks for erasures that are noted and not wiped, whoever committed them."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime],
        is_busy: Callable[[], bool] = lambda: False,
        look_every_s: float = 5,
        calm_s: float = CALM_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`is_busy` says whether writers would be held up: rewriting a large file takes its lock for seconds."""
        self._store = store
        self._clock = clock
        self._is_busy = is_busy
        self._look_every_s = look_every_s
        self._calm = timedelta(seconds=calm_s)
        self._sleep = sleep

    async def run(self) -> None:
        """Look every few seconds, until cancelled; what stands in the way is told, and tried again later."""
        while True:
            pause_s = self._look_every_s
            try:
                if await self.is_time() and not await self.wipe():
                    pause_s = AGAIN_S
            except StoreError as error:
                log.warning("erased people could not be wiped from the disk yet", reason=str(error))
                pause_s = AGAIN_S
            await self._sleep(pause_s)

    async def is_time(self) -> bool:
        """Say whether something is to be wiped, and now is a good time. Raises StoreUnavailable."""
        async with self._store.reading() as rx:
            due = await rx.wipes.list_due()
        if not due:
            return False
        now = self._clock()
        if now - due[0].erased_at >= AT_THE_LATEST:
            return True
        return now - due[-1].erased_at >= self._calm and not self._is_busy()

    async def wipe(self) -> bool:
        """Wipe; False where it is not whole. Raises StoreUnavailable."""
        wiped = await self._store.wipe(patience_s=PATIENCE_S)
        if wiped.trouble:
            log.warning("erased people are not wiped from the disk yet", reason=wiped.trouble)
        else:
            log.info("erased people were wiped from the disk", copies_deleted=len(wiped.copies))
        return wiped.is_whole
