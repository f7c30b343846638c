"""`/usersync` while something is away: the database, Slack's methods, the response URL, or the service itself."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.simulator.crowd import PretendUser
from tests.conftest import QUICK, settings_for
from tests.stories.test_starting import get
from tests.stories.test_the_command import ENDED
from tests.support.away import database_away
from tests.support.html import read
from tests.support.locks import Lock, held
from tests.support.program import running, serve_environment
from tests.support.waiting import eventually
from tests.support.words import answer_to, buttons_of, seen, words_of

Start = Callable[..., Any]


@pytest.fixture
def ada(slack: Simulator) -> PretendUser:
    """An admin, known before the first run."""
    return slack.adds("Ada Lovelace", is_admin=True)


@pytest.fixture
def grace(slack: Simulator) -> PretendUser:
    """Nobody's admin, known before the first run."""
    return slack.adds("Grace Hopper")


@pytest.fixture
async def lock(service: Service, database_url: str) -> AsyncIterator[Lock]:
    """Another process holds the database's write lock, until it rolls back."""
    async with held(database_url) as connection:
        yield connection


@pytest.fixture
async def away(service: Service, database_url: str) -> AsyncIterator[None]:
    """The database is gone."""
    async with database_away(service, database_url):
        yield


@contextlib.asynccontextmanager
async def served(settings: Settings, *, updates_after_s: tuple[float, ...]) -> AsyncIterator[Service]:
    """Run the service with a rhythm of its own."""
    async with Service(settings, pace=replace(QUICK, updates_after_s=updates_after_s)) as service:
        await eventually(lambda: service.runs.finished, within_s=40, of="the first run")
        yield service


def direct_messages(slack: Simulator, user: PretendUser) -> list[str]:
    return [words_of(message) for message in slack.board.messages.get(user.id, [])]


async def test_nobody_is_told_an_end_while_the_database_is_locked(
    slack: Simulator, ada: PretendUser, service: Service, lock: Lock
) -> None:
    asked = await slack.types(ada, "/usersync resync")
    told = await answer_to(asked, *ENDED, within_s=40)

    assert "The resync was cut short." in told
    assert "database" in told
    assert "gone on with by itself" in told
    assert not any("Done." in words_of(message) for message in asked.messages)
    lock.rollback()
    assert "Done." in await answer_to(await slack.types(ada, "/usersync resync"), "Done.", within_s=40)


@pytest.mark.usefixtures("away")
async def test_while_the_database_is_away_every_word_is_answered_in_words(
    slack: Simulator, ada: PretendUser, grace: PretendUser, service: Service
) -> None:
    status = await answer_to(await slack.types(grace, "/usersync status"))
    opened = await slack.types(grace, "/usersync open")
    bare = await slack.types(grace, "/usersync")
    resync = await slack.types(ada, "/usersync resync")

    assert "database cannot be reached" in status
    assert "comes from memory" in status
    assert "Everybody was last read" in status
    for asked in (opened, bare):
        assert "cannot be opened right now" in await answer_to(asked)
        assert [] == buttons_of(asked.visible[0])
        assert service.url not in str(asked.messages)
    assert "The resync was cut short." in await answer_to(resync, *ENDED, within_s=40)
    assert "admins and owners" in await answer_to(await slack.types(grace, "/usersync resync"))


async def test_while_nothing_can_be_written_status_and_page_do_not_look_well(
    slack: Simulator, grace: PretendUser, service: Service, lock: Lock
) -> None:
    """A database that is locked, full or read-only still reads, so reading alone tells nothing."""
    await eventually(lambda: service.status().held_up_since, within_s=40, of="the trouble noticed")

    told = await answer_to(await slack.types(grace, "/usersync status"))
    page = (await get(service.url)).text

    assert "Changes are not taken in" in told
    assert "database" in told
    assert 1 == told.count("no event is acknowledged")
    assert ":large_green_circle:" not in told
    assert "Catching up, as of" in page
    assert "no event is acknowledged" in page
    lock.rollback()
    await eventually(lambda: not service.status().held_up_since, within_s=40, of="its end")
    assert "Catching up, as of" not in read((await get(service.url)).text).one("p", id="dot").text


async def test_a_confirmed_run_that_fails_is_not_promised_to_come_again_by_itself(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    slack.faults.fail("users.list", error="fatal_error", times=None)

    told = await answer_to(await slack.types(ada, "/usersync confirm"), "The resync failed.")

    assert "send `/usersync confirm` again" in told
    assert "tried again by itself" not in told


async def test_a_list_that_fails_is_told_with_its_reason(slack: Simulator, ada: PretendUser, service: Service) -> None:
    slack.faults.fail("users.list", error="internal_error", times=None)

    asked = await slack.types(ada, "/usersync resync")
    told = await answer_to(asked, *ENDED)

    assert "The resync failed." in told
    assert "internal_error" in told
    assert not any("Done." in words_of(message) for message in asked.messages)


@pytest.mark.parametrize("fault", [{"error": "ratelimited"}, {"http_status": 503}, {"html": True}, {"slow_seconds": 9}])
async def test_who_cannot_be_told_apart_is_neither_refused_nor_believed(
    slack: Simulator, grace: PretendUser, service: Service, fault: dict[str, Any]
) -> None:
    runs = len(slack.calls("users.list"))
    slack.faults.fail("users.info", times=None, **fault)

    told = await answer_to(await slack.types(grace, "/usersync resync"), within_s=40)

    assert "cannot be told right now" in told
    assert runs == len(slack.calls("users.list"))


async def test_an_admin_of_the_table_may_confirm_while_slack_cannot_tell_who_it_is(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    slack.faults.fail("users.info", error="internal_error", times=1)

    assert "Done." in await answer_to(await slack.types(ada, "/usersync confirm"), *ENDED, "told")


@pytest.mark.parametrize("fault", [{"http_status": 503}, {"drop": True}, {"ratelimited": 1}])
async def test_an_answer_that_slack_stumbles_over_is_sent_again(
    slack: Simulator, grace: PretendUser, service: Service, fault: dict[str, Any]
) -> None:
    slack.faults.fail("response_url", times=1, **fault)

    assert "/usersync status" in await answer_to(await slack.types(grace, "/usersync help"))
    assert [] == direct_messages(slack, grace)


@pytest.mark.parametrize("fault", [{"http_status": 404}, {"http_status": 500}, {"error": "used_url"}])
async def test_an_answer_that_slack_does_not_take_comes_as_a_direct_message(
    slack: Simulator, ada: PretendUser, service: Service, fault: dict[str, Any]
) -> None:
    slack.faults.fail("response_url", times=None, **fault)

    asked = await slack.types(ada, "/usersync resync")

    assert asked.error is None
    (told,) = await eventually(lambda: direct_messages(slack, ada), within_s=40, of="a direct message")
    assert "Done." in told


async def test_without_the_permission_for_direct_messages_nothing_breaks(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    slack.scopes.discard("chat:write")
    slack.faults.fail("response_url", http_status=404, times=2)

    await slack.types(ada, "/usersync help")
    await eventually(lambda: slack.calls("chat.postMessage"), of="a try")
    await eventually(lambda: not service.errands.under_way, of="its end")
    await slack.types(ada, "/usersync help")
    await eventually(lambda: not service.errands.under_way, of="its end")

    assert "/usersync status" in await answer_to(await slack.types(ada, "/usersync help"))
    assert not service.failed.done()


async def test_a_used_up_response_url_is_followed_by_a_direct_message(
    slack: Simulator, ada: PretendUser, service: Service
) -> None:
    slack.faults.fail("users.list", slow_seconds=2)
    asked = await slack.types(ada, "/usersync resync")
    await answer_to(asked, "Reading people")
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(4):
            await client.post(asked.envelope.payload["response_url"], json={"text": "…", "blocks": []})

    (told,) = await eventually(lambda: direct_messages(slack, ada), within_s=40, of="a direct message")

    assert "Done." in told


async def test_progress_is_told_in_place_and_one_post_is_kept_for_the_end(
    slack: Simulator, ada: PretendUser, settings: Settings
) -> None:
    async with served(settings, updates_after_s=(0.1, 0.2, 0.3, 0.4, 0.5)):
        slack.faults.fail("users.list", slow_seconds=1.5)

        asked = await slack.types(ada, "/usersync resync")
        await answer_to(asked, "Done.")

        assert 5 == len(asked.messages)
        assert 0 == asked.refused_posts
        assert [None, True, True, True, True] == [each.get("replace_original") for each in asked.messages]
        assert 1 == len(asked.visible)
        assert all("Reading people from Slack" in words_of(each) for each in asked.messages[:4])


async def test_an_end_after_half_an_hour_comes_as_a_direct_message(database_url: str) -> None:
    ahead_s = 0.0

    def clock() -> float:
        return time.time() + ahead_s

    async with Simulator(clock=clock) as slack:
        ada = slack.adds("Ada Lovelace", is_admin=True)
        settings = settings_for(slack, database_url)
        async with served(settings, updates_after_s=()):
            slack.faults.fail("users.list", slow_seconds=1)
            asked = await slack.types(ada, "/usersync resync")
            await answer_to(asked, "Reading people")
            ahead_s = 31 * 60

            (told,) = await eventually(lambda: direct_messages(slack, ada), within_s=40, of="a direct message")

    assert "Done." in told


async def test_a_shutdown_in_the_middle_of_a_run_is_told_and_the_next_start_reads_on(
    slack: Simulator, ada: PretendUser, start: Start, service: Service
) -> None:
    slack.faults.fail("users.list", slow_seconds=20)
    asked = await slack.types(ada, "/usersync resync")
    await eventually(lambda: service.runs.progress, of="a run under way")
    await answer_to(asked, "Reading people")

    await service.close()

    assert "being restarted" in seen(asked)
    slack.faults.clear()
    again: Service = await start()
    await eventually(lambda: again.runs.finished, within_s=40, of="a run after the start")
    assert 0 == service.errands.under_way


async def test_a_shutdown_does_not_wait_for_a_response_url_that_hangs(
    slack: Simulator, grace: PretendUser, service: Service
) -> None:
    slack.faults.fail("response_url", slow_seconds=30, http_status=500, times=None)
    await slack.types(grace, "/usersync help")
    assert 1 == service.errands.under_way

    await service.close()

    assert 0 == service.errands.under_way


async def test_a_command_and_a_press_during_the_shutdown_are_acked_with_words_for_nobody_sends_them_again(
    slack: Simulator, grace: PretendUser, service: Service, lock: Lock
) -> None:
    slack.joins("Margaret Hamilton")
    await eventually(lambda: service.handler.received.envelopes, of="an event that cannot be committed")
    closing = asyncio.create_task(service.close())
    await eventually(lambda: service.handler._is_draining, of="the shutdown")

    asked = await slack.types(grace, "/usersync open")
    pressed = await slack.presses(grace, "drop_letter", value="1")
    await closing

    assert "being restarted" in seen(asked)
    assert "being restarted" in seen(pressed)
    assert (None, None) == (asked.error, pressed.error)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"text": None, "team_id": None, "user_id": None, "response_url": None},
        {"text": 5, "team_id": ["T"], "user_id": {"id": "U1"}, "response_url": 7},
        {"text": "resync", "team_id": "T0SIM00001", "user_id": "", "response_url": "not an address"},
        {"text": "help", "team_id": "T0SIM00001", "user_id": "U1", "response_url": "http://127.0.0.1:1/away"},
    ],
    ids=["nothing", "null", "of another shape", "no address", "nobody there"],
)
async def test_a_command_of_an_odd_shape_is_acked_and_ends_nothing(
    slack: Simulator, service: Service, payload: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    envelope = slack._wire.outbox.post("slash_commands", {"command": "/usersync", **payload})
    await eventually(lambda: envelope.is_settled, of="the ack")
    await eventually(lambda: not service.errands.under_way, within_s=40, of="the end of the answer")

    assert [] != envelope.acks
    assert not service.failed.done()
    assert "away" not in caplog.text


async def test_a_signal_in_the_middle_of_a_run_is_told_in_the_message(
    slack: Simulator, database_url: str, tmp_path: Path
) -> None:
    ada = slack.adds("Ada Lovelace", is_admin=True)
    env = serve_environment(slack, database_url)
    async with running("serve", env=env, cwd=tmp_path) as program:
        await eventually(lambda: "following changes" in program.output, within_s=30, of="the first run")
        slack.faults.fail("users.list", slow_seconds=20)
        asked = await slack.types(ada, "/usersync resync")
        await answer_to(asked, "Reading people")

        program.tell(signal.SIGTERM)

        assert 0 == await program.ended()
    assert "being restarted" in seen(asked)
    assert "Ada" not in program.output
    assert "/response/" not in program.output


async def test_what_nobody_expected_is_logged_and_told_and_ends_nothing(
    slack: Simulator, grace: PretendUser, settings: Settings
) -> None:
    is_broken = False

    def clock() -> datetime:
        if is_broken and asyncio.current_task().get_name() == "an answer to a command":
            raise LookupError("nobody expected this")
        return datetime.now(UTC)

    async with Service(settings, pace=QUICK, clock=clock) as service:
        await eventually(lambda: service.runs.finished, within_s=40, of="the first run")
        is_broken = True
        asked = await slack.types(grace, "/usersync status")
        told = await answer_to(asked)
        is_broken = False

        assert "Something went wrong" in told
        assert "Following changes" in await answer_to(await slack.types(grace, "/usersync status"))
        assert not service.failed.done()
