"""Behind a proxy that signs people in: its word counts from its own address, for exactly one person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from tests.conftest import settings_for
from tests.stories.test_a_change_in_slack import find
from tests.support.streams import from_now_on
from tests.support.visitor import Visitor
from tests.support.waiting import eventually

Start = Callable[..., Any]
HEADER = "X-Auth-Request-Email"
ADDRESS = "Ada@Meridian.example"


@pytest.fixture
def settings(slack: Simulator, database_url: str) -> Settings:
    """Settings that believe a proxy on this machine."""
    given = settings_for(slack, database_url, auth="proxy")
    return given.model_copy(update={"auth_header": HEADER, "trusted_proxies": (ip_network("127.0.0.0/8"),)})


@pytest.fixture
async def ada(slack: Simulator, service: Service) -> Any:
    return await someone(slack, service)


async def someone(slack: Simulator, service: Service, name: str = "Ada Lovelace", **fields: Any) -> Any:
    user = slack.joins(name, **{"email": ADDRESS, **fields})
    await slack.eventually_acked()
    await eventually(lambda: find(service, slack, user.id), of=name)
    return user


async def asks(service: Service, address: str | None = ADDRESS, path: str = "/", **headers: str) -> Any:
    named = {HEADER: address} if address is not None else {}
    return await Visitor(service.url).get(path, headers={**named, **headers})


async def test_from_elsewhere_the_header_is_not_believed(slack: Simulator, settings: Settings, start: Start) -> None:
    far_away = {"trusted_proxies": (ip_network("10.0.0.0/8"), ip_network("::1"))}
    service: Service = await start(settings.model_copy(update=far_away))
    await someone(slack, service)
    answer = await asks(service, **{"X-Forwarded-For": "10.0.0.1", "Forwarded": "for=10.0.0.1"})

    assert 401 == answer.status_code
    assert "through the proxy" in answer.text
    assert "Ada" not in answer.text


@pytest.mark.parametrize("address", [None, "", "grace@meridian.example", "ada", "@", "%", "ada@meridian.example, x"])
async def test_a_name_that_is_nobodys_opens_nothing(service: Service, ada: Any, address: str | None) -> None:
    answer = await asks(service, address)

    assert answer.status_code in (401, 403)
    assert "Ada" not in answer.text


async def test_two_names_are_none(service: Service, ada: Any) -> None:
    answer = await Visitor(service.url).get(
        "/", headers=[("Accept", "text/html"), (HEADER, ADDRESS), (HEADER, ADDRESS)]
    )

    assert 401 == answer.status_code


async def test_of_two_active_people_with_one_address_neither_comes_in(
    slack: Simulator, service: Service, ada: Any
) -> None:
    await someone(slack, service, "Ada Byron", email=ADDRESS.upper())

    assert 403 == (await asks(service)).status_code


@pytest.mark.parametrize("fields", [{"is_restricted": True}, {"is_stranger": True}, {"deleted": True}], ids=str)
async def test_whom_a_link_would_not_let_in_the_proxys_word_does_not_either(
    slack: Simulator, service: Service, fields: dict[str, bool]
) -> None:
    await someone(slack, service, **fields)

    assert 403 == (await asks(service)).status_code


async def test_the_one_person_with_that_address_comes_in_whatever_its_case(
    slack: Simulator, service: Service, ada: Any
) -> None:
    await someone(slack, service, "Ada Former", deleted=True)
    answers = [await asks(service, each) for each in (ADDRESS, ADDRESS.upper(), ADDRESS.lower())]

    assert [200, 200, 200] == [each.status_code for each in answers]
    assert "Ada Lovelace" in answers[0].text
    assert not [each for each in answers if "set-cookie" in each.headers]
    assert "/signout" not in answers[0].text


async def test_whoever_is_deactivated_is_out_at_once_and_so_is_their_stream(
    slack: Simulator, service: Service, ada: Any
) -> None:
    headers = {HEADER: ADDRESS, "Accept": "text/event-stream"}
    async with Visitor(service.url).stream("GET", "/live", headers=headers) as stream:
        lines = stream.aiter_lines()
        await from_now_on(lines)
        slack.deactivates(ada)
        async with asyncio.timeout(12):
            async for _ in lines:
                pass

    assert 403 == (await asks(service)).status_code


async def test_nobody_signs_in_or_out_here(slack: Simulator, service: Service, ada: Any) -> None:
    for path in ("/signin", "/signin?token=x", "/signin/slack", "/signin/slack/callback", "/signout"):
        answer = await asks(service, path=path)
        assert 200 == answer.status_code
        assert "The proxy signs you" in answer.text
    left = await Visitor(service.url).post("/signout", headers={"Origin": service.url.rstrip("/"), HEADER: ADDRESS})

    assert "The proxy signs you out" in left.text
    assert "/usersync open" not in (await asks(service, None)).text


async def test_the_command_tells_the_plain_address(slack: Simulator, service: Service, ada: Any) -> None:
    address = await service.links.make(slack.team_id, ada.id)

    assert address.endswith("/")
    assert "token" not in address
