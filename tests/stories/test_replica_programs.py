"""Several programs on one database: one is killed, and the others go on; the parts, and what they refuse."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.simulator import Simulator
from tests.support.engines import Migrated, a_database
from tests.support.killing import killed
from tests.support.program import Program, environment, running, serve_environment
from tests.support.waiting import eventually


@pytest.fixture
async def url(tmp_path: Path, migrated: Migrated) -> AsyncIterator[str]:
    """A server that several may be on."""
    async with a_database("postgresql", tmp_path, migrated) as url:
        yield url


def for_the_web(url: str, **more: str) -> dict[str, str]:
    """Make an environment without a token."""
    return environment(DATABASE_URL=url, USERSYNC_PORT="0", USERSYNC_AUTH="none", **more)


async def ready(program: Program) -> dict[str, object]:
    found = re.search(r"http://\S+?(?=readyz|\s)", program.output)
    if found is None:
        return {}
    async with httpx.AsyncClient(base_url=found[0]) as client:
        told: dict[str, object] = (await client.get("/readyz")).json()
        return told


async def test_a_bot_is_killed_and_the_others_take_its_share_while_the_page_goes_on(
    slack: Simulator, url: str, tmp_path: Path
) -> None:
    env = serve_environment(slack, url, USERSYNC_PUBLIC_URL="https://people.example")
    for number in range(5):
        slack.adds(f"Ada {number}")
    async with (
        running("serve", "--only", "bot", env=env, cwd=tmp_path) as one,
        running("serve", "--only", "bot", env=env, cwd=tmp_path) as two,
        running("serve", "--only", "web", env=for_the_web(url), cwd=tmp_path) as web,
    ):
        await slack.connected(4, timeout=90)

        async def is_ready() -> bool:
            told = await ready(web)
            return bool(told.get("ready")) and told.get("sockets_elsewhere") == 4

        await eventually(is_ready, within_s=60, of="a page that is ready")
        await killed(one)
        grace = slack.joins("Grace Hopper")
        await slack.eventually_acked(timeout=90)

        async def is_alone() -> bool:
            told = await ready(web)
            return bool(told.get("ready")) and told.get("sockets_elsewhere") == 2

        await eventually(is_alone, within_s=60, of="the dead one missed")
        async with httpx.AsyncClient(base_url=await web.url()) as client:
            shown = await client.get(f"/users/{slack.team_id}/{grace.id}", headers={"Accept": "text/html"})

    assert "Grace Hopper" in shown.text
    assert "It follows Slack and shows no directory." in two.output
    assert "Traceback" not in one.output + two.output + web.output


@pytest.mark.parametrize("part", ["bot", "web"])
async def test_a_file_has_one_process_so_its_work_cannot_be_split(slack: Simulator, tmp_path: Path, part: str) -> None:
    env = serve_environment(slack, f"sqlite:///{tmp_path / 'usersync.sqlite3'}")

    async with running("serve", "--only", part, env=env, cwd=tmp_path) as program:
        code = await program.ended()

    assert 2 == code
    assert f"--only {part}: a SQLite file has one process, which does everything." in program.output


async def test_a_part_that_does_not_exist_is_refused(slack: Simulator, url: str, tmp_path: Path) -> None:
    async with running("serve", "--only", "both", env=serve_environment(slack, url), cwd=tmp_path) as program:
        code = await program.ended()

    assert 2 == code


async def test_a_web_replica_needs_a_key_and_no_token(url: str, tmp_path: Path) -> None:
    env = for_the_web(url) | {"USERSYNC_AUTH": "slack"}

    async with running("serve", "--only", "web", env=env, cwd=tmp_path) as program:
        code = await program.ended()

    assert 2 == code
    assert "USERSYNC_SECRET_KEY is missing" in program.output
    assert "TOKEN" not in program.output


async def test_where_alerts_are_not_told_the_start_says_so(url: str, tmp_path: Path) -> None:
    env = for_the_web(url, USERSYNC_ALERT_CHANNEL="C0123456789")

    async with running("serve", "--only", "web", env=env, cwd=tmp_path) as program:
        await program.url()
        await eventually(
            lambda: "Alerts are told by processes that follow Slack" in program.output, within_s=20, of="a word of it"
        )
