"""A store that knows one workspace."""

from __future__ import annotations

import pytest

from db import Store
from tests.support.factories import TEAM
from tests.support.memory import install


@pytest.fixture
async def memory(store: Store) -> Store:
    """A store with one workspace in it, on each engine."""
    await install(store, TEAM)
    return store
