"""One of several has a bot token that Slack refuses: the others go on and tell of it, and none claims it as its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.simulator.channels import Channel
from db.instances import ProcessRole
from tests.conftest import QUICK, settings_for
from tests.stories.test_alerts_of_replicas import sends_unreadable
from tests.support.alerting import resolved, told
from tests.support.beside import are_calm
from tests.support.engines import Migrated, a_database
from tests.support.waiting import eventually

Start = Callable[..., Any]
LATE = replace(QUICK, sockets_may_take_s=60, rhythm=replace(QUICK.rhythm, retry_s=3, longest_retry_s=3))


@pytest.fixture
def ops(slack: Simulator) -> Channel:
    """A channel that hears of alerts."""
    return slack.opens_channel("ops")


@pytest.fixture
async def settings(slack: Simulator, ops: Channel, tmp_path: Path, migrated: Migrated) -> AsyncIterator[Settings]:
    """Settings of each of them."""
    slack.adds("Ada Lovelace", is_admin=True)
    async with a_database("postgresql", tmp_path, migrated) as url:
        yield settings_for(slack, url).model_copy(update={"alert_channel": ops.id})


@pytest.fixture
def wrong(settings: Settings) -> Settings:
    """The same, with a bot token that Slack does not know."""
    return settings.model_copy(update={"slack_bot_token": SecretStr("xoxb-wrong")})


@pytest.fixture
async def well(start: Start) -> Service:
    """One that has read everybody."""
    service: Service = await start(pace=LATE)
    await are_calm(service)
    return service


def shown_name(service: Service) -> str:
    """Name a process as people read it."""
    return service.house.instance.partition(" (")[0]


async def readiness(service: Service) -> tuple[int, dict[str, Any]]:
    async with httpx.AsyncClient(base_url=service.url) as client:
        answer = await client.get("/readyz")
        return answer.status_code, answer.json()


async def test_its_refused_token_is_told_in_the_channel_by_one_that_can_post(
    slack: Simulator, start: Start, well: Service, wrong: Settings, ops: Channel
) -> None:
    async with Service(wrong, pace=LATE) as refused:
        begun = await told(slack, ops, "*Slack refuses a token*", within_s=40)
        name = shown_name(refused)
    over = await resolved(slack, ops, begun)

    assert f"Another usersync ({name}) says: Slack refuses SLACK_BOT_TOKEN (invalid_auth)" in begun["text"]
    assert over["ts"] == begun["ts"]
    assert 1 == len(slack.board.messages[ops.id])


async def test_what_it_began_is_handed_to_one_that_can_post(
    slack: Simulator, start: Start, settings: Settings, wrong: Settings, ops: Channel
) -> None:
    async with Service(settings, pace=LATE) as first:
        await are_calm(first)
    refused: Service = await start(wrong, pace=LATE)
    sends_unreadable(slack)
    await eventually(lambda: len(refused.alerts.own) >= 2, within_s=40, of="its episodes")
    well: Service = await start(pace=LATE)

    await told(slack, ops, "*Unreadable events*", within_s=40)
    await told(slack, ops, "*Slack refuses a token*", within_s=40)

    await eventually(lambda: not refused.alerts.own, within_s=40, of="nothing of its own")
    assert well.alerts.own


async def test_what_is_wrong_at_the_others_is_told_meanwhile(
    slack: Simulator, start: Start, well: Service, wrong: Settings, ops: Channel
) -> None:
    await start(wrong, pace=LATE)
    await told(slack, ops, "*Slack refuses a token*", within_s=40)
    slack.faults.fail("users.list", error="fatal_error", times=None)
    well.runs.want("a test")

    await told(slack, ops, "*A resync failed*", within_s=40)


async def test_nobody_else_claims_its_trouble_and_all_say_whose_it_is(
    slack: Simulator, start: Start, settings: Settings, well: Service, wrong: Settings
) -> None:
    refused: Service = await start(wrong, pace=LATE)
    bare = settings.model_copy(update={"slack_bot_token": None, "slack_app_token": None})
    web: Service = await start(bare, pace=LATE, role=ProcessRole.WEB)
    says = f"Another usersync ({shown_name(refused)}) says: Slack refuses SLACK_BOT_TOKEN"

    for each in (well, web):

        async def is_told(each: Service = each) -> dict[str, Any] | None:
            _, found = await readiness(each)
            return found if str(found["warnings"]).count(says) == 1 else None

        ready = await eventually(is_told, within_s=40, of="a word of it")
        status = each.status()
        assert [] == ready["reasons"]
        assert 1 == str(ready).count("SLACK_BOT_TOKEN")
        assert (None, None, ()) == (status.rejected, status.trouble, status.amiss)


async def test_where_the_only_one_is_refused_the_page_of_another_says_who_says_so(
    slack: Simulator, start: Start, settings: Settings, wrong: Settings
) -> None:
    async with Service(settings, pace=LATE) as first:
        await are_calm(first)
    refused: Service = await start(wrong, pace=LATE)
    web: Service = await start(pace=LATE, role=ProcessRole.WEB)
    says = f"Another usersync ({shown_name(refused)}) says: Slack refuses SLACK_BOT_TOKEN"

    await eventually(lambda: web.status().trouble and web.status().amiss, within_s=40, of="a word of it")
    await eventually(lambda: web.status().warnings, within_s=40, of="the alert")

    assert str(web.status().trouble).startswith(says)
    assert all(each.startswith(says) for each in web.status().warnings)
    assert ("Slack does not let this directory in",) == web.status().amiss


async def test_it_holds_no_connection_while_another_does_and_says_so(
    slack: Simulator, start: Start, well: Service, wrong: Settings
) -> None:
    refused: Service = await start(wrong, pace=LATE)
    await eventually(lambda: refused.status().sockets_wanted == 0, within_s=40, of="no share")
    await eventually(lambda: slack.sockets == 2, within_s=40, of="the connections of the other alone")
    beats = [each.sockets.status.wanted for each in (refused, well)]
    ready = await readiness(refused)

    assert [0, 2] == beats
    assert 503 == ready[0]
    assert any("SLACK_BOT_TOKEN" in reason for reason in ready[1]["reasons"])
    assert any("leaves the connections to Slack to the others" in words for words in ready[1]["warnings"])

    await well.close()
    await eventually(lambda: slack.sockets == 2 == refused.status().sockets, within_s=40, of="the share taken again")
