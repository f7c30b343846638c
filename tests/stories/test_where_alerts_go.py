"""Where alerts go is typed in Slack and stored; refused with its remedy where that cannot be; moved, each told once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.simulator.channels import Channel
from bot.simulator.crowd import PretendUser
from tests.conftest import ON_A_SERVER
from tests.support.alerting import posts, resolved, texts, told
from tests.support.locks import held
from tests.support.waiting import eventually
from tests.support.words import answer_to

Start = Callable[..., Any]
FAILED = "*A resync failed*"


@pytest.fixture
def ada(slack: Simulator) -> PretendUser:
    """An admin, known before the first run."""
    return slack.adds("Ada Lovelace", is_admin=True)


@pytest.fixture
def ops(slack: Simulator) -> Channel:
    """A channel with the app in it."""
    return slack.opens_channel("ops")


@pytest.fixture
async def service(start: Start, ada: PretendUser) -> Service:
    """A service whose alerts go nowhere yet."""
    running: Service = await start()
    await eventually(lambda: running.runs.finished and running.sockets.status.open == 2, within_s=20, of="the start")
    return running


def fails(slack: Simulator, service: Service) -> None:
    slack.faults.fail("users.list", error="fatal_error", times=None)
    service.runs.want("a test")


async def types(slack: Simulator, who: PretendUser, words: str, channel: Channel) -> str:
    asked = await slack.types(who, f"/usersync {words}", channel_id=channel.id)
    return await answer_to(asked)


async def test_an_admin_types_it_and_the_next_alert_goes_there_without_a_restart(
    slack: Simulator, service: Service, ada: PretendUser, ops: Channel
) -> None:
    answer = await types(slack, ada, "alerts here", ops)
    fails(slack, service)

    begun = await told(slack, ops, FAILED)
    status = await types(slack, ada, "status", ops)
    slack.faults.clear()
    await resolved(slack, ops, begun)

    assert "Alerts go into this channel from now on" in answer
    assert f"as <@{ada.id}> asked" in texts(slack, ops)[0]
    assert f"Alerts go to <#{ops.id}>." in status
    assert 2 == len(posts(slack, ops))


async def test_whoever_is_no_admin_changes_nothing(slack: Simulator, service: Service, ops: Channel) -> None:
    grace = slack.joins("Grace Hopper")
    await slack.eventually_acked()

    answer = await types(slack, grace, "alerts here", ops)

    assert "admins and owners" in answer
    assert [] == posts(slack, ops)
    assert "not posted anywhere" in await types(slack, grace, "status", ops)


@pytest.mark.parametrize(
    ("changed", "remedy"),
    [
        ({"has_app": False}, "/invite"),
        ({"has_app": False, "is_private": True}, "/invite"),
        ({"is_archived": True}, "archived"),
        ({"is_restricted": True}, "only some people"),
        ({"id": "D0DIRECT01"}, "no channel"),
        ({"id": ""}, "Type `/usersync alerts here` in the channel"),
    ],
    ids=["without the app", "private without the app", "archived", "restricted", "direct message", "nowhere"],
)
async def test_a_channel_that_takes_nothing_is_refused_with_the_remedy(
    slack: Simulator, service: Service, ada: PretendUser, ops: Channel, changed: dict[str, Any], remedy: str
) -> None:
    vars(ops).update(changed)

    answer = await types(slack, ada, "alerts here", ops)

    assert remedy in answer
    assert "not posted anywhere" in await types(slack, ada, "status", ops)
    assert [] == posts(slack, ops)


async def test_without_the_permission_to_post_it_is_named(
    slack: Simulator, service: Service, ada: PretendUser, ops: Channel
) -> None:
    slack.scopes.discard("chat:write")

    answer = await types(slack, ada, "alerts here", ops)

    assert "chat:write" in answer


async def test_with_the_database_away_nothing_is_changed_and_the_first_message_is_taken_back(
    slack: Simulator, service: Service, ada: PretendUser, ops: Channel, database_url: str
) -> None:
    async with held(database_url) as other:
        answer = await types(slack, ada, "alerts here", ops)
        other.rollback()

    assert 1 == answer.count("othing was changed")
    assert ["do not go into this channel after all" in text for text in texts(slack, ops)] in ([True], [])


async def test_what_lasts_is_told_in_the_new_channel_and_its_end_in_both(
    slack: Simulator, service: Service, ada: PretendUser, ops: Channel
) -> None:
    other = slack.opens_channel("other")
    await types(slack, ada, "alerts here", ops)
    fails(slack, service)
    begun = await told(slack, ops, FAILED)

    await types(slack, ada, "alerts here", other)
    again = await told(slack, other, FAILED)
    slack.faults.clear()
    await resolved(slack, ops, begun)
    await resolved(slack, other, again)

    texts_there = [each["text"] for each in posts(slack, ops)]
    assert "do not go into this channel any more" in texts_there[-1]
    assert [3, 2] == [len(posts(slack, channel)) for channel in (ops, other)]


async def test_typed_again_in_the_same_channel_what_lasts_is_told_anew_there(
    slack: Simulator, service: Service, ada: PretendUser, ops: Channel
) -> None:
    await types(slack, ada, "alerts here", ops)
    fails(slack, service)
    begun = await told(slack, ops, FAILED)
    slack.board.messages[ops.id].remove(
        next(each for each in slack.board.messages[ops.id] if each["ts"] == begun["ts"])
    )

    await types(slack, ada, "alerts here", ops)
    again = await told(slack, ops, FAILED)
    slack.faults.clear()
    await resolved(slack, ops, again)

    assert ["from now on" in text for text in texts(slack, ops)] == [True, True, False]


async def test_typed_again_while_it_stands_there_the_old_message_points_to_the_new_one(
    slack: Simulator, service: Service, ada: PretendUser, ops: Channel
) -> None:
    await types(slack, ada, "alerts here", ops)
    fails(slack, service)
    begun = await told(slack, ops, FAILED)

    await types(slack, ada, "alerts here", ops)
    below = await told(slack, ops, "Told anew further down: A resync failed")
    again = await told(slack, ops, f":red_circle: {FAILED}")
    slack.faults.clear()
    await resolved(slack, ops, again)

    assert begun["ts"] == below["ts"] != again["ts"]
    assert 4 == len(posts(slack, ops))


async def test_off_means_nowhere_whatever_the_settings_say_and_what_was_told_is_resolved_still(
    slack: Simulator, settings: Settings, start: Start, ada: PretendUser, ops: Channel
) -> None:
    wanted = settings.model_copy(update={"alert_channel": ops.id})
    first: Service = await start(wanted)
    await eventually(lambda: first.runs.finished, within_s=40, of="the first run")
    fails(slack, first)
    begun = await told(slack, ops, FAILED)

    assert "not posted in Slack any more" in await types(slack, ada, "alerts off", ops)
    slack.faults.clear()
    await resolved(slack, ops, begun)
    await first.close()
    second: Service = await start(wanted)
    await eventually(lambda: second.runs.finished, within_s=40, of="a run")
    fails(slack, second)
    await eventually(lambda: second.alerts.open, within_s=20, of="an alert")
    await second.house.teller.look()

    alert, goodbye = posts(slack, ops)
    assert begun["ts"] == alert["ts"]
    assert "do not go into this channel any more" in goodbye["text"]
    assert "not posted anywhere" in second.house.teller.where(slack.team_id)


UNTRIED = "nothing was posted into the channel yet"


async def test_a_channel_of_the_settings_is_said_to_be_untried_until_it_is_tried_there(
    slack: Simulator, settings: Settings, start: Start, ada: PretendUser, ops: Channel
) -> None:
    # Of a slow start nobody may be alerted: that would be a post.
    service: Service = await start(settings.model_copy(update={"alert_channel": ops.id}), pace=ON_A_SERVER)
    await eventually(lambda: service.runs.finished, within_s=20, of="the first run")
    await eventually(lambda: UNTRIED in service.house.teller.where(slack.team_id), of="a look")

    before = await types(slack, ada, "status", ops)
    await types(slack, ada, "alerts here", ops)
    after = await types(slack, ada, "status", ops)

    assert f"Alerts go to <#{ops.id}>." in before
    assert UNTRIED in before
    assert f"Alerts go to <#{ops.id}>." in after
    assert UNTRIED not in after


async def test_a_channel_of_the_settings_is_tried_once_an_alert_stood_there_also_for_the_next_process(
    slack: Simulator, settings: Settings, start: Start, ada: PretendUser, ops: Channel
) -> None:
    wanted = settings.model_copy(update={"alert_channel": ops.id})
    first: Service = await start(wanted)
    await eventually(lambda: first.runs.finished, within_s=20, of="the first run")
    fails(slack, first)
    begun = await told(slack, ops, FAILED)
    slack.faults.clear()
    await resolved(slack, ops, begun)
    assert UNTRIED not in first.house.teller.where(slack.team_id)
    await first.close()

    second: Service = await start(wanted)
    await eventually(lambda: second.runs.finished, within_s=20, of="a run")

    await eventually(lambda: UNTRIED not in second.house.teller.where(slack.team_id), of="what the first one tried")


async def test_a_place_typed_in_slack_wins_over_the_settings_after_a_restart(
    slack: Simulator, settings: Settings, start: Start, ada: PretendUser, ops: Channel
) -> None:
    wanted = settings.model_copy(update={"alert_channel": slack.opens_channel("preset").id})
    first: Service = await start(wanted)
    await eventually(lambda: first.runs.finished, within_s=40, of="the first run")
    await types(slack, ada, "alerts here", ops)
    await first.close()

    second: Service = await start(wanted)
    await eventually(lambda: second.runs.finished, within_s=40, of="a run")
    fails(slack, second)

    await told(slack, ops, FAILED)
