"""A pooler may stand before PostgreSQL: at the door nothing is asked that it could refuse, and all is said inside."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from db import Store
from db.dialects import connect_arguments


def test_nothing_is_asked_at_the_door_that_a_pooler_refuses() -> None:
    assert {"application_name": "usersync"} == connect_arguments("postgresql")["server_settings"]


@pytest.mark.runs_on("postgresql", because="other engines have no such poolers")
async def test_connections_wait_for_a_lock_and_plan_as_they_were_told_however_often_they_were_given_back(
    database_url: str,
) -> None:
    store = await Store.open(database_url)
    try:
        assert ["2s"] * 3 == await asked(store._writer, "lock_timeout")
        assert ["off"] * 3 == await asked(store._reader, "enable_seqscan")
        assert ["on"] * 3 == await asked(store._writer, "enable_seqscan")
    finally:
        await store.close()


async def asked(engine: AsyncEngine, setting: str) -> list[str]:
    """Ask in three transactions one after the other, which are rolled back."""
    found: list[str] = []
    for _ in range(3):
        async with engine.connect() as connection:
            found.append((await connection.execute(sa.text(f"SHOW {setting}"))).scalar_one())
            await connection.rollback()
    return found
