"""A look into the memory that somebody waits for: it ends within seconds, also where the database hangs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from db import Snapshot, Store
from db.errors import StoreUnavailable

PATIENCE_S = 5


@asynccontextmanager
async def looking(store: Store) -> AsyncIterator[Snapshot]:
    """Look at one moment of the memory. Raises StoreUnavailable."""
    try:
        async with asyncio.timeout(PATIENCE_S), store.reading() as rx:
            yield rx
    except TimeoutError as error:
        raise StoreUnavailable(f"(no answer within {PATIENCE_S} s)") from error
