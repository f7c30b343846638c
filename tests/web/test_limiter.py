"""Whoever fails to sign in again and again is held up; whoever succeeds is not, and nobody for another."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

import web
from db import Store
from tests.support.html import read
from tests.support.waiting import eventually
from tests.web.conftest import TEAM, Clock, Service, Slack
from tests.web.test_door import a_door
from web.attempts import MOST, MOST_SOURCES, Attempts
from web.ports import OpenId, SigninRefused

OURS = {"Origin": "http://localhost", "Accept": "text/html"}
PROXY = ip_network("10.0.0.1")


def an_app(store: Store, clock: Clock, service: Service, attempts: Attempts, **door: Any) -> Starlette:
    given = {"store": store, "bell": store.bell, "status": service, "clock": clock}
    return web.create_app(**given, door=a_door(**door), attempts=attempts)  # type: ignore[arg-type]


@pytest.fixture
def app(store: Store, clock: Clock, service: Service) -> Starlette:
    return an_app(store, clock, service, Attempts(trusted_proxies=(PROXY,)))


def visitor(app: Starlette, peer: str = "203.0.113.9", **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(peer, 4711))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers={**OURS, **headers})


async def fails(client: httpx.AsyncClient, times: int = MOST) -> list[int]:
    return [(await client.post("/signin", data={"token": f"wrong {n}"})).status_code for n in range(times)]


async def a_token(store: Store, clock: Clock) -> str:
    async with store.transaction() as tx:
        return await tx.signins.make(TEAM, "U1", now=clock())


async def test_too_many_failures_are_held_up_in_words(app: Starlette) -> None:
    async with visitor(app) as client:
        failed = await fails(client)
        page = await client.post("/signin", data={"token": "wrong"})
        line = await client.get("/signin?token=wrong", headers={"Accept": "application/json"})

    assert {410} == set(failed)
    assert (429, 429, "text/plain; charset=utf-8") == (page.status_code, line.status_code, line.headers["content-type"])
    assert "Too many attempts" == read(page.text).one("h1").text
    assert "/signin" == read(page.text).one("main").one("a").attributes["href"]
    assert 0 < int(page.headers["retry-after"]) <= 60
    assert f"Try again in {page.headers['retry-after']} seconds." in page.text


async def refuse(**_secrets: str) -> tuple[str, str]:
    """Slack takes no code."""
    raise SigninRefused("Slack takes that answer no more.")


@pytest.fixture
def app_with_slack(store: Store, clock: Clock, service: Service) -> Starlette:
    openid = OpenId(lambda **asked: f"https://slack.example/?{urlencode(asked)}", refuse)
    return an_app(store, clock, service, Attempts(), openid=openid)


async def test_opening_a_link_that_is_none_counts(app: Starlette) -> None:
    async with visitor(app) as client:
        tried = [(await client.get("/signin?token=x")).status_code for _ in range(MOST + 1)]

    assert [410] * MOST + [429] == tried


async def test_a_code_that_slack_refuses_counts(app_with_slack: Starlette) -> None:
    tried = []
    async with visitor(app_with_slack) as client:
        for _ in range(MOST + 1):
            state = httpx.URL((await client.get("/signin/slack")).headers["location"]).params["state"]
            tried.append((await client.get(f"/signin/slack/callback?code=x&state={state}")).status_code)

    assert [403] * MOST + [429] == tried


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/signin", {"Origin": "http://evil.example"}),
        ("GET", "/signin/slack", {}),
        ("GET", "/signin/slack/callback", {}),
        ("GET", "/signin/slack/callback?code=x&state=foreign", {}),
        ("GET", "/signin?token=x", {"Sec-Fetch-Dest": "image", "Sec-Fetch-Site": "cross-site"}),
        ("GET", "/signin?token=x", {"Sec-Fetch-Dest": "iframe"}),
    ],
    ids=str,
)
async def test_what_another_page_can_have_a_browser_do_counts_for_nothing(
    app_with_slack: Starlette, method: str, path: str, headers: dict[str, str]
) -> None:
    async with visitor(app_with_slack) as client:
        for _ in range(MOST + 1):
            assert (await client.request(method, path, headers=headers)).status_code in (303, 403)
        assert 410 == (await client.post("/signin", data={"token": "wrong"})).status_code


async def test_nobody_evades_it_by_saying_that_a_page_asks(app: Starlette, store: Store, clock: Clock) -> None:
    token = await a_token(store, clock)
    async with visitor(app, **{"Sec-Fetch-Dest": "image"}) as client:
        answers = [
            await client.get("/signin", params={"token": token}),
            await client.post("/signin", data={"token": token}),
        ]

    assert [403, 403] == [each.status_code for each in answers]
    assert not [each for each in answers if "own" not in each.text]


async def test_a_burst_counts_before_any_of_it_is_decided(app: Starlette) -> None:
    async with visitor(app) as client:
        tried = await asyncio.gather(*(client.post("/signin", data={"token": "wrong"}) for _ in range(3 * MOST)))

    statuses = [each.status_code for each in tried]
    assert MOST == statuses.count(410)
    assert 2 * MOST == statuses.count(429)


async def test_a_good_link_is_held_up_as_well_and_stays_good(
    app: Starlette, store: Store, clock: Clock, slack: Slack
) -> None:
    await slack.says("U1", real_name="Ada")
    token = await a_token(store, clock)
    async with visitor(app) as client:
        await fails(client)
        held_up = await client.post("/signin", data={"token": token})
    async with visitor(app, "203.0.113.10") as client:
        elsewhere = await client.post("/signin", data={"token": token})

    assert (429, 303) == (held_up.status_code, elsewhere.status_code)


async def test_an_office_behind_one_address_signs_in_unhindered(
    app: Starlette, store: Store, clock: Clock, slack: Slack
) -> None:
    await slack.says("U1", real_name="Ada")
    async with visitor(app) as client:
        for _ in range(2 * MOST):
            token = await a_token(store, clock)
            opened = await client.get("/signin", params={"token": token})
            spent = await client.post("/signin", data={"token": token})
            assert (200, 303) == (opened.status_code, spent.status_code)


async def test_everything_else_goes_on_meanwhile(app: Starlette) -> None:
    async with visitor(app) as client:
        await fails(client, MOST + 1)

        assert [401, 200, 200] == [(await client.get(path)).status_code for path in ("/", "/signin", "/healthz")]
        assert 303 == (await client.post("/signout")).status_code


async def test_nobody_evades_it_by_naming_another_address(app: Starlette) -> None:
    for n in range(MOST):
        async with visitor(app, **{"X-Forwarded-For": f"198.51.100.{n}", "Forwarded": f"for=198.51.100.{n}"}) as client:
            assert [410] == await fails(client, 1)
    async with visitor(app, **{"X-Forwarded-For": "198.51.100.200", "X-Real-IP": "198.51.100.200"}) as client:
        assert [429] == await fails(client, 1)


async def test_behind_a_trusted_proxy_each_visitor_counts_alone(app: Starlette) -> None:
    async with visitor(app, "10.0.0.1", **{"X-Forwarded-For": "1.1.1.1, 198.51.100.1"}) as client:
        await fails(client)
    async with visitor(app, "10.0.0.1", **{"X-Forwarded-For": "2.2.2.2, 198.51.100.1"}) as client:
        assert [429] == await fails(client, 1)
    async with visitor(app, "10.0.0.1", **{"X-Forwarded-For": "198.51.100.2"}) as client:
        assert [410] == await fails(client, 1)


async def test_an_ipv6_network_counts_as_one(app: Starlette) -> None:
    for n in range(MOST):
        async with visitor(app, f"2001:db8::{n:x}") as client:
            assert [410] == await fails(client, 1)
    async with visitor(app, "2001:db8::ffff:1:2:3") as client:
        assert [429] == await fails(client, 1)
    async with visitor(app, "2001:db8:0:1::1") as client:
        assert [410] == await fails(client, 1)


async def test_who_waits_may_try_again(store: Store, clock: Clock, service: Service) -> None:
    async with visitor(an_app(store, clock, service, Attempts(most=1, within_s=1))) as client:
        first, second = await fails(client, 2)

        async def again() -> bool:
            return await fails(client, 1) == [410]

        await eventually(again, within_s=5, of="another try")

    assert (410, 429) == (first, second)


@pytest.mark.slow
def test_a_flood_from_everywhere_fills_no_memory() -> None:
    attempts = Attempts()
    for n in range(2 * MOST_SOURCES):
        network = f"2001:{n >> 16:x}:{n & 0xFFFF:x}::1"
        attempts.note_failure(Request({"type": "http", "headers": [], "client": (network, 5)}))

    assert MOST_SOURCES >= len(attempts._storage.events)
    assert MOST_SOURCES >= len(attempts._storage.locks)
