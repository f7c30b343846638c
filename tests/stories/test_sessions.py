"""Sessions: they slide, outlive a change of keys, and end for good, here or everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from tests.conftest import QUICK, settings_for
from tests.stories.test_the_door import MovedClock, signed_in
from tests.support.html import read
from tests.support.locks import held
from tests.support.streams import from_now_on
from tests.support.visitor import Visitor, a_link

Start = Callable[..., Any]
COOKIE = "usersync_session"


@pytest.fixture
def settings(slack: Simulator, database_url: str) -> Settings:
    """Settings with a door, as by default."""
    return settings_for(slack, database_url, auth="slack")


async def with_cookie(service: Service, cookie: str, path: str = "/") -> int:
    return (await Visitor(service.url).get(path, headers={"Cookie": f"{COOKIE}={cookie}"})).status_code


async def everywhere(visitor: Visitor) -> Any:
    return await visitor.post("/signout", data={"everywhere": "1"}, headers={"Origin": visitor.origin})


async def test_a_copy_of_a_session_that_has_ended_is_dead(slack: Simulator, service: Service) -> None:
    ada, visitor = await signed_in(slack, service)
    copied = visitor.cookies[COOKIE]
    other = Visitor(service.url)
    await other.signs_in(await a_link(service, slack.team_id, ada.id))
    before = await with_cookie(service, copied)
    await visitor.signs_out()

    assert (200, 401) == (before, await with_cookie(service, copied))
    assert 200 == (await other.get("/")).status_code


async def test_signing_out_everywhere_ends_every_session_and_not_the_next_one(
    slack: Simulator, service: Service
) -> None:
    ada, visitor = await signed_in(slack, service)
    other = Visitor(service.url)
    await other.signs_in(await a_link(service, slack.team_id, ada.id))
    grace, stranger = await signed_in(slack, service, name="Grace Hopper")
    copied = visitor.cookies[COOKIE]
    left = await everywhere(visitor)

    assert 303 == left.status_code
    assert [401, 401] == [await with_cookie(service, copied), (await other.get("/")).status_code]
    assert 200 == (await stranger.get("/")).status_code
    await visitor.signs_in(await a_link(service, slack.team_id, ada.id))
    assert 200 == (await visitor.get("/")).status_code
    assert ada.id != grace.id


async def test_a_copy_of_an_ended_session_cannot_end_the_others(slack: Simulator, service: Service) -> None:
    ada, visitor = await signed_in(slack, service)
    copied = visitor.cookies[COOKIE]
    await visitor.signs_out()
    other = Visitor(service.url)
    await other.signs_in(await a_link(service, slack.team_id, ada.id))
    thief = Visitor(service.url)
    thief.cookies.set(COOKIE, copied)
    await everywhere(thief)

    assert 200 == (await other.get("/")).status_code


async def test_a_copy_of_an_ended_session_closes_no_page_of_its_owner(slack: Simulator, service: Service) -> None:
    ada, visitor = await signed_in(slack, service)
    thief = Visitor(service.url)
    thief.cookies.set(COOKIE, visitor.cookies[COOKIE])
    await visitor.signs_out()
    await visitor.signs_in(await a_link(service, slack.team_id, ada.id))
    async with visitor.stream("GET", "/live", headers={"Accept": "text/event-stream"}) as stream:
        lines = stream.aiter_lines()
        await from_now_on(lines)
        await thief.signs_out()
        slack.changes(ada, title="Countess")
        async with asyncio.timeout(12):
            while not (line := await anext(lines, "the end")).startswith(("data: ", "the end")):
                pass

    assert line.startswith("data: ")


async def test_the_end_of_a_session_is_remembered_until_its_cookie_is_too_old(
    slack: Simulator, settings: Settings, start: Start
) -> None:
    long: Service = await start(settings.model_copy(update={"session_days": 90}))
    _, visitor = await signed_in(slack, long)
    copied = visitor.cookies[COOKIE]
    await long.close()
    short: Service = await start(settings.model_copy(update={"session_days": 1}))
    leaving = Visitor(short.url)
    leaving.cookies.set(COOKIE, copied)
    await leaving.signs_out()
    async with short.store.transaction() as tx:
        await tx.sessions.prune(now=datetime.now(UTC) + timedelta(days=80))
    await short.close()
    again: Service = await start(settings.model_copy(update={"session_days": 90}))

    assert 401 == await with_cookie(again, copied)


@pytest.mark.parametrize("leave", [Visitor.signs_out, everywhere])
async def test_open_streams_of_whoever_signs_out_end_at_once(
    slack: Simulator, service: Service, leave: Callable[..., Any]
) -> None:
    _, visitor = await signed_in(slack, service)
    async with visitor.stream("GET", "/live", headers={"Accept": "text/event-stream"}) as stream:
        lines = stream.aiter_lines()
        await from_now_on(lines)
        await leave(visitor)
        async with asyncio.timeout(12):
            async for _ in lines:
                pass


async def test_where_the_end_cannot_be_written_the_cookie_goes_and_the_page_says_so(
    slack: Simulator, service: Service, database_url: str
) -> None:
    _, visitor = await signed_in(slack, service)
    async with held(database_url):
        answer = await visitor.signs_out()

    assert 503 == answer.status_code
    assert "in this browser only" in answer.text
    assert COOKIE not in visitor.cookies


async def test_a_session_slides_as_long_as_somebody_comes_back(slack: Simulator, settings: Settings) -> None:
    clock = MovedClock()
    async with Service(settings, clock=clock, pace=QUICK) as service:
        _, visitor = await signed_in(slack, service)
        first = visitor.cookies[COOKIE]
        soon = await visitor.get("/")
        clock.ahead = timedelta(days=3, minutes=1)
        stream = await visitor.head("/live")
        later = await visitor.get("/")
        second = visitor.cookies[COOKIE]
        clock.ahead = timedelta(days=30, hours=1)
        old, new = await with_cookie(service, first), await with_cookie(service, second)
        renewed_often = (await visitor.get("/")).status_code
        await visitor.signs_out()
        after = await with_cookie(service, second)

    assert "set-cookie" not in soon.headers
    assert "set-cookie" not in stream.headers
    assert f"{COOKIE}=" in later.headers["set-cookie"]
    assert (401, 200, 200, 401) == (old, new, renewed_often, after)


async def test_a_session_goes_on_under_a_new_key_while_the_old_one_is_kept(
    slack: Simulator, settings: Settings, start: Start
) -> None:
    old, new = "the-first-key-of-all", "another-key-that-is-newer"
    first: Service = await start(settings.model_copy(update={"secret_key": SecretStr(old)}))
    _, visitor = await signed_in(slack, first)
    cookie = visitor.cookies[COOKIE]
    await first.close()
    both: Service = await start(settings.model_copy(update={"secret_key": SecretStr(f"{new}, {old}")}))
    kept = await with_cookie(both, cookie)
    visited = await Visitor(both.url).get("/", headers={"Cookie": f"{COOKIE}={cookie}"})
    renewed = visited.cookies[COOKIE]
    visited_again = await Visitor(both.url).get("/", headers={"Cookie": f"{COOKIE}={renewed}"})
    ada_again = Visitor(both.url)
    ada = slack.joins("Ada Again")
    await slack.eventually_acked()
    await ada_again.signs_in(await a_link(both, slack.team_id, ada.id))
    await both.close()
    only_new: Service = await start(settings.model_copy(update={"secret_key": SecretStr(new)}))

    assert (200, 401) == (kept, await with_cookie(only_new, cookie))
    assert 200 == await with_cookie(only_new, ada_again.cookies[COOKIE])
    assert 200 == await with_cookie(only_new, renewed)
    assert "set-cookie" not in visited_again.headers


async def test_the_page_offers_both_ways_to_sign_out(slack: Simulator, service: Service) -> None:
    _, visitor = await signed_in(slack, service)
    page = read((await visitor.get("/signout")).text)

    assert "Sign out?" == page.one("h1").text
    assert "1" == page.one("input", name="everywhere").attributes["value"]
    assert 303 == (await Visitor(service.url).get("/signout")).status_code


@pytest.mark.parametrize(
    ("path", "lands"),
    [
        ("/?q=Ada%20L&kind=member", "/?q=Ada%20L&kind=member"), ("//evil.example", "/"), ("/live", "/"),
        ("/nowhere", "/nowhere"),
    ],
)  # fmt: skip
async def test_who_signs_in_lands_where_they_wanted_to_go_once(
    slack: Simulator, service: Service, path: str, lands: str
) -> None:
    ada, _ = await signed_in(slack, service)
    visitor = Visitor(service.url)
    await visitor.get(f"{visitor.origin}{path}")
    answers = [await visitor.signs_in(await a_link(service, slack.team_id, ada.id)) for _ in range(2)]

    assert [lands, "/"] == [each.headers["location"] for each in answers]


async def test_the_way_into_slack_leads_to_our_home_there(slack: Simulator, service: Service) -> None:
    page = read((await Visitor(service.url).get("/")).text)
    button = next(each for each in page.all("a") if each.text == "Open Slack")

    assert f"slack://app?team={slack.team_id}&id={slack.app_id}&tab=home" == button.attributes["href"]
