"""Stores of several processes on one database, whose bells ring together; and who listens there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg

from bot.backoff import Backoff
from db import Store
from tests.support.waiting import eventually

LISTENS = "application_name = 'usersync' AND query ILIKE ANY (ARRAY['LISTEN%', '%pg_notify%', 'SELECT 1'])"
"""The last words of a backend that waits for a ring: nobody else of ours stands still behind them."""


@asynccontextmanager
async def ringing(store: Store) -> AsyncIterator[Store]:
    """Let a store ring with the others until the block ends; on PostgreSQL it is connected at the beginning."""
    before = store.bell.generation
    task = asyncio.create_task(store.listen(Backoff(first_s=0.1)), name="bell")
    try:
        await eventually(lambda: task.done() or store.bell.generation > before, of="a line")
        yield store
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def stores(url: str, count: int) -> AsyncIterator[list[Store]]:
    """Open several on one database, as so many processes would, and let them ring together."""
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(count):
            store = await Store.open(url)
            stack.push_async_callback(store.close)
            opened.append(await stack.enter_async_context(ringing(store)))
        yield opened


async def rings(store: Store) -> None:
    """Commit something that rings, and moves nothing."""
    async with store.transaction() as tx:
        tx.rings()


async def listeners_ended(url: str) -> int:
    """Terminate the backends that listen; tells how many there were."""
    connection = await asyncpg.connect(url)
    try:
        return int(
            await connection.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                f" WHERE datname = current_database() AND {LISTENS} AND pid <> pg_backend_pid()"
            )
        )
    finally:
        await connection.close()
