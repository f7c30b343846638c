"""Slack recycles connections: one is always open, no event is lost, and nobody is read again for it."""

from __future__ import annotations

import pytest

from bot.service import Service
from bot.simulator import Simulator
from tests.stories.test_a_change_in_slack import find
from tests.support.waiting import eventually

OPEN = "apps.connections.open"


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_one_connection_is_always_open_although_slack_recycles_both_at_the_same_moment(
    slack: Simulator, service: Service, reason: str
) -> None:
    await eventually(lambda: service.status().sockets == 2)
    hellos = slack.hellos
    slack.watches_sockets()

    slack.disconnects(reason)
    joined = [slack.joins(f"Ada {number}") for number in range(20)]
    await eventually(lambda: slack.hellos == hellos + 2, within_s=30, of="two new connections")
    await eventually(lambda: slack.sockets == 2, within_s=30, of="the old ones closed")
    await slack.eventually_acked()

    assert slack.fewest_listening >= 1
    assert all([await find(service, slack, user.id) for user in joined])
    assert (2, None) == (service.status().sockets, service.status().trouble)


async def test_connections_are_recycled_one_after_the_other(slack: Simulator, service: Service) -> None:
    await eventually(lambda: service.status().sockets == 2)
    asked = len(slack.calls(OPEN))

    slack.faults.fail(OPEN, slow_seconds=1)
    slack.disconnects("refresh_requested")
    await eventually(lambda: len(slack.calls(OPEN)) == asked + 2, within_s=30, of="two new connections")

    first, second = slack.calls(OPEN)[asked:]
    assert second.at - first.at >= 1


async def test_a_replacement_that_hangs_does_not_cost_the_other_connection(slack: Simulator, service: Service) -> None:
    await eventually(lambda: service.status().sockets == 2)
    hellos = slack.hellos
    slack.watches_sockets()

    slack.faults.fail(OPEN, slow_seconds=14)
    slack.disconnects("warning", closes_after=10)
    await eventually(lambda: slack.hellos > hellos, within_s=40, of="a new connection before the old ones end")

    assert slack.fewest_listening >= 1


async def test_a_routine_recycle_reads_nobody_again(slack: Simulator, service: Service) -> None:
    await eventually(lambda: service.status().sockets == 2)
    runs, hellos = service.runs.finished, slack.hellos

    slack.disconnects("refresh_requested")
    await eventually(lambda: slack.hellos == hellos + 2, within_s=30, of="two new connections")
    await eventually(lambda: slack.sockets == 2, within_s=30, of="the old ones closed")

    assert runs == service.runs.finished
    assert service.runs.progress is None
