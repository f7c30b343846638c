"""One connection by itself: what it owes to whoever gives it up."""

from __future__ import annotations

import asyncio

from bot.simulator import Simulator
from bot.slack import SlackClock, make_client, open_session
from bot.socket_client import SocketClient
from tests.support.waiting import eventually


async def test_a_goodbye_that_is_broken_off_leaves_nothing_open(slack: Simulator) -> None:
    async def nobody_asks(*_: object) -> None:
        """Nothing is sent in this test."""

    async with open_session() as session:
        web = make_client(token=None, api_url=slack.api_url, proxy=None, session=session, clock=SlackClock())
        client = SocketClient(app_token=slack.app_token, web_client=web, proxy=None, on_request=nobody_asks)
        await client.open()
        assert client.current_session is not None
        slack.goes_deaf()
        closing = asyncio.create_task(client.close())
        await eventually(lambda: client.current_session.closed, of="the close frame sent")
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)

        is_open = not client.aiohttp_client_session.closed

    assert not is_open
