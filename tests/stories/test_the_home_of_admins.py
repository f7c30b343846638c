"""What admins have on their Home: how the directory runs, the last runs, unreadable events, and a resync to its end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.runs.schedule import Rhythm
from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.simulator.crowd import PretendUser
from db import set_hidden
from db.records import DeadLetter, Run, RunState, Source
from tests.conftest import QUICK
from tests.stories.test_a_change_in_slack import find
from tests.support.factories import a_user_payload, an_event
from tests.support.homes import Home
from tests.support.waiting import eventually
from tests.support.words import answer_to

Start = Callable[..., Any]

CALM = replace(QUICK, rhythm=Rhythm(rest_s=0.1, retry_s=0.1, look_again_s=0.1))


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A workspace from which more than fifty can vanish."""
    async with Simulator(crowd=100) as simulator:
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


@pytest.fixture
def home(slack: Simulator, ada: PretendUser, service: Service) -> Home:
    return Home(slack, ada)


async def last_run(service: Service, slack: Simulator) -> Run:
    async with service.store.reading() as rx:
        last = await rx.runs.find_last_ended(slack.team_id)
    assert last is not None
    return last


async def put_aside(service: Service, slack: Simulator, user_id: str = "U0LATE", reason: str = "it was odd") -> None:
    now = datetime.now(UTC)
    event = an_event(a_user_payload(user_id, updated=int(now.timestamp()), real_name="Late Reader"))
    async with service.store.transaction() as tx:
        letter = DeadLetter(0, f"event:{user_id}", slack.team_id, user_id, reason, json.dumps(event), Source.EVENT, now)
        await tx.dead_letters.put_aside(letter)


async def test_admins_see_how_it_runs_and_what_they_can_do(slack: Simulator, home: Home) -> None:
    told = await home.open()

    assert "How the directory runs" in told
    assert ":large_green_circle: *Following changes* on 2 of 2 connections." in told
    assert "Everybody is read again in about" in told
    assert "No unreadable events of this workspace." in told
    assert ["search_home", "open_directory", "resync", "refresh_home"] == home.actions
    table = next(block for block in home.view["blocks"] if block["type"] == "data_table")
    assert ["Resync", "When", "How it ended", "What it found"] == [each["text"] for each in table["rows"][0]]
    assert ["First", "just now", "Done"] == [each["text"] for each in table["rows"][-1]][:3]


async def test_a_resync_is_shown_as_it_begins_and_as_it_has_ended_and_not_in_between(
    slack: Simulator, ada: PretendUser, service: Service, home: Home
) -> None:
    missed = slack.adds("Margaret Hamilton")
    slack.crowd.keep(missed.id)["updated"] = slack.time.second() - 3_600
    await home.open()
    slack.faults.fail("users.list", slow_seconds=1.5)
    begun = await home.press("resync", "This page says when that has ended.")
    actions = home.actions
    done = await home.reads("Done.", "corrected 1 person that events had not told us")

    assert "resync" not in actions
    assert "cancel_run" in actions
    assert "How it ended" in begun
    assert 3 == home.publications
    assert "resync" in home.actions
    assert "Asked for" in done
    assert "new 1" in done
    assert ada.id == (await last_run(service, slack)).asked_by
    assert await find(service, slack, missed.id) is not None
    await eventually(lambda: not service.errands.under_way, of="the end of all errands")
    assert 3 == home.publications


async def test_two_who_ask_by_whatever_way_see_the_same_run(
    slack: Simulator, ada: PretendUser, service: Service, home: Home
) -> None:
    other = Home(slack, slack.joins("Katherine Johnson", is_owner=True))
    await slack.eventually_acked()
    await home.open()
    await other.open()
    calls = len(slack.calls("users.list"))
    slack.faults.fail("users.list", slow_seconds=2)
    asked = await slack.types(ada, "/usersync resync")
    await eventually(lambda: service.runs.progress, of="the run under way")

    told = await other.press("resync", "already under way")
    assert f"asked for by <@{ada.id}>" in told
    assert other.control("cancel_run")["value"] == service.runs.ticket.ticket_id  # type: ignore[union-attr]
    await other.reads("*Done.*")
    assert "Done." in await answer_to(asked, "Done.")
    assert calls + 1 == len(slack.calls("users.list"))


async def test_who_presses_twice_is_shown_one_end(slack: Simulator, service: Service, home: Home) -> None:
    await home.open()
    slack.faults.fail("users.list", slow_seconds=4)
    view = home.view
    for shown in (2, 3, 4):
        await slack.presses(home.user, "resync", view=view)
        await eventually(lambda shown=shown: home.publications == shown, of="its beginning")  # type: ignore[misc]
    await home.reads("*Done.*")
    await eventually(lambda: not service.errands.under_way, of="the end of all errands")

    assert 1 + 3 + 1 == home.publications


async def test_a_run_is_cancelled_on_the_home_and_its_end_is_told_there(
    slack: Simulator, ada: PretendUser, service: Service, home: Home
) -> None:
    await home.open()
    slack.faults.fail("users.list", slow_seconds=25)
    await home.press("resync", "This page says")
    told = await home.press("cancel_run", "*The resync was cancelled")
    await eventually(lambda: not service.errands.under_way, of="the end of all errands")

    assert f"cancelled by <@{ada.id}>" in told
    assert "Cancelled" in told
    assert 3 == home.publications, "who follows it is shown one end"
    assert f"Cancelled by @{ada.id}." == (await last_run(service, slack)).reason


async def test_another_admin_cancels_what_was_asked_for_by_command(
    slack: Simulator, ada: PretendUser, service: Service, home: Home
) -> None:
    slack.faults.fail("users.list", slow_seconds=25)
    asked = await slack.types(ada, "/usersync resync")
    await eventually(lambda: service.runs.progress, of="the run under way")
    await home.open("is under way", "Reading people from Slack")
    old = home.view
    await home.press("cancel_run", "*The resync was cancelled")

    assert "cancelled" in await answer_to(asked, "cancelled")
    await slack.presses(home.user, "cancel_run", view=old, value=old_value(old))
    assert "not under way any more" in await home.reads("not under way any more")


async def test_progress_is_shown_whenever_the_home_is_opened_or_refreshed(
    slack: Simulator, ada: PretendUser, service: Service, home: Home
) -> None:
    slack.page_limit = 30
    slack.faults.fail("users.list", after=2, slow_seconds=4)
    await slack.types(ada, "/usersync resync")
    await eventually(lambda: service.runs.progress and service.runs.progress.seen >= 60, of="two pages read")
    told = await home.open()

    assert "A resync is under way. Reading people from Slack: 60 of about" in told
    assert "▓" in told
    assert "▓" in await home.press("refresh_home")


async def test_a_held_run_is_confirmed_by_its_own_button_and_no_other(
    slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service, home: Home
) -> None:
    gone = [each for each in slack.users() if each["id"] not in (ada.id, grace.id, "USLACKBOT") and not each["is_bot"]]
    for user in gone[:60]:
        slack.removes(slack.user(user["id"]))
    await home.open()
    await home.press("resync", "The run was held", within_s=20)
    button = home.control("confirm_run")
    assert 1 == home.words.count("The run was held"), "a reason is told once"
    held = await last_run(service, slack)
    await slack.presses(ada, "confirm_run", view=home.view, value=str(held.run_id - 1))
    await home.reads("nothing was confirmed")
    assert held == await last_run(service, slack)

    await home.press("confirm_run", "*Done.*", within_s=20)

    assert "60 people were not in Slack’s list" in button["confirm"]["text"]["text"]
    done = await last_run(service, slack)
    assert (RunState.DONE, 60, True) == (done.state, done.missing, done.is_confirmed)
    assert "confirm_run" not in home.actions
    assert "60 people are no longer listed by Slack" in home.words


@pytest.mark.parametrize("deed", ["resync", "confirm_run", "cancel_run", "show_letters", "drop_letter"])
async def test_whoever_is_no_admin_does_nothing_and_is_told_so(
    slack: Simulator, grace: PretendUser, service: Service, deed: str
) -> None:
    home = Home(slack, grace)
    await home.open()
    before = await last_run(service, slack)
    await slack.presses(grace, deed, view=home.view, value="1")
    told = await home.reads("admins and owners")

    assert "How the directory runs" not in told
    assert before == await last_run(service, slack)
    assert service.runs.ticket is None


async def test_who_is_no_admin_at_slack_any_more_confirms_nothing(
    slack: Simulator, ada: PretendUser, service: Service, home: Home
) -> None:
    await home.open()
    slack.changes(ada, quietly=True, is_admin=False)
    await slack.presses(ada, "confirm_run", view=home.view, value="1")

    assert "How the directory runs" not in await home.reads("Only admins and owners")
    assert "resync" not in home.actions


async def test_unreadable_events_are_listed_replayed_and_dropped_in_place(
    slack: Simulator, service: Service, home: Home
) -> None:
    await put_aside(service, slack, "U0LATE")
    slack.sends({"type": "user_change", "user": {"id": "U0BAD", "name": 5}})
    await slack.eventually_acked()
    told = await home.open("*2 unreadable events*")
    assert "it was odd" not in told
    await home.press("show_letters", "It was odd")
    letters = [each["value"] for each in home._controls() if each["action_id"] == "replay_letter"]
    assert 2 == len(letters)

    await home.press("replay_letter", "applied", value=letters[1])
    told = await home.press("drop_letter", "Dropped, and not applied.", value=letters[0])

    assert "No unreadable events" in told
    late = await find(service, slack, "U0LATE")
    assert late is not None
    assert "Late Reader" == late.real_name
    assert "It is not here any more" in await after_press(home, "drop_letter", letters[0])


async def test_as_many_unreadable_events_are_counted_as_are_shown(
    slack: Simulator, service: Service, home: Home
) -> None:
    hidden = slack.joins("Zxhidden Person")
    await slack.eventually_acked()
    await put_aside(service, slack, hidden.id)
    async with service.store.transaction() as tx:
        await set_hidden(tx, slack.team_id, hidden.id, is_hidden=True, now=datetime.now(UTC))
        letter = DeadLetter(0, "k", "T0OTHER", "U1", "odd", "{}", Source.EVENT, datetime.now(UTC))
        await tx.dead_letters.put_aside(letter)

    assert "No unreadable events of this workspace." in await home.open()
    assert "show_letters" not in home.actions
    await put_aside(service, slack)
    assert "*1 unreadable event*" in await home.open()
    assert "*1 unreadable event*" in await home.press("show_letters", "U0LATE")
    assert hidden.id not in home.words


async def test_reasons_and_names_that_hold_markup_call_nobody(slack: Simulator, service: Service, home: Home) -> None:
    hostile = slack.joins("<!channel> *Boom*")
    await slack.eventually_acked()
    await put_aside(service, slack, hostile.id, reason="<!here> `no` <@U1>")
    await home.open()
    told = await home.press("show_letters", "Boom")

    assert "<!channel>" not in told
    assert "<!here>" not in told
    assert "&lt;!here&gt; no &lt;@U1&gt;" in told


async def test_what_was_looked_for_stays_when_a_run_ends(slack: Simulator, service: Service, home: Home) -> None:
    await home.open()
    slack.faults.fail("users.list", slow_seconds=1.5)
    await home.press("resync", "This page says")
    await home.search("grace", "Grace Hopper")
    await home.reads("*Done.*")

    assert "grace" == home.control("search_home")["initial_value"]
    assert "1 person for “grace”" in home.words


async def test_a_run_that_slack_refuses_is_told_with_its_reason(slack: Simulator, service: Service, home: Home) -> None:
    await home.open()
    slack.faults.fail("users.list", error="fatal_error", times=None)
    told = await home.press("resync", "*The resync failed.*", within_s=20)

    assert "fatal_error" in told
    slack.faults.clear()


async def test_a_service_that_ends_in_the_middle_says_so(
    slack: Simulator, service: Service, home: Home, settings: Settings
) -> None:
    await home.open()
    slack.faults.fail("users.list", slow_seconds=25)
    await home.press("resync", "This page says")
    await service.close()

    assert "usersync is being restarted" in home.words


async def after_press(home: Home, action_id: str, value: str) -> str:
    """Press what stood there a moment ago."""
    before = str(home.view["hash"])
    await home.slack.presses(home.user, action_id, view=home.view, value=value)
    await eventually(lambda: home.view["hash"] != before, of="a Home published anew")
    return home.words


def old_value(view: dict[str, Any]) -> str:
    rows = [block["elements"] for block in view["blocks"] if block["type"] == "actions"]
    return next(str(each["value"]) for row in rows for each in row if each["action_id"] == "cancel_run")
