"""A Home is drawn more plainly for an hour where Slack refuses it, each kind for itself, and then as ever."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.blocks.home import Part, Person
from bot.home.publisher import REMEMBERED_S, Publisher
from bot.simulator import Simulator
from bot.slack import SlackClock, make_client, open_session

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
async def publisher(slack: Simulator, clock: Clock) -> AsyncIterator[Publisher]:
    async with open_session() as session:
        client = make_client(
            token=slack.bot_token, api_url=slack.api_url, proxy=None, session=session, clock=SlackClock()
        )
        yield Publisher(client, monotonic=clock, pause_s=0)


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
