"""Every word of `/usersync` is answered in words while Slack's methods fail, while the database is away, and both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from bot.command import words
from bot.command.table import TABLE
from bot.service import Service
from bot.simulator import Simulator
from bot.simulator.channels import Channel
from bot.simulator.crowd import PretendUser
from tests.support.away import database_away
from tests.support.words import answer_to

MORE = {"find": "find Grace", "resync": "resync", "alerts": "alerts here", "digest": "digest here"}
TYPED = ["", *(MORE.get(each.word.value, each.word.value) for each in TABLE), "alerts off", "digest off", "frobnicate"]


@pytest.fixture
def ada(slack: Simulator) -> PretendUser:
    """An admin, known before the first run."""
    return slack.adds("Ada Lovelace", is_admin=True)


@pytest.fixture
def ops(slack: Simulator) -> Channel:
    """A channel with the app in it."""
    return slack.opens_channel("ops")


@pytest.fixture(params=["Slack's methods fail", "the database is away", "both"])
async def trouble(
    request: pytest.FixtureRequest, slack: Simulator, service: Service, database_url: str
) -> AsyncIterator[str]:
    """What is wrong while somebody types."""
    name = str(request.param)
    async with AsyncExitStack() as stack:
        if name != "Slack's methods fail":
            await stack.enter_async_context(database_away(service, database_url))
        if name != "the database is away":
            slack.faults.fail("*", http_status=500, times=None)
        yield name
        slack.faults.clear()


@pytest.mark.parametrize("typed", TYPED)
async def test_every_word_gets_an_answer_that_says_what_it_knows(
    slack: Simulator, ada: PretendUser, ops: Channel, trouble: str, typed: str
) -> None:
    asked = await slack.types(ada, f"/usersync {typed}", channel_id=ops.id)

    told = await answer_to(asked)

    assert words.FAILED not in told, f"it broke while {trouble}"
    assert told.strip()
    assert all("ephemeral" == each["response_type"] for each in asked.messages)
