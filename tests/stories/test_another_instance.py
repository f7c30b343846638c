"""Something else uses the same app and takes its share of the events: after ten minutes the service says so."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from bot.service import Service
from bot.simulator import Simulator
from tests.stories.test_readyz import is_ready
from tests.support.waiting import eventually


@dataclass
class Clock:
    """The host's clock, with which a test can be ahead."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


async def connect_elsewhere(slack: Simulator, stack: AsyncExitStack) -> None:
    """Open a connection of the same app, as a forgotten instance on a laptop has it."""
    session = await stack.enter_async_context(aiohttp.ClientSession())
    headers = {"Authorization": f"Bearer {slack.app_token}"}
    answer = await session.post(f"{slack.api_url}apps.connections.open", headers=headers)
    await stack.enter_async_context(session.ws_connect((await answer.json())["url"]))


async def test_another_instance_is_told_after_ten_minutes_until_it_is_gone(
    slack: Simulator, start: Callable[..., Any]
) -> None:
    clock = Clock()
    async with AsyncExitStack() as elsewhere:
        await connect_elsewhere(slack, elsewhere)
        service: Service = await start(clock=clock)
        await eventually(lambda: service.status().sockets == 2 and service.runs.finished, within_s=40)
        hellos = slack.hellos
        slack.watches_sockets()
        at_once = service.status().trouble

        clock.ahead = timedelta(minutes=10)
        told = await eventually(lambda: service.status().trouble, within_s=40, of="the trouble")

        assert at_once is None
        assert "Slack counts 4 connections of this app, but only 3 are known here." in str(told)
        assert hellos + 1 == slack.hellos, "one look is enough"
        assert slack.fewest_listening >= 3
        clock.ahead = timedelta(0)
        assert await is_ready(service)
    clock.ahead = timedelta(minutes=20)
    await eventually(lambda: service.status().trouble is None, within_s=40, of="no trouble any more")


async def test_a_count_that_was_of_yesterdays_connections_is_never_told(
    slack: Simulator, start: Callable[..., Any]
) -> None:
    clock = Clock()
    async with AsyncExitStack() as before:
        await connect_elsewhere(slack, before)
        service: Service = await start(clock=clock)
        await eventually(lambda: service.status().sockets == 2, within_s=40)
    await eventually(lambda: slack.sockets == 2)
    hellos = slack.hellos

    clock.ahead = timedelta(minutes=10)
    await eventually(lambda: slack.hellos > hellos, within_s=40, of="another hello")
    await eventually(lambda: slack.sockets == 2, within_s=40, of="the replaced one closed")

    assert service.status().trouble is None
