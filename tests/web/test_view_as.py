"""An admin looks at the directory as members do: it takes away, on every surface, and gives nobody anything."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

import web
from db import Store
from db.records import Workspace
from db.visibility import Audience, Policy
from tests.support.html import read
from tests.web.conftest import TEAM, Clock, Service, Slack
from tests.web.test_door import a_door, signs_in
from web.address import Address

FOR_ADMINS = ("/runs", "/dead-letters")


def a_house(store: Store, clock: Clock, service: Service, **options: Any) -> Starlette:
    parts: dict[str, Any] = {"store": store, "bell": store.bell, "status": service, "clock": clock}
    policy = Policy({"phone": Audience.ADMINS})
    return web.create_app(**parts, policy=policy, workspaces=lambda: (Workspace(TEAM, "Meridian"),), **options)


@pytest.fixture
def app(store: Store, clock: Clock, service: Service) -> Starlette:
    return a_house(store, clock, service, door=a_door())


@pytest.fixture
async def person(client: httpx.AsyncClient, slack: Slack) -> str:
    await slack.says("UADMIN", real_name="Root", is_owner=True)
    await slack.says("UMEMBER", real_name="Mia")
    await slack.says("U1", real_name="Ada", phone="+351 919 191 919")
    return f"/users/{TEAM}/U1"


async def looks_as(client: httpx.AsyncClient, who: str, **headers: str) -> httpx.Response:
    origin = str(client.base_url).rstrip("/")
    return await client.post("/view-as", data={"as": who}, headers={"Origin": origin, **headers})


async def test_a_form_from_elsewhere_changes_nothing(
    client: httpx.AsyncClient, person: str, store: Store, clock: Clock
) -> None:
    await signs_in(client, store, clock, "UADMIN")
    for origin in ("http://evil.example", "null", ""):
        answer = await looks_as(client, "everyone", Origin=origin)
        assert (403, []) == (answer.status_code, answer.headers.get_list("set-cookie")), origin

    assert "191 919" in (await client.get(person)).text


async def test_whoever_is_no_admin_gains_and_loses_nothing(
    client: httpx.AsyncClient, person: str, store: Store, clock: Clock
) -> None:
    await signs_in(client, store, clock, "UMEMBER")
    for who in ("everyone", "admins", "nobody", ""):
        assert 303 == (await looks_as(client, who)).status_code
    for value in ("everyone", "admins"):
        client.cookies.set("usersync_view_as", value)
        page = await client.get(person)
        assert "191 919" not in page.text
        assert [] == read(page.text).all(class_="ribbon") + read(page.text).all("form", action="/view-as")
        assert [403, 403] == [(await client.get(path)).status_code for path in FOR_ADMINS]


async def test_an_admin_sees_what_members_see_until_they_go_back(
    client: httpx.AsyncClient, person: str, store: Store, clock: Clock
) -> None:
    await signs_in(client, store, clock, "UADMIN")
    own = read((await client.get("/")).text)
    begun = await looks_as(client, "everyone")
    theirs, profile = read((await client.get("/")).text), await client.get(person)
    refused = [await client.get(path) for path in FOR_ADMINS]
    ended = await looks_as(client, "admins")

    assert "See the directory as members do" == own.one("form", action="/view-as").text
    assert ("HttpOnly" in begun.headers["set-cookie"], "max-age" in begun.headers["set-cookie"].lower()) == (
        True,
        False,
    )
    assert "samesite=lax" in begun.headers["set-cookie"].lower()
    ribbon = theirs.one(class_="ribbon")
    assert "You see the directory as members do. Back to your own view" == ribbon.text
    assert ["People", "What’s new", "You"] == [each.text for each in theirs.one("nav", **PAGES).all("a")]
    assert 1 == len(theirs.all("form", action="/view-as"))
    assert "191 919" not in profile.text
    assert [403, 403] == [each.status_code for each in refused]
    assert "Go back to your own view to see it" in refused[0].text
    assert 303 == ended.status_code
    assert "191 919" in (await client.get(person)).text
    assert [200, 200] == [(await client.get(path)).status_code for path in FOR_ADMINS]


PAGES = {"aria-label": "Pages"}


async def test_on_https_the_cookie_is_bound_to_its_host(
    store: Store, clock: Clock, service: Service, slack: Slack, person: str
) -> None:
    public = {"door": a_door(public_url="https://people.example"), "address": Address("https://people.example")}
    app = a_house(store, clock, service, **public)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://people.example") as client:
        await signs_in(client, store, clock, "UADMIN")
        answer = await looks_as(client, "everyone")

        assert "191 919" not in (await client.get(person)).text
    assert answer.headers["set-cookie"].startswith("__Host-usersync_view_as=everyone;")
    assert "Secure" in answer.headers["set-cookie"]


async def test_in_an_open_directory_there_is_nothing_to_choose(
    store: Store, clock: Clock, service: Service, slack: Slack, person: str
) -> None:
    transport = httpx.ASGITransport(a_house(store, clock, service))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await looks_as(client, "admins")

        assert (303, "/") == (answer.status_code, answer.headers["location"])
        assert "191 919" not in (await client.get(person)).text


async def test_the_foot_tells_members_what_it_means_and_admins_what_to_look_at(
    client: httpx.AsyncClient, person: str, store: Store, clock: Clock, service: Service
) -> None:
    long = "3 payloads of Slack could not be applied and lie as dead letters. `usersync dead-letters` lists them."
    service.is_now(warnings=(long,), amiss=("a few changes from Slack could not be read",), letters=3)
    await signs_in(client, store, clock, "UMEMBER")
    foot = read((await client.get("/")).text).one("footer")
    await signs_in(client, store, clock, "UADMIN")
    link = read((await client.get("/")).text).one("footer").one("a")

    assert "3 people · as of 14 s ago · a few changes from Slack could not be read" == foot.text
    assert ("3 unreadable events", "/dead-letters") == (link.text, link.attributes["href"])
