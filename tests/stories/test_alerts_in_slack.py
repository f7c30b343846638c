"""What goes wrong is told in a channel, once, and in the same message that it is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.disk_watch import MB
from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.simulator.channels import Channel
from bot.simulator.crowd import PretendUser
from tests.support.alerting import posts, resolved, texts, told
from tests.support.locks import held
from tests.support.pretend_disk import Disk
from tests.support.waiting import eventually
from tests.support.words import answer_to, buttons_of

Start = Callable[..., Any]
of_the_files_disk = pytest.mark.runs_on("sqlite", because="only the disk that a file lies on is watched")


@pytest.fixture
def ada(slack: Simulator) -> PretendUser:
    """An admin, known before the first run."""
    return slack.adds("Ada Lovelace", is_admin=True)


@pytest.fixture
def ops(slack: Simulator) -> Channel:
    """A channel with the app in it."""
    return slack.opens_channel("ops")


@pytest.fixture
def disk() -> Disk:
    """A disk with plenty of room."""
    return Disk(10_000 * MB, 5_000 * MB)


@pytest.fixture
async def service(settings: Settings, start: Start, ops: Channel, disk: Disk, ada: PretendUser) -> Service:
    """A service whose alerts go into the channel of its settings."""
    wanted = settings.model_copy(update={"alert_channel": ops.id, "public_url": "https://people.example"})
    running: Service = await start(wanted, disk_usage=disk)
    await eventually(lambda: running.runs.finished and running.sockets.status.open == 2, within_s=20, of="the start")
    return running


async def test_where_all_is_well_nothing_is_posted(slack: Simulator, service: Service, ops: Channel) -> None:
    slack.joins("Grace Hopper")
    await slack.eventually_acked()
    await service.alerts.look()
    await service.house.teller.look()

    assert [] == posts(slack, ops)
    assert [] == slack.calls("chat.postMessage")


async def test_a_run_that_fails_is_told_once_and_its_end_in_the_same_message(
    slack: Simulator, service: Service, ops: Channel
) -> None:
    slack.faults.fail("users.list", error="fatal_error", times=None)
    service.runs.want("a test")

    begun = await told(slack, ops, ":red_circle: *A resync failed*")
    (button,) = buttons_of(begun)
    slack.faults.clear()
    over = await resolved(slack, ops, begun)

    assert "fatal_error" in begun["text"]
    assert "https://people.example/runs" == button["url"]
    assert 1 == len(posts(slack, ops))
    assert ":large_green_circle: *Resolved after" in over["text"]
    assert [] == buttons_of(over)
    assert 1 == len(slack.calls("chat.postMessage"))


async def test_a_held_run_is_told_until_somebody_confirms(slack: Simulator, service: Service, ops: Channel) -> None:
    gone = [slack.joins(f"Ada {number}") for number in range(60)]
    await slack.eventually_acked()
    for user in gone:
        slack.removes(user)
    service.runs.want("a test")

    begun = await told(slack, ops, "*A resync was held*")
    service.runs.ask(is_confirmed=True)
    await resolved(slack, ops, begun)

    assert "60 users are no longer in Slack's list" in begun["text"]


async def test_new_dead_letters_are_one_message_however_many_come(
    slack: Simulator, service: Service, ops: Channel
) -> None:
    def sends_one() -> None:
        user = {"id": slack.adds().id, "profile": "none", "updated": slack.time.second()}
        slack.sends({"type": "user_change", "user": user, "event_ts": slack.time.stamp()})

    sends_one()
    begun = await told(slack, ops, "*Unreadable events*")
    sends_one()
    await told(slack, ops, "2 unreadable events")
    async with service.store.transaction() as tx:
        for letter in await tx.dead_letters.list_newest(5):
            await tx.dead_letters.resolve(letter.letter_id)
    await resolved(slack, ops, begun)

    assert "https://people.example/dead-letters" == buttons_of(begun)[0]["url"]
    assert 1 == len(posts(slack, ops))


async def test_lost_connections_are_told_and_that_they_are_back(
    slack: Simulator, service: Service, ops: Channel
) -> None:
    slack.refuses_sockets()
    slack.drops_sockets()

    begun = await told(slack, ops, "*No connection to Slack*", within_s=30)
    slack.accepts_sockets()
    await resolved(slack, ops, begun, within_s=60)

    assert 1 == len(posts(slack, ops))


async def test_changes_that_arrive_late_are_told(slack: Simulator, service: Service, ops: Channel) -> None:
    grace = slack.adds("Grace Hopper")
    slack.sends({"type": "team_join", "user": grace.payload(), "event_ts": f"{slack.time.now() - 200:.6f}"})

    begun = await told(slack, ops, "*Changes arrive late*")

    assert "3 min" in begun["text"]


async def test_events_that_slack_dropped_are_told_until_a_run_made_them_good(
    slack: Simulator, service: Service, ops: Channel
) -> None:
    slack.faults.fail("users.list", slow_seconds=1, times=None)
    slack.limits_events()

    await resolved(slack, ops, await told(slack, ops, "*Slack dropped events*"))

    assert 1 == len(posts(slack, ops))


@of_the_files_disk
async def test_a_disk_that_is_nearly_full_is_told_and_that_there_is_room_again(
    slack: Simulator, service: Service, ops: Channel, disk: Disk
) -> None:
    disk.free = 123 * MB

    begun = await told(slack, ops, "*The disk is nearly full*")
    disk.free = 5_000 * MB
    await resolved(slack, ops, begun)

    assert "123 MB of 10.0 GB" in begun["text"]


async def test_a_missing_scope_is_told_by_its_name_and_the_run_that_fails_for_it_is_no_second_message(
    slack: Simulator, service: Service, ops: Channel
) -> None:
    slack.scopes.discard("users:read")
    service.runs.want("a test")

    begun = await told(slack, ops, "*A permission is missing*")
    await eventually(lambda: service.runs.trouble, within_s=40, of="the run that fails")
    await service.house.teller.look()
    assert 1 == len(posts(slack, ops))
    slack.scopes.add("users:read")
    service.runs.want("a test")
    await resolved(slack, ops, begun)

    assert "users:read" in begun["text"]


async def test_a_database_that_is_away_is_told_meanwhile_and_that_it_is_back(
    slack: Simulator, service: Service, ops: Channel, database_url: str
) -> None:
    async with held(database_url) as other:
        begun = await told(slack, ops, "*The database is away*", within_s=30)
        other.rollback()
    await resolved(slack, ops, begun, within_s=30)

    assert [True] == ["The database is away" in text for text in texts(slack, ops)]

    async def kept() -> bool:
        async with service.store.reading() as rx:
            alerts = await rx.alerts.list_newest(5)
            kept = await rx.alert_posts.list_of([each.alert_id for each in alerts])
        return [(begun["ts"], True)] == [(each.ts, each.is_over) for each in kept]

    await eventually(kept, within_s=40, of="the message in the table")


async def test_by_default_nothing_is_posted_and_the_status_says_how_to_change_that(
    slack: Simulator, settings: Settings, start: Start, ada: PretendUser
) -> None:
    service: Service = await start(settings)
    await eventually(lambda: service.runs.finished, within_s=40, of="the first run")
    slack.faults.fail("users.list", error="fatal_error", times=None)
    service.runs.want("a test")
    await eventually(lambda: service.alerts.open, within_s=20, of="an alert")
    await service.house.teller.look()

    status = await answer_to(await slack.types(ada, "/usersync status"), "usersync")

    assert "Alerts are not posted anywhere. Type `/usersync alerts here` in a channel." in status
    assert [] == slack.calls("chat.postMessage")
