"""`/usersync` in Slack: acked without a word, answered to one person alone, and done is said only when it is done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.simulator.crowd import PretendUser
from db import Store
from db.records import RunState
from tests.conftest import QUICK, settings_for
from tests.support.visitor import Visitor
from tests.support.waiting import eventually
from tests.support.words import answer_to, buttons_of, seen, words_of

Start = Callable[..., Any]

ENDED = ("Done.", "was held", "failed", "could not", "cut short")
ALL_WORDS = ("", "resync", "confirm", "status", "open", "help", "frobnicate", "changes", "dead-letters", "find a")


@pytest.fixture
def ada(slack: Simulator) -> PretendUser:
    """An admin, known before the first run."""
    return slack.adds("Ada Lovelace", is_admin=True)


@pytest.fixture
def grace(slack: Simulator) -> PretendUser:
    """Nobody's admin, known before the first run."""
    return slack.adds("Grace Hopper")


@pytest.mark.parametrize("word", ALL_WORDS)
async def test_every_word_is_acked_without_a_word_and_answered_to_one_person_alone(
    slack: Simulator, grace: PretendUser, service: Service, word: str
) -> None:
    asked = await slack.types(grace, f"/usersync {word}")
    await answer_to(asked)

    assert asked.error is None
    assert not asked.ack_payload
    for message in asked.messages:
        assert "ephemeral" == message["response_type"]
        assert message["text"].strip()


async def test_an_admin_gets_a_resync_with_its_counts_in_the_place_of_the_first_words(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    missed = slack.adds("Margaret Hamilton")

    asked = await slack.types(ada, "/usersync resync")
    told = await answer_to(asked, *ENDED)

    assert "Done." in told
    assert "1 new" in told
    assert "2 people" in told
    assert "on 2 sockets" in told or "on 1 socket" in told
    assert 1 == len(asked.visible)
    assert "Reading people from Slack" in words_of(asked.messages[0])
    assert "Done." not in words_of(asked.messages[0])
    async with service.store.reading() as rx:
        assert await rx.users.find_user(slack.team_id, missed.id) is not None
        last = await rx.runs.find_last_ended(slack.team_id)
    assert last is not None
    assert (ada.id, RunState.DONE) == (last.asked_by, last.state)


@pytest.mark.parametrize("role", ["is_admin", "is_owner", "is_primary_owner"])
async def test_the_bare_command_resyncs_for_admins_and_owners_and_shows_the_way_in(
    slack: Simulator, start: Start, role: str
) -> None:
    leader = slack.adds("Ada Lovelace", **{role: True})
    service: Service = await start()
    await eventually(lambda: service.runs.finished, of="the first run")

    asked = await slack.types(leader, "/usersync")
    await answer_to(asked, "Done.")

    assert all(buttons_of(message) for message in asked.messages)


@pytest.mark.parametrize(("fields", "may"), [({"is_restricted": True}, False), ({}, True)], ids=str)
async def test_a_member_whom_the_operator_named_is_an_admin_and_a_guest_is_not(
    slack: Simulator, settings: Settings, start: Start, fields: dict[str, bool], may: bool
) -> None:
    named = slack.adds("Ada Lovelace", **fields)
    service: Service = await start(settings.model_copy(update={"admins": frozenset({(slack.team_id, named.id)})}))
    await eventually(lambda: service.runs.finished, of="the first run")
    runs = len(slack.calls("users.list"))

    asked = await slack.types(named, "/usersync resync")
    await (answer_to(asked, "Done.") if may else answer_to(asked))

    assert may == (len(slack.calls("users.list")) > runs)


async def test_the_bare_command_opens_the_directory_for_everybody_else(
    slack: Simulator, grace: PretendUser, service: Service
) -> None:
    runs = len(slack.calls("users.list"))

    asked = await slack.types(grace, "/usersync   ")
    await answer_to(asked)

    (button,) = buttons_of(asked.visible[0])
    assert button["url"].startswith("http://")
    assert "primary" == button["style"]
    assert service.url.endswith(button["url"].rpartition(":")[2])
    assert runs == len(slack.calls("users.list"))


async def test_pressing_the_button_is_acked(slack: Simulator, grace: PretendUser, service: Service) -> None:
    asked = await slack.types(grace, "/usersync open")
    await answer_to(asked)
    (button,) = buttons_of(asked.visible[0])

    pressed = await slack.presses(grace, button["action_id"])

    assert pressed.error is None


@pytest.mark.parametrize("word", ["resync", "confirm"])
async def test_others_are_told_kindly_that_a_resync_is_not_theirs(
    slack: Simulator, grace: PretendUser, service: Service, word: str
) -> None:
    runs = len(slack.calls("users.list"))

    told = await answer_to(await slack.types(grace, f"/usersync {word}"))

    assert "admins and owners" in told
    assert "/usersync open" in told
    assert runs == len(slack.calls("users.list"))


async def test_whoever_became_admin_unnoticed_is_believed_once_slack_says_so(
    slack: Simulator, grace: PretendUser, service: Service
) -> None:
    slack.changes(grace, quietly=True, is_owner=True)

    assert "Done." in await answer_to(await slack.types(grace, "/usersync resync"), *ENDED, "admins and owners")


async def test_guests_and_the_deactivated_get_no_resync_and_no_link(
    slack: Simulator, start: Start, settings: Settings
) -> None:
    service: Service = await start(settings.model_copy(update={"auth": "slack"}))
    await eventually(lambda: service.runs.finished, of="the first run")
    guest = slack.joins("Gustav Gast", is_restricted=True, is_admin=True)
    gone = slack.joins("Dora Gone", is_admin=True)
    slack.deactivates(gone)
    await slack.eventually_acked()

    for user in (guest, gone):
        assert "admins and owners" in await answer_to(await slack.types(user, "/usersync resync"))
        opened = await slack.types(user, "/usersync")
        await answer_to(opened)
        assert [] == buttons_of(opened.visible[0])
    assert "guests" in await answer_to(await slack.types(guest, "/usersync open"))
    assert "not active" in await answer_to(await slack.types(gone, "/usersync open"))


async def test_guests_get_a_link_where_the_operator_lets_them_in(
    slack: Simulator, start: Start, settings: Settings
) -> None:
    guest = slack.adds("Gustav Gast", is_restricted=True)
    service: Service = await start(settings.model_copy(update={"guests_may_sign_in": True}))
    await eventually(lambda: service.runs.finished, of="the first run")

    opened = await slack.types(guest, "/usersync open")
    await answer_to(opened)

    assert buttons_of(opened.visible[0])


async def test_where_the_directory_stands_open_guests_get_its_address(slack: Simulator, service: Service) -> None:
    guest = slack.joins("Gustav Gast", is_restricted=True)
    await slack.eventually_acked()

    opened = await slack.types(guest, "/usersync open")
    await answer_to(opened)

    assert buttons_of(opened.visible[0])


async def test_whom_slack_says_to_be_there_the_door_lets_in(slack: Simulator, start: Start, settings: Settings) -> None:
    """The table may have missed that somebody joined, or came back; what Slack says when asked counts for both."""
    came_back = slack.adds("Dora Back")
    service: Service = await start(settings.model_copy(update={"auth": "slack"}))
    await eventually(lambda: service.runs.finished, of="the first run")
    slack.deactivates(came_back)
    await slack.eventually_acked()
    slack.changes(came_back, deleted=False, quietly=True)
    later = lambda answer: {**answer, "user": {**answer["user"], "updated": answer["user"]["updated"] + 5}}  # noqa: E731
    slack.faults.fail("users.info", alter=later, times=1)  # as if it had been a few seconds afterwards
    joined = slack.adds("Nora New")

    for user in (came_back, joined):
        opened = await slack.types(user, "/usersync open")
        await answer_to(opened)
        link = buttons_of(opened.visible[0])[0]["url"]
        async with Visitor(service.url) as visitor:
            assert 303 == (await visitor.signs_in(link)).status_code
            assert 200 == (await visitor.get("/")).status_code


@pytest.mark.parametrize("typed", ["ReSync", "   resync   ", "RESYNC\u00a0", "resync --confirm", "Confirm"])
async def test_case_and_blanks_do_not_matter(slack: Simulator, ada: PretendUser, service: Service, typed: str) -> None:
    assert "Done." in await answer_to(await slack.types(ada, f"/usersync {typed}"), *ENDED)


@pytest.mark.parametrize("typed", ["frob", "<@U0000001|ada>", "<!channel> & *all*", "x" * 3_500, "`a`"])
async def test_an_unknown_word_is_named_and_answered_with_help(
    slack: Simulator, ada: PretendUser, service: Service, typed: str
) -> None:
    runs = len(slack.calls("users.list"))

    asked = await slack.types(ada, f"/usersync {typed}")
    told = await answer_to(asked)

    assert "I do not know" in told
    assert "/usersync status" in told
    assert "<" not in told
    assert all(len(block["text"]["text"]) <= 3_000 for block in asked.visible[0]["blocks"])
    assert runs == len(slack.calls("users.list"))


async def test_the_status_tells_how_fresh_how_many_and_how_the_last_run_went(
    slack: Simulator, grace: PretendUser, service: Service
) -> None:
    await slack.connected(2)
    await eventually(lambda: service.status().sockets == 2)
    slack.sends({"type": "user_change", "user": {"id": 5}})
    await slack.eventually_acked()

    told = await answer_to(await slack.types(grace, "/usersync status"))

    for words in (
        "2 of 2 connections",
        "last heard",
        "1 person",
        "The last",
        "came to its end",
        "1 unreadable event:",
        "Everybody is read again in about",
        "usersync",
    ):
        assert words in told
    assert "Grace" not in told


async def test_the_status_tells_trouble_and_what_can_be_done(
    slack: Simulator, grace: PretendUser, service: Service
) -> None:
    await slack.connected(2)
    slack.scopes.discard("users:read")
    service.runs.want("a test")
    await eventually(lambda: service.runs.trouble, within_s=40, of="the trouble")

    told = await answer_to(await slack.types(grace, "/usersync status"))

    assert "lacks the permission users:read" in told
    assert 1 == told.count("lacks the permission users:read")


async def test_a_second_resync_joins_the_one_under_way_and_hears_its_end(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    other = slack.joins("Katherine Johnson", is_owner=True)
    await slack.eventually_acked()
    slack.faults.fail("users.list", slow_seconds=1)
    first = await slack.types(ada, "/usersync resync")
    await answer_to(first, "Reading people")
    calls = len(slack.calls("users.list"))

    second = await slack.types(other, "/usersync resync")
    told = await answer_to(second, "already under way")

    assert f"<@{ada.id}>" in told
    assert "Done." in await answer_to(first, *ENDED)
    assert "Done." in await answer_to(second, *ENDED)
    assert len(slack.calls("users.list")) <= calls + 1


async def test_the_status_shows_a_run_under_way(slack: Simulator, ada: PretendUser, service: Service) -> None:
    slack.faults.fail("users.list", slow_seconds=1)
    asked = await slack.types(ada, "/usersync resync")
    await eventually(lambda: service.runs.progress, of="a run under way")

    assert "A resync is under way" in await answer_to(await slack.types(ada, "/usersync status"))
    await answer_to(asked, "Done.")


@pytest.mark.runs_on("sqlite", because="on a server the other process would have to say so in its row")
async def test_a_run_of_another_process_is_told(slack: Simulator, ada: PretendUser, service: Service) -> None:
    other = await Store.open(service._settings.database_url.get_secret_value())
    try:
        with other.run_lock(slack.team_id):
            told = await answer_to(await slack.types(ada, "/usersync resync"), "Another usersync", *ENDED)
    finally:
        await other.close()

    assert "Another usersync" in told
    assert "no second resync" in told


async def test_a_held_run_says_how_to_confirm_and_only_the_confirmed_one_marks(database_url: str) -> None:
    ahead_s = 0.0
    async with Simulator(clock=lambda: time.time() + ahead_s) as slack:
        ada = slack.adds("Ada Lovelace", is_admin=True)
        crowd = [slack.adds(f"Temp {number}") for number in range(60)]
        async with Service(settings_for(slack, database_url), pace=QUICK) as service:
            await eventually(lambda: service.runs.finished, of="the first run")
            for user in crowd:
                slack.removes(user)

            ahead_s = 60
            held = await answer_to(await slack.types(ada, "/usersync resync"), *ENDED)
            confirmed = await slack.types(ada, "/usersync confirm")
            done = await answer_to(confirmed, *ENDED)

    assert "The run was held: " in held
    assert "/usersync confirm" in held
    assert "nobody was marked" in held
    assert "Confirmed" in words_of(confirmed.messages[0])
    assert "Done." in done
    assert "60 people are no longer listed" in done


async def test_a_confirmation_of_nothing_says_so_and_reads_all_the_same(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    asked = await slack.types(ada, "/usersync confirm")

    assert "Done." in await answer_to(asked, *ENDED)
    assert "nothing to confirm" in words_of(asked.messages[0])


async def test_a_confirmation_waits_for_no_run_that_was_not_confirmed(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    slack.faults.fail("users.list", slow_seconds=1)
    first = await slack.types(ada, "/usersync resync")
    await eventually(lambda: service.runs.progress, of="a run under way")

    told = await answer_to(await slack.types(ada, "/usersync confirm"))

    assert "cannot be confirmed in the middle" in told
    await answer_to(first, "Done.")


async def test_an_unknown_workspace_is_acked_and_answered_in_words(slack: Simulator, service: Service) -> None:
    other = slack.installs(team_id="T0OTHER001", team_name="Other", bot_token="xoxb-other")
    stranger = other.adds("Nobody", is_admin=True)

    for word in ("", "resync", "status", "open"):
        assert "does not know this workspace" in await answer_to(await other.types(stranger, f"/usersync {word}"))


async def test_thirty_commands_and_hundreds_of_events_at_once_are_all_acked_in_time(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    await slack.connected(2)
    for number in range(300):
        slack.joins(f"Temp {number}")

    asked = await asyncio.gather(*(slack.types(ada, f"/usersync {ALL_WORDS[n % len(ALL_WORDS)]}") for n in range(30)))
    await slack.eventually_acked(timeout=60)

    assert [None] * 30 == [each.error for each in asked]
    for each in asked:
        await eventually(lambda each=each: seen(each), within_s=40, of="an answer")
    await eventually(lambda: not service.errands.under_way, within_s=40, of="the end of all answers")
    assert not any("Something went wrong" in seen(each) for each in asked)


async def test_open_gives_a_link_that_signs_exactly_this_person_in(
    slack: Simulator, grace: PretendUser, settings: Settings, start: Start
) -> None:
    service: Service = await start(settings.model_copy(update={"auth": "slack"}))
    await eventually(lambda: service.runs.finished, of="the first run")

    asked = await slack.types(grace, "/usersync open")
    await answer_to(asked)

    (button,) = buttons_of(asked.visible[0])
    assert "once" in str(asked.visible[0]["blocks"][-1])
    visitor = Visitor(service.url)
    assert 401 == (await visitor.get("/")).status_code
    question = (await visitor.opens(button["url"])).text
    assert "Sign in as " in question
    assert "Grace Hopper" in question
    assert 303 == (await visitor.signs_in(button["url"])).status_code
    assert "Grace Hopper" in (await visitor.get("/")).text
    assert 410 == (await visitor.opens(button["url"])).status_code
