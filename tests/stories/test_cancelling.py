"""A resync that an admin cancels: it ends where nothing is half done, marks nobody, and everybody hears who it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.runs.schedule import Rhythm
from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.simulator.crowd import PretendUser
from db.records import Run, RunState, State
from tests.conftest import QUICK
from tests.stories.test_a_change_in_slack import find
from tests.support.locks import held
from tests.support.waiting import eventually
from tests.support.words import answer_to, buttons_of, seen, words_of

Start = Callable[..., Any]

CALM = replace(QUICK, rhythm=Rhythm(rest_s=0.1, retry_s=0.1, look_again_s=0.1))


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A workspace whose list has several pages."""
    async with Simulator(crowd=30) as simulator:
        simulator.page_limit = 10
        yield simulator


@pytest.fixture
def ada(slack: Simulator) -> PretendUser:
    """An admin, known before the first run."""
    return slack.adds("Ada Lovelace", is_admin=True)


@pytest.fixture
def grace(slack: Simulator) -> PretendUser:
    """Nobody's admin, known before the first run."""
    return slack.adds("Grace Hopper")


@pytest.fixture
async def service(start: Start, ada: PretendUser, grace: PretendUser) -> Service:
    """The whole service, its first walk done, and no gap open."""
    running: Service = await start(pace=CALM)
    await eventually(lambda: running.runs.finished and running.status().sockets == 2, within_s=40, of="the first walk")
    await eventually(lambda: running.runs.progress is None and running.runs.next_reconcile_in_s > 60, of="calm")
    return running


async def last_run(service: Service, slack: Simulator) -> Run:
    async with service.store.reading() as rx:
        last = await rx.runs.find_last_ended(slack.team_id)
    assert last is not None
    return last


async def cancel_button(asked: Any) -> dict[str, Any]:
    """Find the button in what stands there now."""
    found = await eventually(
        lambda: [
            each for message in asked.visible for each in buttons_of(message) if each["action_id"] == "cancel_run"
        ],
        of="a button to cancel",
    )
    return dict(found[0])


async def test_a_run_in_the_middle_of_its_list_ends_at_once_and_what_was_read_stays(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    gone = slack.adds("Dora Gone")
    slack.changes(gone, quietly=True)
    slack.removes(gone)
    first_page = slack.users()[0]
    slack.changes(slack.user(first_page["id"]), quietly=True, title="Chief of Tests")
    calls = len(slack.calls("users.list"))
    slack.faults.fail("users.list", after=1, slow_seconds=25)
    asked = await slack.types(ada, "/usersync resync")
    button = await cancel_button(asked)
    await eventually(lambda: len(slack.calls("users.list")) >= calls + 2, of="the second page under way")
    await eventually(lambda: service.runs.progress and service.runs.progress.seen, of="the first page written")

    pressed = await slack.presses(ada, "cancel_run", value=button["value"])
    told = await answer_to(asked, "cancelled", within_s=12)

    assert pressed.error is None
    assert not pressed.ack_payload
    assert f"*The resync was cancelled by <@{ada.id}>.*" in told
    assert "Nobody was marked as missing" in told
    assert [] == [each for each in buttons_of(asked.visible[0]) if each["action_id"] == "cancel_run"]
    assert 1 == len(asked.visible)
    run = await last_run(service, slack)
    assert (RunState.FAILED, f"Cancelled by @{ada.id}.", 0) == (run.state, run.reason, run.missing)
    assert run.seen
    user = await find(service, slack, first_page["id"])
    assert user is not None
    assert "Chief of Tests" == user.title
    assert [] == pressed.messages


async def test_whoever_waits_for_the_same_run_hears_who_cancelled_it(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    other = slack.joins("Katherine Johnson", is_owner=True)
    await slack.eventually_acked()
    slack.faults.fail("users.list", slow_seconds=25)
    first = await slack.types(ada, "/usersync resync")
    button = await cancel_button(first)
    second = await slack.types(other, "/usersync resync")
    assert button["value"] == (await cancel_button(second))["value"]

    await slack.presses(other, "cancel_run", value=button["value"])

    for asked in (first, second):
        assert f"cancelled by <@{other.id}>" in await answer_to(asked, "cancelled", within_s=12)


async def test_a_cancelled_run_is_no_trouble_and_is_not_tried_again_at_once(
    slack: Simulator, ada: PretendUser, settings: Settings, service: Service, start: Start
) -> None:
    slack.faults.fail("users.list", slow_seconds=25)
    asked = await slack.types(ada, "/usersync resync")
    button = await cancel_button(asked)
    await slack.presses(ada, "cancel_run", value=button["value"])
    await answer_to(asked, "cancelled")
    calls = len(slack.calls("users.list"))

    status = await answer_to(await slack.types(ada, "/usersync status"))

    assert f"The last resync (asked for) was cancelled by <@{ada.id}> just now." in status
    assert ":warning:" not in status
    assert service.runs.trouble is None
    assert service.runs.next_reconcile_in_s > 60
    assert calls == len(slack.calls("users.list"))
    await service.close()
    again: Service = await start(pace=CALM)
    await eventually(lambda: again.runs.last, of="the first look")
    assert again.runs.trouble is None


async def test_nobody_is_marked_while_absentees_are_asked_for(
    slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service
) -> None:
    slack.removes(grace)
    slack.faults.fail("users.info", slow_seconds=25)
    asked = await slack.types(ada, "/usersync resync")
    await eventually(
        lambda: any(each.args.get("user") == grace.id for each in slack.calls("users.info")), of="asking for the absent"
    )
    slack.faults.clear()
    button = await cancel_button(asked)

    await slack.presses(ada, "cancel_run", value=button["value"])

    assert "cancelled" in await answer_to(asked, "cancelled", within_s=12)
    user = await find(service, slack, grace.id)
    assert user is not None
    assert State.ACTIVE is user.state


async def test_a_run_that_has_ended_is_not_cancelled_and_that_is_said(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    slack.faults.fail("users.list", slow_seconds=0.5)
    asked = await slack.types(ada, "/usersync resync")
    button = await cancel_button(asked)
    done = await answer_to(asked, "Done.")

    pressed = await slack.presses(ada, "cancel_run", value=button["value"])

    assert "not under way any more" in await answer_to(pressed)
    assert done == seen(asked), "the counts stay where they are"
    assert RunState.DONE is (await last_run(service, slack)).state


async def test_an_old_button_cancels_no_later_run(slack: Simulator, ada: PretendUser, service: Service) -> None:
    slack.faults.fail("users.list", slow_seconds=0.5)
    asked = await slack.types(ada, "/usersync resync")
    old = await cancel_button(asked)
    await answer_to(asked, "Done.")
    slack.faults.fail("users.list", slow_seconds=1)
    later = await slack.types(ada, "/usersync resync")
    await cancel_button(later)

    pressed = await slack.presses(ada, "cancel_run", value=old["value"])

    assert "not under way any more" in await answer_to(pressed)
    assert "Done." in await answer_to(later, "Done.", "cancelled")


@pytest.mark.parametrize("is_quiet", [False, True], ids=["by the table", "by Slack alone"])
async def test_only_admins_cancel_and_slack_is_asked(
    slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service, is_quiet: bool
) -> None:
    slack.faults.fail("users.list", slow_seconds=1.5)
    asked = await slack.types(ada, "/usersync resync")
    button = await cancel_button(asked)
    if is_quiet:
        slack.changes(ada, quietly=True, is_admin=False)

    pressed = await slack.presses(ada if is_quiet else grace, "cancel_run", value=button["value"])

    assert "admins and owners" in await answer_to(pressed)
    assert "ephemeral" == pressed.messages[0]["response_type"]
    assert not pressed.messages[0].get("replace_original")
    assert "Done." in await answer_to(asked, "Done.", "cancelled")


async def test_a_second_press_changes_nothing(slack: Simulator, ada: PretendUser, service: Service) -> None:
    other = slack.joins("Katherine Johnson", is_owner=True)
    await slack.eventually_acked()
    slack.faults.fail("users.list", slow_seconds=25)
    asked = await slack.types(ada, "/usersync resync")
    button = await cancel_button(asked)

    await asyncio.gather(*(slack.presses(each, "cancel_run", value=button["value"]) for each in (ada, other)))

    told = await answer_to(asked, "cancelled")
    assert 1 == told.count("cancelled by")
    await eventually(lambda: not service.errands.under_way, of="the end of all answers")


async def test_cancelling_while_the_database_is_locked_is_told_and_the_run_ends_later(
    slack: Simulator, ada: PretendUser, service: Service, database_url: str
) -> None:
    slack.faults.fail("users.list", slow_seconds=1.5)
    asked = await slack.types(ada, "/usersync resync")
    button = await cancel_button(asked)
    await eventually(lambda: service.runs.progress, of="the run under way")
    async with held(database_url) as lock:
        pressed = await slack.presses(ada, "cancel_run", value=button["value"])
        told = await answer_to(asked, "cancelled", "cut short", within_s=40)
        lock.rollback()

    assert pressed.error is None
    assert "cut short" in told, "its row could not be written, so whoever comes next ends it"


async def test_progress_has_a_bar_pages_and_the_button(
    slack: Simulator, ada: PretendUser, settings: Settings, start: Start
) -> None:
    service: Service = await start(pace=replace(CALM, updates_after_s=(0.2, 1.5)))
    await eventually(lambda: service.runs.finished, within_s=40, of="the first walk")
    slack.faults.fail("users.list", after=1, slow_seconds=3)

    asked = await slack.types(ada, "/usersync resync")
    await answer_to(asked, "Done.")

    far = [words_of(each) for each in asked.messages if "▓" in words_of(each) or "░" in words_of(each)]
    assert far
    assert " %" in far[0]
    assert len(asked.messages) <= 5
    assert ["open_directory", "cancel_run"] == [each["action_id"] for each in buttons_of(asked.messages[1])]
