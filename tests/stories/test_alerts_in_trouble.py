"""Alerts while Slack or the database is away, across a restart, and where trouble comes and goes: never a storm."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from bot.disk_watch import MB
from bot.pace import Pace
from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.simulator.channels import Channel
from bot.simulator.crowd import PretendUser
from db import Store
from db.posting import AlertPost
from db.records import Alert, AlertKind
from tests.conftest import QUICK
from tests.support.alerting import posts, resolved, texts, told
from tests.support.locks import held
from tests.support.pretend_disk import Disk
from tests.support.receiver import Receiver, a_receiver
from tests.support.waiting import eventually
from tests.support.words import answer_to

Start = Callable[..., Any]
of_the_files_disk = pytest.mark.runs_on("sqlite", because="only the disk that a file lies on is watched")
FULL = "*The disk is nearly full*"


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
async def receiver() -> AsyncIterator[Receiver]:
    """An address outside Slack."""
    async with a_receiver() as made:
        yield made


@pytest.fixture
def wanted(settings: Settings, ops: Channel, ada: PretendUser) -> Settings:
    """Settings with a channel."""
    return settings.model_copy(update={"alert_channel": ops.id})


@pytest.fixture
def with_address(wanted: Settings, receiver: Receiver) -> Settings:
    """The same with an address outside Slack."""
    return wanted.model_copy(update={"alert_urls": (SecretStr(receiver.url),)})


async def started(start: Start, wanted: Settings, disk: Disk, *, pace: Pace = QUICK, **options: Any) -> Service:
    """Start with patience for the connections: on a busy machine they may come later than their own alert does here."""
    patient = replace(pace, sockets_may_take_s=30)
    running: Service = await start(wanted, disk_usage=disk, pace=patient, **options)
    await eventually(lambda: running.runs.finished and running.sockets.status.open == 2, within_s=20, of="the start")
    return running


async def ended(service: Service) -> None:
    """Wait until no episode lasts, and the places were told."""
    await eventually(lambda: not service.alerts.open, within_s=20, of="the end")
    await service.house.teller.look()


@of_the_files_disk
async def test_a_slack_that_takes_nothing_for_a_while_is_told_once_it_does(
    slack: Simulator, start: Start, wanted: Settings, disk: Disk, ops: Channel, ada: PretendUser
) -> None:
    service = await started(start, wanted, disk)
    slack.faults.fail("chat.postMessage", http_status=500, times=2)
    disk.free = 1 * MB

    begun = await told(slack, ops, FULL)
    slack.faults.fail("chat.update", ratelimited=1, times=2)
    disk.free = 5_000 * MB
    await resolved(slack, ops, begun)

    assert 1 == len(posts(slack, ops))
    assert 3 == len(slack.calls("chat.postMessage"))
    assert "fails right now" not in service.house.teller.where(slack.team_id)


@of_the_files_disk
async def test_while_a_channel_refuses_the_status_says_why_and_an_invitation_mends_it(
    slack: Simulator, start: Start, wanted: Settings, disk: Disk, ops: Channel, ada: PretendUser
) -> None:
    await started(start, wanted, disk)
    ops.has_app = False
    disk.free = 1 * MB
    await eventually(lambda: slack.calls("chat.postMessage"), within_s=40, of="a try")

    status = await answer_to(await slack.types(ada, "/usersync status"), "/invite")
    ops.has_app = True
    await told(slack, ops, FULL)

    assert "*That fails right now:* The app is not in that channel." in status


@of_the_files_disk
async def test_a_channel_that_is_archived_while_something_lasts_is_told_in_the_status_and_hears_of_the_end_later(
    slack: Simulator, start: Start, wanted: Settings, disk: Disk, ops: Channel, ada: PretendUser
) -> None:
    service = await started(start, wanted, disk)
    disk.free = 1 * MB
    begun = await told(slack, ops, FULL)
    ops.is_archived = True
    disk.free = 5_000 * MB
    await ended(service)
    await eventually(lambda: "fails right now" in service.house.teller.where(slack.team_id), within_s=20, of="why")

    status = await answer_to(await slack.types(ada, "/usersync status"), "fails right now")
    ops.is_archived = False
    await resolved(slack, ops, begun)

    assert "*That fails right now:* That channel is archived." in status
    await eventually(lambda: "fails right now" not in service.house.teller.where(slack.team_id), of="all is well")


@of_the_files_disk
@pytest.mark.parametrize("word", ["message_not_found", "edit_window_closed", "cant_update_message"])
async def test_what_comes_back_where_slack_takes_no_edit_is_a_new_message(
    slack: Simulator, start: Start, wanted: Settings, disk: Disk, ops: Channel, word: str
) -> None:
    service = await started(start, wanted, disk)
    disk.free = 1 * MB
    begun = await told(slack, ops, FULL)
    disk.free = 5_000 * MB
    await resolved(slack, ops, begun)
    await ended(service)
    slack.faults.fail("chat.update", error=word, times=1)
    disk.free = 1 * MB
    again = await told(slack, ops, f":red_circle: {FULL}")
    slack.faults.fail("chat.update", error=word, times=1)
    disk.free = 5_000 * MB
    await ended(service)

    assert begun["ts"] != again["ts"]
    if word == "message_not_found":
        assert 2 == len(posts(slack, ops))
    else:
        await eventually(lambda: "Resolved" in texts(slack, ops)[-1] and len(posts(slack, ops)) == 3, of="the end")


@of_the_files_disk
async def test_what_is_over_before_slack_listens_again_is_not_posted_any_more(
    slack: Simulator, start: Start, wanted: Settings, disk: Disk, ops: Channel
) -> None:
    service = await started(start, wanted, disk)
    slack.faults.fail("chat.postMessage", drop=True, times=None)
    disk.free = 1 * MB
    await eventually(lambda: slack.calls("chat.postMessage"), within_s=40, of="a try")
    disk.free = 5_000 * MB
    await ended(service)
    slack.faults.clear()
    tries = len(slack.calls("chat.postMessage"))
    for _ in range(3):
        await service.house.teller.look()

    assert [] == posts(slack, ops)
    assert tries == len(slack.calls("chat.postMessage"))


@of_the_files_disk
async def test_a_restart_in_the_middle_edits_the_same_message_and_posts_nothing_twice(
    slack: Simulator, start: Start, with_address: Settings, disk: Disk, ops: Channel, receiver: Receiver
) -> None:
    first = await started(start, with_address, disk)
    disk.free = 1 * MB
    begun = await told(slack, ops, FULL)
    await eventually(lambda: receiver.heard, within_s=20, of="the address")
    await first.close()

    second = await started(start, with_address, disk)
    await eventually(lambda: second.alerts.open, within_s=20, of="the alert")
    for _ in range(3):
        await second.house.teller.look()
    assert 1 == len(posts(slack, ops))
    disk.free = 5_000 * MB
    await resolved(slack, ops, begun)
    await eventually(lambda: len(receiver.heard) == 2, within_s=20, of="its end")

    assert 1 == len(posts(slack, ops))
    assert [False, True] == ["Resolved after" in title for title in receiver.titles]


@of_the_files_disk
async def test_an_end_that_no_process_could_tell_is_told_by_the_next(
    slack: Simulator, start: Start, wanted: Settings, disk: Disk, ops: Channel
) -> None:
    first = await started(start, wanted, disk)
    disk.free = 1 * MB
    begun = await told(slack, ops, FULL)
    slack.faults.fail("chat.update", http_status=500, times=None)
    disk.free = 5_000 * MB
    await ended(first)
    await first.close()
    slack.faults.clear()

    await started(start, wanted, disk)

    await resolved(slack, ops, begun)


@of_the_files_disk
async def test_what_comes_and_goes_is_one_message_that_says_how_often(
    slack: Simulator, start: Start, with_address: Settings, disk: Disk, ops: Channel, receiver: Receiver
) -> None:
    service = await started(start, with_address, disk)
    for number in range(3):
        disk.free = 1 * MB
        await told(slack, ops, f":red_circle: {FULL}")
        await eventually(lambda: service.alerts.open, within_s=40, of="the alert")
        disk.free = 5_000 * MB
        await eventually(lambda: "Resolved" in texts(slack, ops)[0], within_s=20, of=f"end {number}")
    await eventually(lambda: len(receiver.heard) == 2, within_s=20, of="the address")

    (post,) = posts(slack, ops)
    assert "came back 2 times" in str(post["blocks"])
    assert 1 == len(slack.calls("chat.postMessage"))
    assert 2 == len(receiver.heard)


@of_the_files_disk
async def test_what_comes_back_and_lasts_a_while_is_told_anew_at_an_address_that_was_told_its_end(
    slack: Simulator, start: Start, with_address: Settings, disk: Disk, receiver: Receiver
) -> None:
    manners = replace(QUICK.manners, returns_after_s=1)
    service = await started(start, with_address, disk, pace=replace(QUICK, manners=manners))
    for before in (0, 2):
        disk.free = 1 * MB
        await eventually(lambda before=before: len(receiver.heard) == before + 1, within_s=20, of="a beginning")
        disk.free = 5_000 * MB
        await eventually(lambda before=before: len(receiver.heard) == before + 2, within_s=20, of="an end")
        await ended(service)

    assert [False, True] * 2 == ["Resolved after" in title for title in receiver.titles]


@of_the_files_disk
async def test_a_restart_does_not_make_what_came_back_another_message(
    slack: Simulator, start: Start, wanted: Settings, disk: Disk, ops: Channel
) -> None:
    first = await started(start, wanted, disk)
    disk.free = 1 * MB
    begun = await told(slack, ops, FULL)
    disk.free = 5_000 * MB
    await resolved(slack, ops, begun)
    await first.close()

    await started(start, wanted, disk)
    disk.free = 1 * MB

    await told(slack, ops, f":red_circle: {FULL}")
    assert 1 == len(posts(slack, ops))


@of_the_files_disk
async def test_beyond_so_many_an_hour_one_message_says_that_there_is_more(
    slack: Simulator, start: Start, wanted: Settings, disk: Disk, ops: Channel
) -> None:
    manners = replace(QUICK.manners, most_an_hour=1)
    service = await started(start, wanted, disk, pace=replace(QUICK, manners=manners))
    disk.free = 1 * MB
    await told(slack, ops, FULL)
    slack.faults.fail("users.list", error="fatal_error", times=None)
    service.runs.want("a test")

    await told(slack, ops, "*More is wrong than is told here*")
    for _ in range(5):
        await service.house.teller.look()

    assert 2 == len(posts(slack, ops))


@of_the_files_disk
async def test_a_channel_takes_one_message_a_second_and_all_are_told(
    slack: Simulator, start: Start, wanted: Settings, disk: Disk, ops: Channel
) -> None:
    service = await started(start, wanted, disk)
    slack.limits.is_on = True
    disk.free = 1 * MB
    slack.faults.fail("users.list", error="fatal_error", times=None)
    service.runs.want("a test")

    await told(slack, ops, FULL)
    await told(slack, ops, "*A resync failed*")

    assert 2 == len(posts(slack, ops))


async def test_a_revoked_token_is_told_elsewhere_and_slack_is_left_alone(
    slack: Simulator, start: Start, with_address: Settings, disk: Disk, ops: Channel, receiver: Receiver
) -> None:
    service = await started(start, with_address, disk)
    slack.revokes_token()
    service.runs.want("a test")

    await eventually(lambda: receiver.heard, within_s=20, of="the address")
    assert "usersync: Slack refuses a token" == receiver.titles[0]
    assert "SLACK_BOT_TOKEN" in receiver.heard[0]["message"]
    assert [] == slack.calls("chat.postMessage")
    slack.gives_token_back()
    service.runs.want("a test")
    await eventually(lambda: len(receiver.heard) == 2, within_s=20, of="its end")
    await ended(service)

    assert "Resolved after" in receiver.titles[1]
    assert [] == posts(slack, ops)


@of_the_files_disk
async def test_an_address_that_takes_nothing_is_tried_again_and_its_secret_is_in_no_line(
    slack: Simulator,
    start: Start,
    with_address: Settings,
    disk: Disk,
    ops: Channel,
    receiver: Receiver,
    capsys: pytest.CaptureFixture[str],
) -> None:
    service = await started(start, with_address, disk)
    receiver.status = 500
    disk.free = 1 * MB
    await told(slack, ops, FULL)
    await eventually(lambda: "Address 1" in service.house.teller.where(slack.team_id), within_s=20, of="the refusal")
    said = service.house.teller.where(slack.team_id)
    receiver.status = 200
    await eventually(lambda: receiver.heard, within_s=20, of="the address")

    assert "and to 1 further address." in said
    assert "planted" not in said
    assert "planted" not in "".join(capsys.readouterr())


@of_the_files_disk
async def test_an_address_that_hangs_holds_up_no_channel(
    slack: Simulator, start: Start, with_address: Settings, disk: Disk, ops: Channel, receiver: Receiver
) -> None:
    await started(start, with_address, disk)
    receiver.slow_s = 3.5  # Apprise itself gives up after four
    disk.free = 1 * MB
    begun = await told(slack, ops, FULL, within_s=3)
    disk.free = 5_000 * MB
    await resolved(slack, ops, begun, within_s=3)

    assert [] == receiver.heard


@of_the_files_disk
async def test_with_the_database_away_it_is_told_from_memory_and_the_next_process_edits_the_right_message(
    slack: Simulator, start: Start, wanted: Settings, disk: Disk, ops: Channel, database_url: str
) -> None:
    first = await started(start, wanted, disk)
    async with held(database_url) as other:
        await told(slack, ops, "*The database is away*", within_s=30)
        disk.free = 1 * MB
        begun = await told(slack, ops, FULL)
        other.rollback()

    async def kept() -> bool:
        async with first.store.reading() as rx:
            return begun["ts"] in {each.ts for each in await rx.alert_posts.list_unfinished()}

    await eventually(kept, within_s=20, of="the message in the table")
    await first.close()
    second = await started(start, wanted, disk)
    disk.free = 5_000 * MB
    await resolved(slack, ops, begun)
    await second.house.teller.look()

    assert 2 == len(posts(slack, ops))


async def test_a_channel_of_another_workspace_than_the_tokens_is_left_alone(
    slack: Simulator, start: Start, wanted: Settings, disk: Disk, ops: Channel, database_url: str
) -> None:
    """Ids of channels are Slack's for one workspace; a token of another one must not be tried on them."""
    store = await Store.open(database_url)
    async with store.transaction() as tx:
        of_old = Alert(0, AlertKind.LAG, "Late.", datetime.now(UTC) - timedelta(minutes=3))
        alert_id = await tx.alerts.begin(of_old)
        await tx.alert_posts.put(AlertPost(alert_id, "T0ANOTHER1", "C0ANOTHER1", "1.5", "Late."))
        await tx.alert_posts.put(AlertPost(alert_id, slack.team_id, ops.id, "2.5", "Late."))
    await store.close()

    service = await started(start, wanted, disk)
    await eventually(lambda: slack.calls("chat.update"), within_s=20, of="the end in our own channel")
    await ended(service)
    for _ in range(3):
        await service.house.teller.look()

    assert {ops.id} == {each.args["channel"] for each in slack.calls("chat.update")}
