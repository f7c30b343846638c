"""The demo: the real service against the pretend Slack, in a folder of its own; it reads no settings of yours."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from bot.pace import Pace
from bot.runs.schedule import Rhythm
from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator, tell
from bot.simulator.channels import GENERAL
from bot.simulator.page import SlackPage
from bot.telling.steps import Manners
from db.errors import StoreUnavailable
from db.records import AlertKind

FOLDER = Path(".demo")
PEOPLE = 250
PACE = Pace(
    stagger_s=1,
    watch_s=15,
    look_every_s=1,
    sockets_may_take_s=2,
    manners=Manners(after_s={AlertKind.SOCKETS: 2}, mends_s=20, edit_every_s=5, first_pause_s=2, longest_pause_s=15),
    rhythm=Rhythm(rest_s=3, retry_s=15),
)
"""Quicker than life: whoever breaks something here waits for its end."""


class Demo:
    """`async with Demo(port=…) as demo:` runs both until the block ends."""

    def __init__(self, *, port: int, folder: Path = FOLDER, people: int = PEOPLE) -> None:
        self._port = port
        # The pretend Slack begins anew each time, so the directory does, too; two demos may run side by side.
        self._folder = folder / str(os.getpid())
        self.slack = Simulator(team_name="Meridian", crowd=people)
        self.alerts = self.slack.opens_channel("alerts")
        self.slack.channels.lets_app_in(GENERAL)  # so that alerts can be moved there
        self.page = SlackPage(self.slack)
        self._stack = AsyncExitStack()
        self.service: Service

    async def __aenter__(self) -> Self:
        _sweep(self._folder.parent)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"The demo keeps it below {self._folder.parent.absolute()} ({error.strerror}): start it in a folder "
                "that you may write to."
            ) from error
        self._stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
        try:
            await self._stack.enter_async_context(self.slack)
            self._stack.push_async_callback(self.page.close)
            self.service = await self._stack.enter_async_context(self._make_service())
            self.page.leads_to(self.service.url)
            story = asyncio.create_task(self._tell(), name="story")
            self._stack.push_async_callback(_end, story)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _make_service(self) -> Service:
        settings = Settings.model_validate(
            {
                "SLACK_BOT_TOKEN": self.slack.bot_token,
                "SLACK_APP_TOKEN": self.slack.app_token,
                "SLACK_API_URL": self.slack.api_url,
                "DATABASE_URL": f"sqlite:///{(self._folder / 'demo.sqlite3').absolute()}",
                "USERSYNC_PORT": self._port,
                "USERSYNC_AUTH": "none",  # everybody in it is invented
                "USERSYNC_ALERT_CHANNEL": self.alerts.id,
            }
        )
        return Service(settings, is_demo=True, image_sources=(self.slack.url,), pace=PACE, or_next_port=True)

    async def _tell(self) -> None:
        await self.slack.connected(timeout=60)
        await tell(self.slack, rng=random.Random(), sleep=asyncio.sleep)  # noqa: S311 - a story needs no strong dice


def _sweep(folder: Path) -> None:
    """Remove what demos left behind that were killed."""
    for left in folder.glob("[0-9]*"):
        if left.name.isdecimal() and not _is_alive(int(left.name[:9])):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(process_id: int) -> bool:
    if process_id == os.getpid():
        return False  # a namesake's: in a container every demo may have the same number
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


async def _end(story: asyncio.Task[None]) -> None:
    story.cancel()
    await asyncio.gather(story, return_exceptions=True)
