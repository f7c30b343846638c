"""The Home while something is away: blocks refused, Slack down or slow, no database; nobody else is hurt by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.service import Service
from bot.simulator import Simulator
from bot.simulator.crowd import PretendUser
from tests.support.away import database_away
from tests.support.homes import Home
from tests.support.locks import held
from tests.support.waiting import eventually
from tests.support.words import answer_to

Start = Callable[..., Any]

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def ada(slack: Simulator) -> PretendUser:
    """An admin, known before the first run."""
    return slack.adds("Ada Lovelace", is_admin=True)


@pytest.fixture
def grace(slack: Simulator) -> PretendUser:
    """Nobody's admin, known before the first run."""
    return slack.adds("Grace Hopper")


@pytest.fixture
async def service(slack: Simulator, start: Start, ada: PretendUser, grace: PretendUser) -> Service:
    """The whole service, everybody read, with pictures of the pretend Slack, and somebody new."""
    running: Service = await start(image_sources=(slack.url,))
    await eventually(lambda: running.runs.finished and running.status().sockets == 2, within_s=40, of="the first walk")
    slack.joins("Nora New", face=4)
    await slack.eventually_acked()
    return running


@pytest.fixture
def home(slack: Simulator, ada: PretendUser, service: Service) -> Home:
    return Home(slack, ada)


async def calm(service: Service) -> None:
    await eventually(lambda: not service.errands.under_way, within_s=20, of="the end of all errands")


async def test_a_refused_table_costs_the_table_and_is_not_tried_every_time(
    slack: Simulator, grace: PretendUser, service: Service, home: Home
) -> None:
    slack.refuses_blocks("data_table")
    told = await home.open("Nora New")

    assert 2 == home.publications
    assert {"data_table", "image"} & home.types == set()
    assert "*Done* · First, just now" in told
    assert "resync" in home.actions
    await home.open()
    assert 3 == home.publications, "the rich one was not tried again"
    theirs = Home(slack, grace)
    await theirs.open()
    assert (1, True) == (theirs.publications, "image" in theirs.types), "nobody else lost a face for it"


async def test_refused_pictures_cost_the_pictures(slack: Simulator, grace: PretendUser, service: Service) -> None:
    slack.refuses_blocks("image")
    home = Home(slack, grace)
    await home.open("Nora New")

    assert "image" not in home.types
    assert ["search_home", "open_directory"] == home.actions


@pytest.mark.parametrize("refused", ["input", "actions", "header", "context", "divider"])
async def test_sections_are_enough_where_slack_takes_nothing_else(
    slack: Simulator, service: Service, home: Home, refused: str
) -> None:
    slack.refuses_blocks(refused)
    told = await home.open("Nora New", "Following changes")

    assert {"section", "mrkdwn", "home"} >= home.types
    assert "`/usersync find`" in told
    assert "`/usersync help`" in told
    assert "|Open the directory>" in told
    assert 3 == home.publications


@pytest.mark.parametrize("word", ["invalid_arguments", "view_too_large"])
async def test_other_words_for_too_much_are_understood(
    slack: Simulator, service: Service, home: Home, word: str
) -> None:
    slack.faults.fail("views.publish", error=word)
    await home.open("Nora New")

    assert "data_table" not in home.types


async def test_what_slack_refuses_however_plain_is_not_remembered_as_too_rich(
    slack: Simulator, service: Service, home: Home
) -> None:
    slack.faults.fail("views.publish", error="invalid_arguments", times=3)
    slack.opens_home(home.user)
    await eventually(lambda: home.publications == 3, of="three tries")
    await calm(service)
    await home.open("Nora New")

    assert 4 == home.publications
    assert "data_table" in home.types


@pytest.mark.parametrize(
    "trouble",
    [{"error": "hash_conflict"}, {"http_status": 503}, {"drop": True}, {"html": True}, {"truncated": True}],
    ids=str,
)
async def test_what_may_pass_is_tried_once_more(
    slack: Simulator, service: Service, home: Home, trouble: dict[str, Any]
) -> None:
    slack.faults.fail("views.publish", **trouble)
    await home.open("Nora New")

    await eventually(lambda: home.publications == 2, of="a second try")
    await calm(service)
    assert 2 == home.publications
    assert "data_table" in home.types


@pytest.mark.parametrize(
    ("trouble", "calls", "said"),
    [
        ({"error": "not_enabled"}, 1, "switch the Home tab on"),
        ({"error": "missing_scope"}, 1, "install the app again"),
        ({"error": "user_not_found"}, 1, "user_not_found"),
        ({"ratelimited": 90}, 1, "for 90 s"),
        ({"http_status": 500}, 2, "internal_error"),
        ({"error": "hash_conflict"}, 2, "hash_conflict"),
        ({"drop": True}, 2, "the connection broke"),
    ],
    ids=str,
)
async def test_a_home_that_slack_does_not_take_is_told_in_the_log_and_hurts_nobody_else(
    slack: Simulator,
    grace: PretendUser,
    service: Service,
    home: Home,
    capsys: pytest.CaptureFixture[str],
    trouble: dict[str, Any],
    calls: int,
    said: str,
) -> None:
    slack.faults.fail("views.publish", times=None, **trouble)
    slack.opens_home(home.user)
    await slack.eventually_acked()
    await eventually(lambda: home.publications == calls, of="the tries")
    await calm(service)
    told = capsys.readouterr().out

    assert "a Home could not be published" in told
    assert said in told
    assert "Traceback" not in told
    assert "Lovelace" not in told
    assert {} == home.view
    assert "Following changes" in await answer_to(await slack.types(grace, "/usersync status"))
    slack.faults.clear()
    await home.open("Nora New")
    assert calls + 1 == home.publications


async def test_where_slack_asks_to_wait_the_home_comes_all_the_same(
    slack: Simulator, service: Service, home: Home
) -> None:
    slack.faults.fail("views.publish", ratelimited=2)
    await home.open("Nora New")

    assert 2 == home.publications


async def test_while_slack_is_slow_others_get_their_homes(
    slack: Simulator, grace: PretendUser, service: Service, home: Home
) -> None:
    slack.faults.fail("views.publish", slow_seconds=8)
    slack.opens_home(home.user)
    await eventually(lambda: home.publications, of="the slow one under way")
    theirs = Home(slack, grace)
    await theirs.open("Nora New", within_s=5)

    await eventually(lambda: service.errands.under_way == 1, within_s=2, of="the slow one alone still under way")


async def test_who_opens_it_again_and_again_waits_for_one_publication(
    slack: Simulator, service: Service, home: Home
) -> None:
    slack.faults.fail("views.publish", slow_seconds=2)
    for _ in range(20):
        slack.opens_home(home.user)
    await slack.eventually_acked()
    await calm(service)

    assert 2 == home.publications, "the one under way, and one for all the rest"


async def test_of_two_presses_the_later_one_is_what_stands_there(
    slack: Simulator, service: Service, home: Home
) -> None:
    await home.open("Nora New")
    slack.faults.fail("views.publish", http_status=503, slow_seconds=2)
    await home.only_press("refresh_home")
    await eventually(lambda: home.publications == 2, of="the earlier one under way, which takes a second try")
    await slack.presses(home.user, "search_home", view=home.view, type="plain_text_input", value="zzz")
    await calm(service)

    assert "Nobody matches “zzz”" in home.words


async def test_presses_while_slack_hangs_wait_for_one_publication_and_lose_no_note(
    slack: Simulator, grace: PretendUser, service: Service
) -> None:
    home = Home(slack, grace)
    await home.open()
    slack.faults.fail("views.publish", slow_seconds=8)
    slack.opens_home(grace)
    await eventually(lambda: home.publications == 2, of="the slow one under way")
    for action_id in ("refresh_home", "resync", "drop_letter") * 10:
        await slack.presses(grace, action_id, view=home.view, value="1")
    await slack.presses(grace, "search_home", view=home.view, type="plain_text_input", value="zzz")
    await eventually(lambda: service.errands.under_way == 2, of="the slow one, and one that waits")
    await calm(service)

    assert 3 == home.publications, "the first, the slow one, and one for all the rest"
    assert "Nobody matches “zzz”" in home.words
    assert 1 == home.words.count("so nothing was started")
    assert 1 == home.words.count("so nothing was done")


async def test_while_the_database_is_away_it_says_so_and_shows_what_memory_knows(
    slack: Simulator, grace: PretendUser, service: Service, home: Home, database_url: str
) -> None:
    async with database_away(service, database_url):
        told = await home.open("The database")
        assert "Nobody can be looked for or shown right now" in told
        assert "Everybody was last read" in told
        assert "Nora" not in told
        assert [] == home.actions
        theirs = Home(slack, grace)
        assert "Everybody was last read" not in await theirs.open("Nobody can be looked for")


async def test_while_the_database_and_slacks_word_are_away_nobody_is_told_who_they_are(
    slack: Simulator, service: Service, home: Home, database_url: str
) -> None:
    slack.faults.fail("users.info", http_status=500, times=None)
    async with database_away(service, database_url):
        told = await home.open("Who you are in this workspace cannot be told right now")
        assert "Everybody was last read" in told
        assert [] == home.actions


async def test_presses_while_the_database_is_away_say_what_was_not_done(
    slack: Simulator, service: Service, home: Home, database_url: str
) -> None:
    await home.open()
    view = home.view
    async with database_away(service, database_url):
        for action_id, value, said in (
            ("search_home", "nora", "Nobody can be looked for"),
            ("drop_letter", "1", "may not have been done"),
            ("confirm_run", "1", "Nothing was done."),
            ("resync", "", "*The resync was cut short.*"),
        ):
            await slack.presses(home.user, action_id, view=view, value=value)
            await home.reads(said, within_s=20)


async def test_while_the_database_is_locked_a_home_only_reads(
    slack: Simulator, service: Service, home: Home, database_url: str
) -> None:
    async with held(database_url):
        await home.open("Nora New")


async def test_a_press_of_an_odd_shape_is_acked_and_ends_nothing(slack: Simulator, service: Service) -> None:
    odd: list[dict[str, Any]] = [
        {"container": {"type": "view"}, "view": {"type": "home"}, "actions": [{"action_id": "resync"}]},
        {"container": [], "view": 5, "actions": [{"action_id": "search_home", "value": {"a": 1}}], "user": {"id": 7}},
        {"container": {"type": "view"}, "view": {"type": "home"}, "actions": [{"action_id": "search_home"}], "team": 1},
        {"container": {"type": "view"}, "view": {"type": "modal"}, "actions": [{"action_id": "open_in_modal"}]},
    ]
    for payload in odd:
        envelope = slack._wire.outbox.post("interactive", {"type": "block_actions", **payload})
        await eventually(lambda envelope=envelope: envelope.is_settled, of="the ack")  # type: ignore[misc]
        assert [] != envelope.acks
    await calm(service)

    assert not service.failed.done()
    assert {} == slack.board.homes
