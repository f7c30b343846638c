"""Opening the memory: a database that is away for a reason that may pass is waited for; any other ends the start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from bot.backoff import Backoff
from db import Store
from db.errors import StoreUnavailable

log = structlog.get_logger(__name__)

LONGEST_PAUSE_S = 5


class ToldToEnd(Exception):
    """The process was told to end while it waited for its database."""


async def opened(url: str, *, stop: asyncio.Event, on_wait: Callable[[StoreUnavailable], None]) -> Store:
    """Open the memory, now or once its database answers; `on_wait` is told each time why it does not.

    Raises ToldToEnd once `stop` is set while it waits, and what `Store.open` raises for good. The first try is never
    broken off: it may be in the middle of a migration.
    """
    try:
        return await Store.open(url)
    except StoreUnavailable as error:
        if not error.passes:
            raise
        log.warning("the database is waited for", reason=str(error))
        on_wait(error)
    waiting = asyncio.create_task(_waited_for(url, on_wait), name="waiting for the database")
    stopping = asyncio.create_task(stop.wait(), name="waiting for the end")
    try:
        await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            return waiting.result()
    finally:
        stopping.cancel()
        waiting.cancel()
        await asyncio.wait({waiting})
    raise ToldToEnd


async def _waited_for(url: str, on_wait: Callable[[StoreUnavailable], None]) -> Store:
    backoff = Backoff(longest_s=LONGEST_PAUSE_S)
    while True:
        await backoff.pause()
        try:
            store = await Store.open(url)
        except StoreUnavailable as error:
            if not error.passes:
                raise
            on_wait(error)
        else:
            log.info("the database answers")
            return store
