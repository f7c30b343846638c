"""Slack refuses connections for a while: it is tried again, ever more slowly, and nothing is lost for good."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from tests.conftest import settings_for
from tests.stories.test_a_change_in_slack import find
from tests.support.waiting import eventually

OPEN = "apps.connections.open"
Start = Callable[..., Any]


@pytest.fixture
def one_socket(settings: Settings) -> Settings:
    """With one connection, the tries of which stand in one row."""
    return settings.model_copy(update={"sockets": 1})


async def lose_all(slack: Simulator, service: Service) -> None:
    slack.drops_sockets()
    await eventually(lambda: service.status().sockets == 0, within_s=40, of="the loss told")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"http_status": 500}, "internal_error"),
        ({"http_status": 502, "html": True}, "Slack refuses a connection"),
        ({"error": "internal_error"}, "internal_error"),
        ({"drop": True}, "Slack cannot be reached"),
        ({"truncated": True}, "Slack refuses a connection"),
    ],
)
async def test_while_slack_gives_no_address_it_is_told_and_what_was_missed_comes_later(
    slack: Simulator, service: Service, fault: dict[str, Any], words: str
) -> None:
    await eventually(lambda: service.status().sockets == 2)
    slack.faults.fail(OPEN, times=None, **fault)
    await lose_all(slack, service)
    ada, grace = slack.joins("Ada Lovelace"), slack.adds("Grace Hopper")
    await eventually(lambda: words in str(service.status().trouble), within_s=40, of="what is wrong, in words")

    slack.faults.clear()

    await slack.eventually_acked(timeout=40)
    assert await find(service, slack, ada.id) is not None
    await eventually(lambda: find(service, slack, grace.id), within_s=30, of="the run that closes the gap")
    await eventually(lambda: service.status().trouble is None, within_s=40, of="no trouble any more")


@pytest.mark.parametrize("http_status", [408, 404])
async def test_a_handshake_that_is_refused_is_tried_again_with_another_ticket(
    slack: Simulator, service: Service, http_status: int
) -> None:
    await eventually(lambda: service.status().sockets == 2)
    asked, refused = len(slack.calls(OPEN)), slack.turned_away
    slack.refuses_sockets(http_status=http_status, times=3)

    await lose_all(slack, service)
    ada = slack.joins("Ada Lovelace")
    await slack.eventually_acked(timeout=40)

    assert refused + 3 == slack.turned_away
    assert len(slack.calls(OPEN)) - asked >= 4
    assert await find(service, slack, ada.id) is not None


async def test_a_ticket_that_has_expired_is_not_used_again(settings: Settings, start: Start) -> None:
    async with Simulator(ticket_lifetime=-1) as hasty:
        service: Service = await start(settings_for(hasty, settings.database_url.get_secret_value()))
        await eventually(lambda: hasty.turned_away >= 4, within_s=40, of="some tries")

        assert hasty.turned_away <= len(hasty.calls(OPEN))
        assert "HTTP 408" in str(service.status().trouble)


@pytest.mark.slow
@pytest.mark.parametrize("refuse", ["the address", "the handshake"])
async def test_tries_come_ever_more_slowly(slack: Simulator, one_socket: Settings, start: Start, refuse: str) -> None:
    service: Service = await start(one_socket)
    await eventually(lambda: service.runs.finished, within_s=40, of="the first run")
    asked = len(slack.calls(OPEN))
    if refuse == "the address":
        slack.faults.fail(OPEN, http_status=503, times=None)
    else:
        slack.refuses_sockets()

    await lose_all(slack, service)
    await eventually(lambda: len(slack.calls(OPEN)) - asked >= 4, within_s=40, of="four tries")

    at = [call.at for call in slack.calls(OPEN)[asked:]]
    pauses = [later - earlier for earlier, later in pairwise(at)]
    assert all(pause >= 0.25 * 2 ** (number + 1) for number, pause in enumerate(pauses)), pauses


@pytest.mark.slow
@pytest.mark.parametrize("reason", ["refresh_requested", "link_disabled", "too_many_websockets"])
async def test_a_slack_that_ends_every_connection_at_once_is_not_asked_in_a_hot_loop(
    slack: Simulator, one_socket: Settings, start: Start, reason: str
) -> None:
    await start(one_socket)
    await slack.connected(1)
    asked = len(slack.calls(OPEN))

    for number in range(1, 5):
        hellos = slack.hellos
        slack.disconnects(reason, closes_after=0.1)
        await eventually(lambda seen=hellos: slack.hellos > seen, within_s=40, of=f"connection {number}")

    at = [call.at for call in slack.calls(OPEN)[asked:]]
    pauses = [later - earlier for earlier, later in pairwise(at)]
    assert all(pause >= 0.25 * 2 ** (number + 1) for number, pause in enumerate(pauses)), pauses


async def test_slack_is_left_alone_for_as_long_as_it_asks(slack: Simulator, service: Service) -> None:
    await eventually(lambda: service.status().sockets == 2)
    asked = len(slack.calls(OPEN))
    slack.faults.fail(OPEN, ratelimited=4, times=2)  # both connections may have asked before the first is answered

    await lose_all(slack, service)
    await eventually(lambda: "asks to wait 4 s" in str(service.status().trouble), of="what is wrong, in words")
    await eventually(lambda: service.status().sockets == 2, within_s=30, of="connections")

    limited, *others = slack.calls(OPEN)[asked:]
    later = [other.at - limited.at for other in others if other.at - limited.at > 0.5]
    assert "ratelimited" == limited.outcome
    assert later
    assert all(pause_s >= 4 for pause_s in later)


async def test_a_connection_that_ends_while_slack_wants_to_be_left_alone_does_not_count_as_open(
    slack: Simulator, one_socket: Settings, start: Start
) -> None:
    service: Service = await start(one_socket)
    await eventually(lambda: service.status().sockets == 1, within_s=40)
    slack.faults.fail(OPEN, ratelimited=60)

    slack.disconnects("warning", closes_after=1)

    await eventually(lambda: "asks to wait 60 s" in str(service.status().trouble), of="what is wrong, in words")
    await eventually(lambda: service.status().sockets == 0, within_s=40, of="the loss told")


@pytest.mark.parametrize(
    ("reason", "words"),
    [("link_disabled", "Switch it on at api.slack.com/apps"), ("too_many_websockets", "more than ten connections")],
)
async def test_a_connection_that_slack_ends_for_a_reason_is_told_with_its_remedy(
    slack: Simulator, one_socket: Settings, start: Start, reason: str, words: str
) -> None:
    service: Service = await start(one_socket)
    await eventually(lambda: service.status().sockets == 1, within_s=40)

    slack.disconnects(reason)

    await eventually(lambda: words in str(service.status().trouble), of="the remedy")
    await eventually(lambda: service.status().trouble is None, within_s=40, of="another connection")
