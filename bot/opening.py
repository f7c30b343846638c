"""The store as a short verb opens it: by the settings, with nothing but errors in the log."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.logs import configure_logs
from bot.settings import Settings, load_settings
from db import Store


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Settings, Store]]:
    """Open it until the block ends. Raises SettingsError and StoreError."""
    settings = load_settings()
    configure_logs(settings.log_format, level=logging.ERROR)
    store = await Store.open(settings.database_url.get_secret_value())
    try:
        yield settings, store
    finally:
        await store.close()
