"""Posting into channels: what Slack refuses is told with its remedy, and whether trying again may help."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.blocks.notices import welcome
from bot.channels import Channels, NotPosted, Posted, is_channel
from bot.places import Places
from bot.simulator import Simulator
from bot.slack import SlackClock, make_client
from db import Store
from db.posting import Purpose

HERE = "C0OPS00001"
TEXT = {"text": "Something is wrong."}


@pytest.fixture
async def channels(slack: Simulator) -> AsyncIterator[Channels]:
    """Channels of the pretend Slack."""
    slack.channels.opens("ops", channel_id=HERE)
    async with aiohttp.ClientSession() as session:
        client = make_client(
            token=slack.bot_token, api_url=slack.api_url, proxy=None, session=session, clock=SlackClock()
        )
        yield Channels(client, patience_s=5)


def no_object(_: Any) -> Any:
    return ["no object"]


async def refusal(channels: Channels) -> NotPosted:
    with pytest.raises(NotPosted) as caught:
        await channels.post(HERE, TEXT)
    return caught.value


async def test_what_was_posted_is_edited_in_its_place(slack: Simulator, channels: Channels) -> None:
    posted = await channels.post(HERE, welcome(Purpose.ALERTS, "U1"))
    await channels.edit(posted, TEXT)

    (message,) = slack.board.messages[HERE]
    assert Posted(HERE, message["ts"]) == posted
    assert TEXT["text"] == message["text"]


@pytest.mark.parametrize(
    ("fault", "words", "may_help", "is_certain"),
    [
        ({"error": "not_in_channel"}, "/invite", False, True),
        ({"error": "channel_not_found"}, "/invite", False, True),
        ({"error": "is_archived"}, "archived", False, True),
        ({"error": "restricted_action"}, "only some people", False, True),
        ({"error": "msg_too_long"}, "too long", False, True),
        ({"error": "token_revoked"}, "SLACK_BOT_TOKEN", False, True),
        ({"error": "never_heard_of"}, "Slack answers never_heard_of", False, True),
        ({"ratelimited": 17}, "asks to wait", True, True),
        ({"error": "internal_error"}, "internal_error", True, False),
        ({"http_status": 500}, "internal_error", True, False),
        ({"html": True}, "Slack answers", True, False),
        ({"truncated": True}, "Slack answers", True, False),
        ({"drop": True}, "cannot be reached", True, False),
        ({"alter": no_object}, "Slack answers", True, False),
    ],
    ids=lambda value: getattr(value, "__name__", None) or (next(iter(value)) if isinstance(value, dict) else None),
)
async def test_a_refusal_is_told_with_its_remedy_whether_it_is_one_and_whether_trying_again_may_help(
    slack: Simulator, channels: Channels, fault: dict[str, Any], words: str, may_help: bool, is_certain: bool
) -> None:
    slack.faults.fail("chat.postMessage", **fault)

    refused = await refusal(channels)

    assert words in str(refused)
    assert (may_help, is_certain) == (refused.may_help, refused.is_certain)


async def test_slack_may_ask_to_wait(slack: Simulator, channels: Channels) -> None:
    slack.faults.fail("chat.postMessage", ratelimited=17)

    refused = await refusal(channels)

    assert (True, 17) == (refused.may_help, refused.wait_s)
    assert "17 s" in str(refused)


async def test_a_missing_scope_is_named(slack: Simulator, channels: Channels) -> None:
    slack.scopes.discard("chat:write")

    refused = await refusal(channels)

    assert "chat:write" in str(refused)
    assert refused.may_help is False


async def test_a_slack_that_answers_too_late_may_be_tried_again(slack: Simulator, channels: Channels) -> None:
    slack.faults.fail("chat.postMessage", slow_seconds=1)
    channels._patience_s = 0.05

    refused = await refusal(channels)

    assert "no answer in time" in str(refused)
    assert (True, False) == (refused.may_help, refused.is_certain)


async def test_where_nobody_was_reached_nothing_was_posted_for_certain(channels: Channels) -> None:
    channels._client.base_url = "http://127.0.0.1:1/api/"

    refused = await refusal(channels)

    assert "no connection" in str(refused)
    assert (True, True) == (refused.may_help, refused.is_certain)


@pytest.mark.parametrize(
    ("channel_id", "is_one"),
    [
        ("C0123", True),
        ("G0123", True),
        ("D0123", False),
        ("U0123", False),
        ("", False),
        ("#ops", False),
        ("C1\n", False),
    ],
)
def test_direct_messages_and_names_are_no_channels(channel_id: str, is_one: bool) -> None:
    assert is_one is is_channel(channel_id)


async def test_what_was_typed_wins_over_the_settings_and_another_process_reads_it(
    store: Store, slack: Simulator, channels: Channels
) -> None:
    preset = {Purpose.ALERTS: "C0PRESET01"}
    places, others = Places(store, channels, preset=preset), Places(store, channels, preset=preset)
    await places.refresh()
    assert ("C0PRESET01", None) == tuple(places.find("T1", purpose) for purpose in Purpose)

    await places.of(Purpose.ALERTS).set_place("T1", HERE, "U0ADA")
    await others.refresh()

    assert [HERE, HERE] == [each.find("T1", Purpose.ALERTS) for each in (places, others)]
    assert "C0PRESET01" == others.find("T2", Purpose.ALERTS)
    assert "Alerts of the people directory go into this channel" in slack.board.messages[HERE][0]["text"]
    assert "<@U0ADA>" in slack.board.messages[HERE][0]["text"]


async def test_nowhere_is_a_decision_that_wins_over_the_settings(store: Store, channels: Channels) -> None:
    places = Places(store, channels, preset={Purpose.ALERTS: "C0PRESET01"})

    await places.of(Purpose.ALERTS).clear_place("T1")
    await places.refresh()

    assert places.find("T1", Purpose.ALERTS) is None
    assert places.of(Purpose.ALERTS).find("T2") == "C0PRESET01"
