"""What viewers choose for their browser holds from page to page, without script, and says nothing of them to others."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

import web
from db import Store
from tests.support.html import Element, read
from tests.web.conftest import TEAM, Clock, Service, Slack
from web.address import Address

ORIGIN = {"Origin": "http://localhost"}


async def page_at(client: httpx.AsyncClient, path: str = "/") -> Element:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def chosen(page: Element) -> str:
    (link,) = [each for each in page.one("nav", **{"aria-label": "View"}).all("a") if is_current(each)]
    return link.text


def is_current(link: Element) -> bool:
    return link.attributes["aria-current"] == "true"


async def test_cards_are_remembered_until_the_list_is_asked_for(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada Lovelace", "tz": "Asia/Tokyo", "title": "Analyst"})

    first = await page_at(client)
    links = {each.text: each.attributes["href"] for each in first.one("nav", **{"aria-label": "View"}).all("a")}
    await page_at(client, links["Cards"])
    cards = await page_at(client, "/?q=ada")
    await page_at(client, links["List"])
    again = await page_at(client)

    assert ["List", "Cards", "List"] == [chosen(page) for page in (first, cards, again)]
    assert [1, 0, 1] == [len(page.all("li", class_="row")) for page in (first, cards, again)]
    assert "Ada Lovelace , Analyst AL 01:42 probably asleep" == cards.one("li", class_="person-card").text
    assert "shape=cards" in cards.one(id="stream").attributes["hx-sse:connect"]
    assert "shape=cards" not in again.one(id="stream").attributes["hx-sse:connect"]


async def test_a_layout_that_does_not_exist_is_neither_shown_nor_remembered(
    client: httpx.AsyncClient, slack: Slack
) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada"})

    answer = await client.get("/?view=%3Cscript%3E")
    client.cookies.set("usersync_view", "carousel")

    assert [] == answer.headers.get_list("set-cookie")
    assert "List" == chosen(read(answer.text)) == chosen(await page_at(client))


async def test_colours_hold_on_every_page(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada"})
    paths = ("/", "/?view=cards", f"/users/{TEAM}/U1", "/runs", "/print", "/?q=nobody")
    before = [(await page_at(client, path)).one("html").attributes for path in paths]

    await client.post("/choices", data={"theme": "dark"}, headers=ORIGIN)
    after = [(await page_at(client, path)).one("html").attributes for path in paths]
    missing = read((await client.get("/nowhere")).text)
    await client.post("/choices", data={"theme": "system"}, headers=ORIGIN)

    assert [None] * len(paths) == [each.get("data-theme") for each in before]
    assert ["dark"] * len(paths) == [each.get("data-theme") for each in after]
    assert "dark" == missing.one("html").attributes["data-theme"]
    assert "data-theme" not in (await page_at(client)).one("html").attributes


async def test_the_menu_shows_what_is_chosen(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada"})

    await client.post("/choices", data={"keys": "off", "theme": "light"}, headers=ORIGIN)
    page = await page_at(client)

    pressed = [each.text for each in page.one(id="you").all("button", **{"aria-pressed": "true"})]
    assert ["Light", "Off"] == pressed
    assert "off" == page.one("body").attributes["data-keys"]


@pytest.mark.parametrize(
    ("referer", "there"),
    [
        ("http://localhost/users/T0/U1?x=1", "/users/T0/U1?x=1"),
        ("http://localhost/", "/"),
        ("", "/"),
        ("http://localhost//evil.example", "/"),
        ("http://localhost/signout", "/"),
        ("http://[", "/"),
    ],
)
async def test_a_choice_leads_back_to_its_page_and_nowhere_else(
    client: httpx.AsyncClient, referer: str, there: str
) -> None:
    answer = await client.post("/choices", data={"theme": "dark"}, headers={**ORIGIN, "Referer": referer})

    assert (303, there) == (answer.status_code, answer.headers["location"])


async def test_a_form_from_elsewhere_chooses_nothing(client: httpx.AsyncClient) -> None:
    for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
        answer = await client.post("/choices", data={"theme": "dark"}, headers=headers)

        assert (403, []) == (answer.status_code, answer.headers.get_list("set-cookie")), headers


async def test_what_cannot_be_chosen_is_passed_over(client: httpx.AsyncClient) -> None:
    answer = await client.post("/choices", data={"theme": "\r\nX: y", "keys": "maybe", "else": "1"}, headers=ORIGIN)

    assert (303, []) == (answer.status_code, answer.headers.get_list("set-cookie"))


async def test_on_https_the_cookies_are_bound_to_their_host(store: Store, clock: Clock, service: Service) -> None:
    address: Any = Address("https://people.example")
    app = web.create_app(store=store, bell=store.bell, status=service, clock=clock, address=address)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://people.example") as client:
        headers = {"Origin": "https://people.example"}
        answer = await client.post("/choices", data={"theme": "dark"}, headers=headers)

    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-usersync_theme=dark; ")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=31536000"} <= set(cookie.split("; "))
