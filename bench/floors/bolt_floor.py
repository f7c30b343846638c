"""A plain Bolt app over Socket Mode: it acks first, as Bolt does, and then commits each event by itself.

    python bench/floors/bolt_floor.py FILE API_URL

The same table and search as `event_floor.py`; an ack says nothing here, so whoever measures counts rows. It ends when
killed.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from pathlib import Path
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

sys.path.insert(0, str(Path(__file__).parent))

from event_floor import fill, open_table, write


async def main(file: str, api_url: str) -> None:
    connection = open_table(file)
    async with aiohttp.ClientSession() as session:
        await fill(connection, session, api_url)
    quiet = logging.getLogger("bench")
    quiet.setLevel(logging.WARNING)
    client = AsyncWebClient(token="xoxb-bench", base_url=api_url, logger=quiet)
    app = AsyncApp(client=client, logger=quiet)

    @app.event("user_change")
    async def observe(event: dict[str, Any]) -> None:
        write(connection, [event["user"]])

    await AsyncSocketModeHandler(app, "xapp-bench").start_async()


if __name__ == "__main__":
    gc.freeze()  # the product has the collector look as seldom
    gc.set_threshold(10_000)
    asyncio.run(main(*sys.argv[1:3]))
