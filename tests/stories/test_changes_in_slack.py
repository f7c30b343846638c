"""`/usersync changes`: who joined, left and moved lately, told to one person, within what they may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from bot.simulator.crowd import PretendUser
from db.visibility import Audience
from tests.support.away import database_away
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
    """A service that others reach."""
    service: Service = await start(settings.model_copy(update={"public_url": PUBLIC}))
    await eventually(lambda: service.runs.finished, of="the first run")
    return service


async def news(slack: Simulator, user: PretendUser, span: str = "") -> str:
    return await answer_to(await slack.types(user, f"/usersync changes {span}"))


async def test_who_joined_left_and_moved_is_told_with_a_way_to_the_rest(
    slack: Simulator, grace: PretendUser, opened: Service
) -> None:
    mover, leaver = slack.joins("Mary Mover", title="Analyst"), slack.joins("Leo Leaver")
    await slack.eventually_acked()
    slack.changes(mover, title="Head of Data")
    slack.deactivates(leaver)
    for number in range(7):
        slack.joins(f"New Comer {number}", title="Trainee")
    await slack.eventually_acked()

    asked = await slack.types(grace, "/usersync changes")
    told = await answer_to(asked)

    assert "What is new in the last 7 days:" in told
    assert "*8 people joined*" in told
    assert f"• *<{PUBLIC}/users/{slack.team_id}/" in told
    assert "|New Comer 6>* · Trainee · " in told
    assert "and 3 more" in told
    assert "*1 person moved*" in told
    assert "|Mary Mover>* · “Analyst” → “Head of Data” · " in told
    assert "*1 person left*" in told
    assert "Leo Leaver" in told
    (button,) = buttons_of(asked.visible[0])
    assert (f"{PUBLIC}/whats-new", "What's new") == (button["url"], button["text"]["text"])


async def test_nobody_is_said_in_words(slack: Simulator, grace: PretendUser, service: Service) -> None:
    asked = await slack.types(grace, "/usersync changes 24h")

    assert "Nobody joined, left or moved in the last 24 hours" in await answer_to(asked)
    assert [] == buttons_of(asked.visible[0])


@pytest.mark.parametrize("span", ["0d", "soon", "91d", "14w", "-1d", "7 moons", "9999999d", "1e3", "<@U1>", "`7d`"])
async def test_what_is_no_span_gets_a_sentence_that_says_what_can_be_typed(
    slack: Simulator, grace: PretendUser, service: Service, span: str
) -> None:
    told = await news(slack, grace, span)

    assert "I cannot look back" in told
    assert "/usersync changes 7d" in told
    assert "<" not in told


async def test_nobody_calls_others_by_their_name(slack: Simulator, grace: PretendUser, service: Service) -> None:
    joined = slack.joins("<!channel> *Boom*\n> quoted", title="<@U1> & <https://evil.example|Kate>")
    await slack.eventually_acked()
    slack.changes(joined, title="<!here>")
    await slack.eventually_acked()

    told = await news(slack, grace)

    assert "&lt;!channel&gt; Boom &gt; quoted" in told
    assert "“&lt;@U1&gt; &amp; &lt;https://evil.example|Kate&gt;” → “&lt;!here&gt;”" in told
    assert "<" not in told


async def test_what_is_hidden_is_not_told(
    slack: Simulator, grace: PretendUser, settings: Settings, start: Start
) -> None:
    ada = slack.adds("Ada Lovelace", is_admin=True)
    service: Service = await start(settings.model_copy(update={"visibility": {"title": Audience.ADMINS}}))
    await eventually(lambda: service.runs.finished, of="the first run")
    mover = slack.joins("Mary Mover", title="Analyst")
    await slack.eventually_acked()
    slack.changes(mover, title="Head of Data")
    await slack.eventually_acked()

    seen = await news(slack, grace)

    assert "Mary Mover" in seen
    assert "moved" not in seen
    assert "Head of Data" not in seen
    assert "“Analyst” → “Head of Data”" in await news(slack, ada)


async def test_guests_are_told_nothing_where_the_door_would_refuse_them(
    slack: Simulator, settings: Settings, start: Start
) -> None:
    guest = slack.adds("Gustav Gast", is_restricted=True)
    service: Service = await start(settings.model_copy(update={"auth": "slack"}))
    await eventually(lambda: service.runs.finished, of="the first run")
    slack.joins("Nora New")
    await slack.eventually_acked()

    told = await news(slack, guest)

    assert "not open to guests" in told
    assert "Nora" not in told


async def test_while_the_database_is_away_it_says_so(
    slack: Simulator, grace: PretendUser, service: Service, database_url: str
) -> None:
    async with database_away(service, database_url):
        assert "cannot be told right now" in await news(slack, grace)


async def test_slack_being_down_costs_nothing_that_the_table_knows(
    slack: Simulator, grace: PretendUser, service: Service
) -> None:
    slack.joins("Nora New")
    await slack.eventually_acked()
    slack.faults.fail("users.info", http_status=503, times=None)

    assert "Nora New" in await news(slack, grace)
