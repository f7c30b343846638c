"""A Home is drawn more plainly for an hour where Slack refuses it; where Slack asks to wait, Homes wait in line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.blocks.home import Part, Person
from bot.home.line import IN_LINE_S
from bot.home.publisher import REMEMBERED_S, Publisher
from bot.simulator import Simulator
from bot.slack import SlackClient, SlackClock, make_client, open_session
from tests.support.waiting import eventually

FACE: list[Part] = [Person("*Ada Lovelace*", "https://avatars.slack-edge.com/a.png", "Ada Lovelace")]


class Clock:
    """A time that only moves when it is told to."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(slack: Simulator) -> AsyncIterator[SlackClient]:
    async with open_session() as session:
        yield make_client(token=slack.bot_token, api_url=slack.api_url, proxy=None, session=session, clock=SlackClock())


@pytest.fixture
def publisher(client: SlackClient, clock: Clock) -> Publisher:
    return Publisher(client, monotonic=clock, pause_s=0)


def calls(slack: Simulator) -> list[str]:
    return [each.outcome for each in slack.calls("views.publish")]


async def test_a_refusal_is_remembered_for_an_hour(slack: Simulator, publisher: Publisher, clock: Clock) -> None:
    slack.refuses_blocks("image")
    assert await publisher.publish("U1", FACE)
    assert await publisher.publish("U2", FACE)
    assert ["invalid_blocks", "ok", "ok"] == calls(slack)
    slack.refuses_blocks()
    clock.now_s = REMEMBERED_S - 1
    await publisher.publish("U1", FACE)
    assert "accessory" not in slack.board.homes["U1"]["blocks"][0]
    clock.now_s = REMEMBERED_S
    await publisher.publish("U1", FACE)

    assert "accessory" in slack.board.homes["U1"]["blocks"][0]


async def test_homes_of_admins_and_of_others_are_remembered_apart(slack: Simulator, publisher: Publisher) -> None:
    slack.refuses_blocks("image")
    await publisher.publish("U1", FACE, is_for_admins=True)
    slack.refuses_blocks()
    await publisher.publish("U2", FACE)

    assert "accessory" in slack.board.homes["U2"]["blocks"][0]


async def test_what_no_look_mends_is_told_as_not_taken(slack: Simulator, publisher: Publisher) -> None:
    slack.refuses_blocks("section")

    assert not await publisher.publish("U1", FACE)
    assert ["invalid_blocks"] * 3 == calls(slack)


async def test_a_refusal_of_another_kind_is_no_reason_to_draw_plainly(slack: Simulator, publisher: Publisher) -> None:
    slack.faults.fail("views.publish", error="not_enabled")

    assert not await publisher.publish("U1", FACE)
    assert await publisher.publish("U1", FACE)
    assert ["not_enabled", "ok"] == calls(slack)
    assert "accessory" in slack.board.homes["U1"]["blocks"][0]


async def test_where_slack_asks_to_wait_a_home_comes_after_that(slack: Simulator, publisher: Publisher) -> None:
    slack.faults.fail("views.publish", ratelimited=1)

    assert await publisher.publish("U1", FACE)
    first, second = slack.calls("views.publish")
    assert ("ratelimited", "ok") == (first.outcome, second.outcome)
    assert second.at - first.at > 0.9
    assert "accessory" in slack.board.homes["U1"]["blocks"][0]


async def test_those_who_wait_come_back_one_by_one(slack: Simulator, client: SlackClient) -> None:
    publisher = Publisher(client)
    everybody = [f"U{number}" for number in range(5)]
    slack.faults.fail("views.publish", ratelimited=1, times=6)

    assert all(await asyncio.gather(*(publisher.publish(each, FACE) for each in everybody)))
    assert {*everybody} == slack.board.homes.keys()
    told = slack.calls("views.publish")
    assert ["ratelimited"] * 6 + ["ok"] * 5 == [each.outcome for each in told]
    assert told[5].at - told[4].at > 0.9, "after a first wait"
    assert told[6].at - told[5].at > 0.9, "whoever is first in line is refused for all"


async def test_whoever_comes_while_others_wait_stands_behind_them(slack: Simulator, client: SlackClient) -> None:
    publisher = Publisher(client)
    slack.faults.fail("views.publish", ratelimited=1)
    first = asyncio.create_task(publisher.publish("U1", FACE))
    await eventually(lambda: slack.calls("views.publish"), of="the first try")
    second = asyncio.create_task(publisher.publish("U2", FACE))

    assert [True, True] == await asyncio.gather(first, second)
    assert ["U1", "U1", "U2"] == [each.args["user_id"] for each in slack.calls("views.publish")]


async def test_too_long_a_wait_is_not_waited(slack: Simulator, publisher: Publisher) -> None:
    slack.faults.fail("views.publish", ratelimited=61)

    assert not await publisher.publish("U1", FACE)
    assert await publisher.publish("U2", FACE)
    assert ["ratelimited", "ok"] == calls(slack)


async def test_who_waited_long_enough_waits_no_more(slack: Simulator, publisher: Publisher, clock: Clock) -> None:
    slack.faults.fail("views.publish", ratelimited=1, times=None)
    waiting = asyncio.create_task(publisher.publish("U1", FACE))
    await eventually(lambda: len(calls(slack)) == 2, of="a second try")
    clock.now_s = IN_LINE_S

    assert not await waiting
    slack.faults.clear()
    assert await publisher.publish("U2", FACE), "nobody stands in line any more"
