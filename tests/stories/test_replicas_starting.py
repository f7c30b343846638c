"""Several replicas are started at the same moment on an empty database: one makes the tables, and all of them serve."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bot.simulator import Simulator
from db.engine import parse_url
from db.migrate import VERSION_TABLE, newest_revision
from tests.support.killing import opened, serving
from tests.support.replicas import a_client, is_ready, people_at
from tests.support.waiting import eventually

PEOPLE = 40
on_servers = pytest.mark.parametrize("empty_url", ["postgresql", "mariadb"], indirect=True)


@pytest.mark.slow
@on_servers
@pytest.mark.parametrize("count", [2, 4])
async def test_replicas_started_at_once_on_an_empty_database_all_serve_the_same_people(
    slack: Simulator, empty_url: str, tmp_path: Path, count: int
) -> None:
    for number in range(PEOPLE):
        slack.adds(f"Ada {number}")
    async with AsyncExitStack() as stack:
        programs = [await stack.enter_async_context(serving(slack, empty_url, tmp_path)) for _ in range(count)]
        addresses = [await each.url(within_s=120) for each in programs]
        for address in addresses:
            await eventually(lambda: is_ready(address), within_s=90, of="readiness")  # noqa: B023
        told = [await people_at(address) for address in addresses]
        pages = [await _page(address) for address in addresses]
        slack.joins("Grace Hopper")
        await slack.eventually_acked(timeout=60)
        for address in addresses:
            await eventually(lambda: _knows(address, "Grace Hopper"), within_s=60, of="a change")  # noqa: B023

        assert [None] * count == [each.process.returncode for each in programs]
    output = "".join(each.output for each in programs)
    assert "Traceback" not in output, output
    assert [told[0]] * count == told
    assert {user["id"] for user in slack.users() if user["real_name"] != "Grace Hopper"} == {
        user["id"] for user in told[0]
    }
    assert all("Ada 7" in page for page in pages)
    assert [newest_revision()] == await _revisions(empty_url)
    async with opened(empty_url) as store, store.reading() as rx:
        assert [slack.team_id] == [each.team_id for each in await rx.workspaces.list_workspaces()]
        ids = {user["id"] for user in slack.users()}
        assert ids == set(await rx.users.find_users(slack.team_id, ids))


async def _page(address: str) -> str:
    async with a_client(address) as client:
        return (await client.get("/", headers={"Accept": "text/html"})).text


async def _knows(address: str, name: str) -> bool:
    return any(user["real_name"] == name for user in await people_at(address))


async def _revisions(url: str) -> list[str]:
    engine = create_async_engine(parse_url(url))
    try:
        async with engine.connect() as connection:
            found = await connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}"))
            return list(found.scalars())
    finally:
        await engine.dispose()
