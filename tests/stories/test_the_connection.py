"""Connections as they come: two of them, told in words where they cannot be had, and no event lost in a burst."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from tests.stories.test_a_change_in_slack import find
from tests.support.waiting import eventually


async def test_two_connections_are_open(slack: Simulator, service: Service) -> None:
    await slack.connected(2)

    await eventually(lambda: service.status().sockets == 2)

    assert service.status().trouble is None


async def test_events_that_slack_dropped_are_made_good_by_a_walk(slack: Simulator, service: Service) -> None:
    missed = slack.adds("Grace Hopper")

    slack.limits_events()

    await eventually(lambda: find(service, slack, missed.id), within_s=60, of="the walk that closes the gap")
    assert [] == slack.unacked()


async def test_hundreds_at_once_are_all_committed_and_acked(slack: Simulator, service: Service) -> None:
    joined = [slack.joins(f"Ada {number}") for number in range(500)]

    await slack.eventually_acked(timeout=60)

    async with service.store.reading() as rx:
        known = await rx.users.find_users(slack.team_id, {user.id for user in joined})
    assert len(joined) == len(known)
    assert all(slack.deliveries(event_id) == 1 for event_id in slack.acked())


async def test_a_farewell_in_place_of_a_hello_is_told_at_once_and_by_its_reason(
    slack: Simulator, settings: Settings, start: Callable[..., Any]
) -> None:
    async with aiohttp.ClientSession() as session, AsyncExitStack() as others:
        for _ in range(10):
            answer = await session.post(
                f"{slack.api_url}apps.connections.open", headers={"Authorization": f"Bearer {slack.app_token}"}
            )
            url = (await answer.json())["url"]
            await others.enter_async_context(session.ws_connect(url))

        service: Service = await start()
        trouble = await eventually(lambda: service.sockets.status.trouble, within_s=40, of="the reason")

        assert "more than ten connections" in str(trouble)
    await eventually(lambda: service.status().sockets, within_s=40, of="a connection once there is room")
