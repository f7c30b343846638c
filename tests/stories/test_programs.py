"""A program reads the directory of a running service with a token that the operator makes beside it, and takes back."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from bot.service import Service
from bot.simulator import Simulator
from tests.conftest import settings_for
from tests.support.program import environment
from tests.support.programs import Mirror, bearing
from tests.support.waiting import eventually


async def operator_types(*words: str, database_url: str, folder: Path) -> str:
    """Run `usersync token …` in a process of its own, and tell its standard output."""
    env = environment(DATABASE_URL=database_url)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "token", *words, env=env, cwd=folder, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(30):
        output, _ = await process.communicate()
    assert 0 == process.returncode
    return output.decode().strip()


async def test_a_program_follows_the_directory_until_its_token_is_revoked(
    slack: Simulator, start: Callable[..., Any], database_url: str, tmp_path: Path
) -> None:
    database_url = database_url
    service: Service = await start(settings_for(slack, database_url, auth="slack"))
    ada = slack.adds("Ada Lovelace")
    await eventually(lambda: service.runs.finished, within_s=40, of="the first walk")
    token = await operator_types("create", "HR", database_url=database_url, folder=tmp_path)
    async with httpx.AsyncClient(base_url=service.url, headers=bearing(token), trust_env=False) as client:
        mirror = Mirror(client, limit=200)
        await mirror.begin()
        slack.changes(ada, title="Countess")

        async def has_followed() -> bool:
            await mirror.catch_up()
            return any(each.get("title") == "Countess" for each in mirror.users.values())

        await eventually(has_followed, within_s=40, of="the change")
        listed = await operator_types("list", database_url=database_url, folder=tmp_path)
        await operator_types("revoke", "HR", database_url=database_url, folder=tmp_path)
        refused = await client.get("/api/v1/users")

    assert "last used a moment ago" in listed
    assert 401 == refused.status_code
