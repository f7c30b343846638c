"""`/usersync find`: whom the directory's search finds, told in Slack to one person, within what they may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.simulator.crowd import PretendUser
from db.visibility import Audience
from tests.support.away import take_database_away
from tests.support.waiting import eventually
from tests.support.words import answer_to, buttons_of

Start = Callable[..., Any]
PUBLIC = "https://people.example.org"


@pytest.fixture
def grace(slack: Simulator) -> PretendUser:
    """Nobody's admin, who asks."""
    return slack.adds("Grace Hopper")


@pytest.fixture
async def opened(slack: Simulator, grace: PretendUser, settings: Settings, start: Start) -> Service:
    """A service that others reach, with people to be found."""
    slack.adds("Katarzyna Nowak", title="Data analyst", tz="Europe/Warsaw")
    slack.adds("Kate Nowak", is_restricted=True)
    slack.adds("Old Nowakowski", deleted=True)
    slack.adds("<!channel> *Boom*\n> quoted", title="<@U1> & <https://evil.example|Kate>")
    for number in range(7):
        slack.adds(f"Temp Helper {number}")
    service: Service = await start(settings.model_copy(update={"public_url": PUBLIC}))
    await eventually(lambda: service.runs.finished, of="the first run")
    return service


async def find(slack: Simulator, user: PretendUser, text: str) -> str:
    return await answer_to(await slack.types(user, f"/usersync find {text}"))


async def test_people_are_shown_with_what_tells_them_from_others(
    slack: Simulator, grace: PretendUser, opened: Service
) -> None:
    asked = await slack.types(grace, "/usersync find  nowak ")
    told = await answer_to(asked)

    katarzyna, kate = (id_of(slack, name) for name in ("Katarzyna Nowak", "Kate Nowak"))
    assert "2 people for “nowak”:" in told
    assert f"*<{PUBLIC}/users/{slack.team_id}/{katarzyna}|Katarzyna Nowak>*\nData analyst · " in told
    assert " there · <@" in told
    assert f"{kate}|Kate Nowak>* · _guest_" in told
    assert told.index("Katarzyna") < told.index("Kate Nowak")
    assert "Nowakowski" not in told
    (button,) = buttons_of(asked.visible[0])
    assert f"{PUBLIC}/?q=nowak" == button["url"]
    assert "ephemeral" == asked.messages[0]["response_type"]


async def test_five_are_shown_and_the_rest_is_counted(slack: Simulator, grace: PretendUser, opened: Service) -> None:
    told = await find(slack, grace, "temp")

    assert "7 people" in told
    assert 5 == told.count("Temp Helper")
    assert "2 more are not shown here." in told


async def test_a_slip_is_forgiven(slack: Simulator, grace: PretendUser, opened: Service) -> None:
    told = await find(slack, grace, "katarzyan")

    assert "Nobody matches “katarzyan”. Did you mean “Katarzyna”? 1 person:" in told
    assert "Katarzyna Nowak" in told


@pytest.mark.parametrize("other", [{"is_bot": True}, {"deleted": True}])
async def test_who_is_called_just_so_comes_before_who_is_called_nearly_so(
    slack: Simulator, grace: PretendUser, settings: Settings, start: Start, other: dict[str, bool]
) -> None:
    slack.adds("Robo Lux", **other)
    slack.adds("Robert Quill")
    service: Service = await start(settings.model_copy(update={"public_url": PUBLIC}))
    await eventually(lambda: service.runs.finished, of="the first run")

    asked = await slack.types(grace, "/usersync find robo")
    told = await answer_to(asked)

    assert "No active member or guest matches “robo”. To find “Robert”, search for that. 1 person among" in told
    assert "Robo Lux" in told
    assert "Robert Quill" not in told
    assert "kind=bot" in buttons_of(asked.visible[0])[0]["url"]


async def test_who_has_left_is_found_where_nobody_else_is(
    slack: Simulator, grace: PretendUser, opened: Service
) -> None:
    asked = await slack.types(grace, "/usersync find nowakowski")
    told = await answer_to(asked)

    assert "No active member or guest matches" in told
    assert "Old Nowakowski>* · _deactivated_" in told
    assert "state=deactivated" in buttons_of(asked.visible[0])[0]["url"]


@pytest.mark.parametrize("text", ["zzzzzz", "🌵", "<!nobody>", "x" * 500])
async def test_nobody_is_said_in_words(slack: Simulator, grace: PretendUser, opened: Service, text: str) -> None:
    told = await find(slack, grace, text)

    assert "Nobody matches" in told
    assert "/usersync open" in told
    assert "<" not in told


async def test_without_words_it_asks_for_some(slack: Simulator, grace: PretendUser, opened: Service) -> None:
    assert "Whom are you looking for?" in await find(slack, grace, "")


async def test_nobody_calls_others_by_their_name(slack: Simulator, grace: PretendUser, opened: Service) -> None:
    told = await find(slack, grace, "boom")

    assert "&lt;!channel&gt; Boom &gt; quoted" in told
    assert "&lt;@U1&gt; &amp; &lt;https://evil.example|Kate&gt;" in told


async def test_somebody_mentioned_is_shown(slack: Simulator, grace: PretendUser, opened: Service) -> None:
    katarzyna = id_of(slack, "Katarzyna Nowak")

    assert "Data analyst" in await find(slack, grace, f"<@{katarzyna}|kate>")
    assert "Nobody matches" in await find(slack, grace, "<@U0NOBODY99>")


async def test_what_is_hidden_is_neither_shown_nor_searched(
    slack: Simulator, grace: PretendUser, settings: Settings, start: Start
) -> None:
    ada = slack.adds("Ada Lovelace", is_admin=True)
    slack.adds("Katarzyna Nowak", title="Analyst", tz="Europe/Warsaw")
    hidden = {"title": Audience.ADMINS, "tz": Audience.ADMINS}
    service: Service = await start(settings.model_copy(update={"visibility": hidden}))
    await eventually(lambda: service.runs.finished, of="the first run")

    seen = await find(slack, grace, "nowak")

    assert "Katarzyna" in seen
    assert "Analyst" not in seen
    assert " there" not in seen
    assert "Nobody matches" in await find(slack, grace, "analyst")
    assert "Katarzyna" in await find(slack, ada, "analyst")


async def test_guests_find_nobody_where_the_door_would_refuse_them(
    slack: Simulator, settings: Settings, start: Start
) -> None:
    guest = slack.adds("Gustav Gast", is_restricted=True)
    service: Service = await start(settings.model_copy(update={"auth": "slack"}))
    await eventually(lambda: service.runs.finished, of="the first run")

    told = await find(slack, guest, "gustav")

    assert "not open to guests" in told
    assert "Gustav" not in told


async def test_without_a_public_address_there_are_no_links(
    slack: Simulator, grace: PretendUser, service: Service
) -> None:
    asked = await slack.types(grace, "/usersync find hopper")

    assert "*Grace Hopper*" in await answer_to(asked)
    assert [] == buttons_of(asked.visible[0])


async def test_while_the_database_is_away_it_says_so(
    slack: Simulator, grace: PretendUser, opened: Service, database_url: str
) -> None:
    await opened.store.close()
    give_back = await take_database_away(database_url)
    try:
        assert "People cannot be looked for right now." in await find(slack, grace, "nowak")
    finally:
        await give_back()


def id_of(slack: Simulator, name: str) -> str:
    return next(str(user["id"]) for user in slack.users() if user["real_name"] == name)
