"""What stories ask for beside a whole service."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.settings import Settings
from db import Store


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    """The memory that a service of this test would have, empty as yet."""
    store = await Store.open(settings.database_url.get_secret_value())
    yield store
    await store.close()
