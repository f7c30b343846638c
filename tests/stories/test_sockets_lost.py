"""Connections are cut or fall silent: it is found out within 30 seconds, and every real gap is closed by a run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.service import Service
from bot.simulator import Simulator
from tests.conftest import QUICK
from tests.stories.test_a_change_in_slack import find
from tests.support.waiting import eventually

FOUND_WITHIN_S = 30
Start = Callable[..., Any]
Harm = Callable[[Simulator, int | None], None]


def cut(slack: Simulator, count: int | None) -> None:
    slack.drops_sockets(count)


def silence(slack: Simulator, count: int | None) -> None:
    slack.goes_deaf(count)


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A pretend Slack that sends again within seconds rather than minutes."""
    async with Simulator(retry_delays=(0.0, 3.0, 6.0, 9.0)) as simulator:
        yield simulator


async def settle(slack: Simulator, service: Service) -> None:
    """Wait until both connections are open and something was heard on each since then."""
    await eventually(lambda: service.status().sockets == 2)
    while {delivery.socket for each in slack.envelopes for delivery in each.deliveries} < {1, 2}:
        slack.joins()
        await slack.eventually_acked()


@pytest.mark.parametrize("harm", [cut, silence])
async def test_while_one_connection_lives_the_other_is_replaced_and_no_event_is_lost(
    slack: Simulator, service: Service, harm: Harm
) -> None:
    await settle(slack, service)
    hellos = slack.hellos
    slack.watches_sockets()

    harm(slack, 1)
    joined = [slack.joins(f"Ada {number}") for number in range(20)]
    await eventually(lambda: slack.hellos > hellos, within_s=FOUND_WITHIN_S, of="a new connection")
    await slack.eventually_acked(timeout=90)

    assert slack.fewest_listening >= 1
    assert all([await find(service, slack, user.id) for user in joined])


async def test_one_connection_cut_reads_nobody_again(slack: Simulator, service: Service) -> None:
    await settle(slack, service)
    runs, hellos = service.runs.finished, slack.hellos

    slack.drops_sockets(1)
    await eventually(lambda: slack.hellos > hellos, within_s=FOUND_WITHIN_S, of="a new connection")
    slack.joins()
    await slack.eventually_acked()

    assert (runs, None) == (service.runs.finished, service.runs.progress)


@pytest.mark.parametrize("harm", [cut, silence])
async def test_where_none_lives_it_is_told_and_everybody_is_read_again(
    slack: Simulator, service: Service, harm: Harm
) -> None:
    await settle(slack, service)
    slack.refuses_sockets()

    harm(slack, None)
    missed = slack.adds("Grace Hopper")
    await eventually(lambda: service.status().sockets == 0, within_s=FOUND_WITHIN_S, of="the loss told")
    told = await eventually(lambda: service.status().trouble, within_s=40, of="what is wrong, in words")
    slack.accepts_sockets()

    await eventually(lambda: find(service, slack, missed.id), within_s=60, of="the run that closes the gap")
    assert "connection" in str(told) or "Slack cannot be reached" in str(told)
    await eventually(lambda: service.status().trouble is None, within_s=40, of="no trouble any more")


async def test_what_slack_sent_into_silence_is_sent_again_and_kept(slack: Simulator, service: Service) -> None:
    await settle(slack, service)

    slack.goes_deaf()
    joined = [slack.joins(f"Ada {number}") for number in range(5)]
    await slack.eventually_acked(timeout=100)

    assert all([await find(service, slack, user.id) for user in joined])


async def test_a_silence_of_all_is_a_gap_although_they_are_found_out_one_by_one(slack: Simulator, start: Start) -> None:
    service: Service = await start(pace=replace(QUICK, stagger_s=2.5))
    await eventually(lambda: service.runs.finished, within_s=40, of="the first run")
    await settle(slack, service)
    opens = [service.status().sockets]

    slack.goes_deaf()
    missed = slack.adds("Grace Hopper")

    def look() -> bool:
        opens.append(service.status().sockets)
        return slack.listening == 2

    await eventually(look, within_s=FOUND_WITHIN_S, of="two new connections")
    await eventually(lambda: find(service, slack, missed.id), within_s=30, of="the run that closes the gap")
    assert 0 not in opens, "this time none of them was found out while the other was still open"
