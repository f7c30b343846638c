"""A first run on PostgreSQL: a server that has not measured a table yet is not left to guess how large it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.simulator import Simulator
from db import Store
from db.dialects import among
from db.tables import users
from tests.support.engines import Migrated, a_database
from tests.support.runs import a_run

CROWD = 6_000


@pytest.mark.server
async def test_each_page_of_a_run_is_looked_up_by_key_although_autovacuum_never_came(
    tmp_path: Path, migrated: Migrated
) -> None:
    async with a_database("postgresql", tmp_path, migrated) as url, Simulator(crowd=CROWD) as slack:
        store = await Store.open(url)
        try:
            await a_run(slack, store)
            ids = [user["id"] for user in slack.users()][:300]
            walked = await rows_walked(store, slack.team_id, ids)
        finally:
            await store.close()

    assert 0 == walked, "rows of others that were read for a page's"


async def rows_walked(store: Store, team_id: str, ids: list[str]) -> int:
    """Count the rows that PostgreSQL reads and puts away where it looks up those of a page."""
    asked = sa.select(users.c.id).where(users.c.team_id == team_id, among("postgresql", users.c.id, ids))
    async with store._reader.connect() as connection:
        sql = asked.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        told = (await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")).scalar_one()
    plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    return int(plan.get("Rows Removed by Filter", 0))
