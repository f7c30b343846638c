"""The Home tab: for everybody a search, who is new and the way into the directory, within what they may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.simulator.crowd import PretendUser
from db.visibility import Audience
from tests.stories.test_a_change_in_slack import find
from tests.support.block_kit import check_message, check_view
from tests.support.homes import Home
from tests.support.waiting import eventually
from tests.support.words import buttons_of

Start = Callable[..., Any]
PUBLIC = "https://people.example.org"
HOSTILE = "<!channel> *Boom* <https://evil.example|x> \u202eevil"


@pytest.fixture
def grace(slack: Simulator) -> PretendUser:
    """Nobody's admin, known before the first run."""
    return slack.adds("Grace Hopper")


@pytest.fixture
def home(slack: Simulator, grace: PretendUser) -> Home:
    return Home(slack, grace)


@pytest.fixture
async def opened(slack: Simulator, grace: PretendUser, settings: Settings, start: Start) -> Service:
    """A service that others reach, with people to be found, and pictures of the pretend Slack."""
    slack.adds("Katarzyna Nowak", title="Data analyst", tz="Europe/Warsaw", face=3)
    slack.adds("Kate Nowak", is_restricted=True)
    for number in range(7):
        slack.adds(f"Temp Helper {number}")
    public = settings.model_copy(update={"public_url": PUBLIC})
    service: Service = await start(public, image_sources=(slack.url,))
    await eventually(lambda: service.runs.finished, within_s=40, of="the first run")
    return service


async def test_everybody_has_a_search_who_is_new_and_the_way_into_the_directory(
    slack: Simulator, home: Home, opened: Service
) -> None:
    told = await home.open()

    assert "People of Meridian" in told
    assert ["search_home", "open_directory"] == home.actions
    assert f"{PUBLIC}/" == home.control("open_directory")["url"]
    assert "Who’s new" in told
    assert "Nobody joined in the last 30 days" in told, "whom the first run found is not new"
    assert "As of <!date^" in told
    assert "How the directory runs" not in told
    assert "Following changes" not in told


async def test_who_joined_is_shown_newest_first_and_the_rest_is_counted(
    slack: Simulator, home: Home, opened: Service
) -> None:
    for number in range(7):
        slack.joins(f"Newcomer {number}", title="Trainee", face=number)
        await slack.eventually_acked()
    gone = slack.joins("Gone Again")
    await slack.eventually_acked()
    slack.deactivates(gone)
    await slack.eventually_acked()

    told = await home.open("Newcomer 6")

    assert 5 == told.count("Newcomer ")
    assert "Gone Again" not in told
    assert "Trainee · joined just now" in told
    assert f"and 2 more in the last 30 days. <{PUBLIC}/whats-new|" in told
    assert f"|Newcomer 6>*\nTrainee · joined just now · <@{id_of(slack, 'Newcomer 6')}>" in told
    assert told.index("Newcomer 6") < told.index("Newcomer 2")
    faces = [each["accessory"] for each in home.view["blocks"] if "accessory" in each]
    assert [f"Newcomer {number}" for number in (6, 5, 4, 3, 2)] == [each["alt_text"] for each in faces]
    assert all(each["image_url"].startswith(slack.url) for each in faces)


async def test_a_search_is_answered_beneath_the_box_which_keeps_what_was_typed(
    slack: Simulator, home: Home, opened: Service
) -> None:
    await home.open()
    told = await home.search("  nowak ")

    assert "nowak" == home.control("search_home")["initial_value"]
    assert "2 people for “nowak”:" in told
    katarzyna = id_of(slack, "Katarzyna Nowak")
    assert f"*<{PUBLIC}/users/{slack.team_id}/{katarzyna}|Katarzyna Nowak>*\nData analyst · " in told
    assert f"{PUBLIC}/?q=nowak" == home.control("open_found")["url"]
    assert "image" in home.types
    assert "1 person for “kate”" in await home.search("kate")
    assert "“" not in await home.search(None), "an empty box is an empty answer"
    assert "initial_value" not in home.control("search_home")


async def test_another_text_is_another_box_since_slack_keeps_what_is_in_one_that_stays(
    slack: Simulator, home: Home, opened: Service
) -> None:
    await home.open()
    empty = box_of(home)
    await home.search("kate")
    found = box_of(home)
    await home.open()

    assert empty != found
    assert empty == box_of(home)
    assert "Kate" not in home.words, "who opens it anew begins anew"


async def test_five_are_shown_a_slip_is_forgiven_and_nobody_is_said_kindly(
    slack: Simulator, home: Home, opened: Service
) -> None:
    await home.open()

    many = await home.search("temp")
    assert (5, True) == (many.count("Temp Helper"), "2 more are not shown here." in many)
    assert "Did you mean “Katarzyna”? 1 person:" in await home.search("katarzyan")
    assert "Nobody matches “zzzzzz”" in await home.search("zzzzzz")


@pytest.mark.parametrize("typed", ["x" * 5_000, "<!channel>", "🌵" * 300, "*", "%", '"', "\x00", "a\nb\n" * 50])
async def test_whatever_is_typed_is_answered_and_calls_nobody(
    slack: Simulator, home: Home, opened: Service, typed: str
) -> None:
    await home.open()
    told = await home.search(typed)

    assert "<!channel>" not in told.replace(home.control("search_home").get("initial_value", "-"), "")
    assert len(home.control("search_home").get("initial_value", "")) <= 200


async def test_names_that_hold_markup_call_nobody_and_lead_nowhere(
    slack: Simulator, home: Home, opened: Service
) -> None:
    slack.joins(HOSTILE, title="<@U1> & `code`")
    slack.joins("x" * 500)
    await slack.eventually_acked()
    await home.open("Boom")
    told = await home.search("boom")

    assert 2 == told.count("&lt;!channel&gt; Boom &lt;https://evil.example|x&gt;")
    assert "<!channel>" not in told
    assert "<https://evil" not in told
    assert "&lt;@U1&gt; &amp; code" in told


async def test_what_is_hidden_from_somebody_is_neither_shown_nor_searched(
    slack: Simulator, grace: PretendUser, settings: Settings, start: Start
) -> None:
    ada = slack.adds("Ada Lovelace", is_admin=True)
    hidden = {"title": Audience.ADMINS, "picture": Audience.ADMINS}
    service: Service = await start(settings.model_copy(update={"visibility": hidden}), image_sources=(slack.url,))
    await eventually(lambda: service.runs.finished, of="the first run")
    slack.joins("Nora New", title="Analyst", face=5)
    await slack.eventually_acked()
    theirs, hers = Home(slack, grace), Home(slack, ada)

    told = await theirs.open("Nora New")
    seen = await hers.open("Nora New")

    assert ("Analyst" in told, "Analyst" in seen) == (False, True)
    assert ("image" in theirs.types, "image" in hers.types) == (False, True)
    assert "Nobody matches" in await theirs.search("analyst")
    assert "Nora New" in await hers.search("analyst")


async def test_faces_come_from_slack_alone_and_not_where_the_operator_wants_none(
    slack: Simulator, grace: PretendUser, settings: Settings, start: Start
) -> None:
    plain: Service = await start(settings.model_copy(update={"avatars": "initials"}), image_sources=(slack.url,))
    await eventually(lambda: plain.runs.finished, of="the first run")
    slack.joins("Nora New", face=5)
    await slack.eventually_acked()
    home = Home(slack, grace)
    await home.open("Nora New")
    assert "image" not in home.types
    await plain.close()
    elsewhere: Service = await start()  # the usual sources do not cover the pretend Slack
    await eventually(lambda: elsewhere.runs.finished, of="the first run")
    await home.open("Nora New")

    assert "image" not in home.types


async def test_the_messages_tab_is_nothing_to_us(slack: Simulator, grace: PretendUser, service: Service) -> None:
    slack.opens_home(grace, tab="messages")
    await slack.eventually_acked()
    await eventually(lambda: not service.errands.under_way, of="the end of all errands")

    assert [] == slack.calls("views.publish")


@pytest.mark.parametrize(
    "event",
    [
        {"user": 5},
        {"user": {"id": "U1"}},
        {"user": None},
        {"user": "<!channel>"},
        {"tab": ["home"]},
        {"view": "none"},
        {"user": "U" * 500},
    ],
    ids=str,
)
async def test_an_event_of_an_odd_shape_is_acked_and_is_no_lost_user(
    slack: Simulator, grace: PretendUser, service: Service, event: dict[str, Any]
) -> None:
    slack.sends({"type": "app_home_opened", "user": grace.id, "tab": "home", "event_ts": "1.0", **event})
    await slack.eventually_acked()
    await eventually(lambda: not service.errands.under_way, of="the end of all errands")

    async with service.store.reading() as rx:
        assert 0 == await rx.dead_letters.count_letters()
    assert 0 == service.handler.received.unasked
    assert service.runs.next_reconcile_in_s > 1


async def test_the_ack_waits_for_nothing(slack: Simulator, grace: PretendUser, service: Service) -> None:
    slack.faults.fail("views.publish", slow_seconds=3)
    event_id = slack.opens_home(grace)
    await slack.eventually_acked(timeout=2)

    assert 1 == slack.deliveries(event_id)
    assert grace.id not in slack.board.homes


async def test_who_is_unknown_or_deactivated_sees_nothing_of_anybody(
    slack: Simulator, grace: PretendUser, service: Service
) -> None:
    slack.joins("Nora New")
    await slack.eventually_acked()
    gone = slack.adds("Gone Girl", deleted=True)
    stranger = slack.adds("Some Stranger")
    slack.removes(stranger)

    for user in (gone, stranger):
        home = Home(slack, user)
        told = await home.open()
        assert "not active in this workspace" in told
        assert "Nora" not in told
        assert [] == home.actions
    assert await find(service, slack, stranger.id) is None


async def test_an_unknown_workspace_is_told_so(slack: Simulator, home: Home, service: Service) -> None:
    authorization = {"team_id": "T0ELSE", "is_bot": True}
    slack.sends(
        {"type": "app_home_opened", "user": home.user.id, "tab": "home"},
        team_id="T0ELSE",
        context_team_id="T0ELSE",
        authorizations=[authorization],
    )

    assert "does not know this workspace yet" in await home.reads("workspace")
    assert [] == home.actions
    press = {"user": {"id": home.user.id}, "team": {"id": "T0ELSE"}, "trigger_id": slack.board.trigger(home.user.id)}
    for action_id in ("open_in_modal", "resync", "search_home", "confirm_run"):
        slack._wire.outbox.post(
            "interactive",
            {
                "type": "block_actions",
                **press,
                "container": {"type": "view"},
                "view": home.view,
                "actions": [{"action_id": action_id, "value": "hopper"}],
            },
        )
    await slack.eventually_acked()
    await eventually(lambda: not service.errands.under_way, of="the end of all errands")
    assert [] == slack.board.modals
    assert service.runs.ticket is None
    assert "does not know this workspace yet" in home.words
    assert "Grace" not in home.words


async def test_guests_see_what_the_door_would_show_them(
    slack: Simulator, grace: PretendUser, settings: Settings, start: Start
) -> None:
    guest = slack.adds("Gustav Gast", is_restricted=True)
    closed: Service = await start(settings.model_copy(update={"auth": "slack"}))
    await eventually(lambda: closed.runs.finished, of="the first run")
    home = Home(slack, guest)
    told = await home.open()
    assert "not open to guests" in told
    assert ("Grace" in told, home.actions) == (False, [])
    await closed.close()
    opened: Service = await start(settings.model_copy(update={"auth": "slack", "guests_may_sign_in": True}))
    await eventually(lambda: opened.runs.finished, of="the first run")
    await home.open("Who’s new")

    assert ["search_home", "open_in_modal"] == home.actions
    assert "Grace Hopper" in await home.search("hopper")


@pytest.fixture
async def behind_a_door(slack: Simulator, grace: PretendUser, settings: Settings, start: Start) -> Service:
    """A service into which people come by links of their own."""
    service: Service = await start(settings.model_copy(update={"auth": "slack"}))
    await eventually(lambda: service.runs.finished, of="the first run")
    return service


async def test_a_personal_link_is_made_when_it_is_asked_for_and_shown_in_a_modal(
    slack: Simulator, home: Home, behind_a_door: Service
) -> None:
    await home.open()
    assert "url" not in home.control("open_in_modal")
    await home.only_press("open_in_modal")
    (view,) = await eventually(lambda: slack.board.modals, of="a modal")

    check_view(view)
    (button,) = buttons_of(view)
    assert "/signin?token=" in button["url"]
    assert "works once, for 10 minutes, and is only for you" in str(view)
    await eventually(lambda: not behind_a_door.errands.under_way, of="the end of the errand")
    assert 1 == home.publications, "the modal says it all"


@pytest.mark.parametrize("trouble", [{"error": "expired_trigger_id"}, {"http_status": 500}, {"drop": True}], ids=str)
async def test_where_no_modal_opens_the_link_comes_as_a_direct_message(
    slack: Simulator, home: Home, behind_a_door: Service, trouble: dict[str, Any]
) -> None:
    await home.open()
    slack.faults.fail("views.open", **trouble)
    told = await home.press("open_in_modal", "sent to you as a direct message")

    (message,) = slack.board.messages[home.user.id]
    check_message(message)
    assert "signin?token=" in buttons_of(message)[0]["url"]
    assert "token=" not in told


async def test_where_neither_is_taken_it_says_what_to_type(
    slack: Simulator, home: Home, behind_a_door: Service
) -> None:
    await home.open()
    slack.scopes.discard("chat:write")
    slack.faults.fail("views.open", error="expired_trigger_id")

    assert "Type `/usersync open`" in await home.press("open_in_modal", "did not show the link")


async def test_where_people_sign_in_with_slack_the_address_is_enough(
    slack: Simulator, home: Home, settings: Settings, start: Start
) -> None:
    offers = {
        "auth": "slack",
        "public_url": PUBLIC,
        "slack_client_id": "1.1",
        "slack_client_secret": SecretStr("s"),
    }
    service: Service = await start(settings.model_copy(update=offers))
    await eventually(lambda: service.runs.finished, of="the first run")
    await home.open()

    assert f"{PUBLIC}/" == home.control("open_directory")["url"]
    assert "open_in_modal" not in home.actions


def box_of(home: Home) -> str:
    return next(str(each["block_id"]) for each in home.view["blocks"] if each["type"] == "input")


def id_of(slack: Simulator, name: str) -> str:
    return next(str(user["id"]) for user in slack.users() if user["real_name"] == name)
