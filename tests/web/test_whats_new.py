"""What's new, as a person reads it: who joined, moved and left, and whose years are full; for whom it is meant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

import web
from db import Store, mark_missing
from db.filters import CustomField
from db.latest import Mover
from db.moves import steps_of
from db.records import Change, Source, User
from db.visibility import Audience, Policy
from tests.support.html import Element, read
from tests.web.conftest import NOON, TEAM, Clock, Service, Slack
from web.latest import moves_of, near

DEPARTMENT = CustomField("XfDEPT", "Department")


@pytest.fixture
def app(store: Store, clock: Clock, service: Service) -> Starlette:
    parts: dict[str, Any] = {"store": store, "bell": store.bell, "status": service, "clock": clock}
    return web.create_app(**parts, custom_fields=(DEPARTMENT,))


def an_open_app(store: Store, clock: Clock, service: Service, policy: Policy) -> Starlette:
    parts: dict[str, Any] = {"store": store, "bell": store.bell, "status": service, "clock": clock}
    return web.create_app(**parts, custom_fields=(DEPARTMENT,), policy=policy)


def department(value: str) -> dict[str, Any]:
    return {"fields": {"XfDEPT": {"value": value, "alt": ""}, "XfOTHER": {"value": f"desk {value}", "alt": ""}}}


async def a_month(slack: Slack, clock: Clock, store: Store) -> None:
    """Let a month go by; in the end it is Monday, 16:42."""
    clock.passes(days=-60)
    await slack.shows({"id": "UOLD", "real_name": "Hana Kovářová", "deleted": True})
    await slack.says("UDIEGO", real_name="Diego Fuentes", title="Specialist", tz="Europe/Lisbon")
    await slack.says("UPRIYA", real_name="Priya Raghunathan", title="Engineer", **department("Identity"))
    await slack.says("UJONAS", real_name="Jonas Weber")
    await slack.says("UMISSED", real_name="Mai Missed")
    await slack.says("UANNE", real_name="Anne-Marie O'Brien", start_date="2021-11-24")
    await slack.says("USAMIRA", real_name="Samira Haddad", start_date="2025-11-27")
    clock.passes(days=39)
    await slack.says("UDIEGO", title="Senior Specialist")
    await slack.says("UPRIYA", **department("Identity and Access"))
    clock.passes(days=10)
    await slack.says("UJONAS", deleted=True)
    async with store.transaction() as tx:
        await mark_missing(tx, TEAM, ["UMISSED"], since=clock(), now=clock())
    await slack.says("UDIEGO", title="Support Lead, Americas")
    await slack.says("UGRACE", joined=True, real_name="Grace Lindqvist", is_restricted=True, title="Brand designer")
    clock.now = NOON - timedelta(days=3)
    await slack.says("UTOMASZ", joined=True, real_name="Tomasz Wiśniewski")
    clock.now = NOON


def section(page: Element, name: str) -> Element:
    return page.one("section", **{"aria-labelledby": name})


def lines(page: Element, name: str) -> list[str]:
    return [each.text for each in section(page, name).all("li")]


async def test_a_month_is_told_in_four_lists(
    client: httpx.AsyncClient, slack: Slack, clock: Clock, store: Store
) -> None:
    await a_month(slack, clock, store)
    answer = await client.get("/whats-new", headers={"Cookie": "tz=Europe%2FLisbon"})
    page = read(answer.text)

    assert "What’s new" == page.one("h1").text
    assert "24 October to today" in page.one(class_="latest-lead").text
    assert ["Joined 2", "Moved 2", "Anniversaries this week 2", "Left 2"] == [each.text for each in page.all("h2")]
    assert [
        "TW Tomasz Wiśniewski No title yet Joined on Friday",
        "GL Grace Lindqvist Guest Brand designer Joined on 12 November",
    ] == lines(page, "joined")
    assert [
        "DF Diego Fuentes Title from Specialist to Support Lead, Americas 12 November",
        "PR Priya Raghunathan Department from Identity to Identity and Access 2 November",
    ] == lines(page, "moved")
    assert ["AO Anne-Marie O'Brien 5 years tomorrow", "SH Samira Haddad 1 year on Friday"] == lines(page, "years")
    assert ["JW Jonas Weber 12 November", "MM Mai Missed No longer listed by Slack since 12 November"] == sorted(
        lines(page, "left")
    )
    assert "Hana" not in answer.text
    assert f"/users/{TEAM}/UTOMASZ" == section(page, "joined").all("a")[0].attributes["href"]
    nav = page.all("nav", **{"aria-label": "Pages"})[0]
    assert ["What’s new"] == [each.text for each in nav.all("a") if each.attributes["aria-current"] == "page"]
    assert "As of 14 seconds ago" in page.one(id="fresh").text


async def test_an_empty_list_says_what_will_be_in_it(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada", "start_date": "long ago"})
    page = read((await client.get("/whats-new")).text)

    assert ["Joined", "Moved", "Anniversaries this week", "Left"] == [each.text for each in page.all("h2")]
    assert 4 == len(page.all("p", class_="latest-none"))
    assert not page.all("a", class_="name")


async def test_more_than_a_page_of_joiners_lead_on_to_the_list(client: httpx.AsyncClient, slack: Slack) -> None:
    for number in range(53):
        await slack.says(f"U{number:02}", joined=True, real_name=f"Person {number:02}")
    page = read((await client.get("/whats-new")).text)

    assert "Joined 53" == page.one("h2", id="joined").text
    assert 50 == len(lines(page, "joined"))
    more = page.one(class_="latest-more").one("a")
    assert ("and 3 more", "/?joined=2026-10-24&sort=newest") == (more.text, more.attributes["href"])


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
async def test_whoever_counts_as_new_is_in_the_list_behind_the_link(
    client: httpx.AsyncClient, slack: Slack, clock: Clock, zone: str
) -> None:
    """Also who joined around the viewer's midnight and UTC's, 30 days ago."""
    clock.now = NOON - timedelta(days=32)
    for hour in range(72):
        await slack.says(f"U{hour:02}", joined=True, real_name=f"Person {hour:02}")
        clock.passes(hours=1)
    for number in range(50):
        await slack.says(f"UX{number}", joined=True, real_name=f"Person X{number}")
    clock.now = NOON
    client.cookies.set("tz", zone)
    page = read((await client.get("/whats-new")).text)
    behind = read((await client.get(page.one(class_="latest-more").one("a").attributes["href"])).text)

    count = page.one("h2", id="joined").text.removeprefix("Joined ")
    assert 50 < int(count) < 122
    assert count == behind.one(id="count-words").text


async def test_what_is_hidden_is_no_news(store: Store, clock: Clock, service: Service, slack: Slack) -> None:
    await a_month(slack, clock, store)
    hidden = dict.fromkeys(("title", "start_date", "fields"), Audience.ADMINS)
    transport = httpx.ASGITransport(an_open_app(store, clock, service, Policy(hidden)))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        page = read((await client.get("/whats-new")).text)

    assert ["Joined 2", "Left 2"] == [each.text for each in page.all("h2")]
    assert "Brand designer" not in page.text
    assert "No title yet" not in page.text


ADA = User(team_id=TEAM, id="U1", real_name="Ada")


def a_mover(*titles: tuple[str | None, str | None]) -> Mover:
    changes = [
        Change(TEAM, number, 0, "U1", {"title": old}, {"title": new}, Source.EVENT, NOON + timedelta(hours=number))
        for number, (old, new) in enumerate(titles)
    ]
    return Mover(ADA, steps_of(changes, ["title"]))


@pytest.mark.parametrize(
    ("titles", "told"),
    [
        ([("A", "B")], [("A", "B")]),
        ([("A", "B"), ("B", "C")], [("A", "C")]),
        ([("A", "B"), ("B", "A")], []),
        ([("", "A")], []),
        ([(None, "A"), ("A", "B")], [("A", "B")]),
        ([("A", "")], []),
        ([("A", ""), ("", "B")], [("A", "B")]),
        ([("A", " A ")], []),
        ([("Temp", "temp")], []),
        ([("C", "C++")], [("C", "C++")]),
        ([], []),
    ],
)  # fmt: skip
def test_several_changes_are_one_move_and_a_first_title_is_none(
    titles: list[tuple[str | None, str | None]], told: list[tuple[str, str]]
) -> None:
    mover = a_mover(*titles)
    moves = moves_of([mover] if mover.steps else [], (), NOON, None)

    assert told == [(step.old, step.new) for move in moves for step in move.steps]


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "today"), (1, "tomorrow"), (-1, "yesterday"), (3, "on Thursday"), (-6, "on Tuesday"), (-7, "on 16 November"),
     (-400, "on 19 October 2025")],
)  # fmt: skip
def test_a_day_is_named_by_how_near_it_is(days: int, words: str) -> None:
    assert words == near(NOON.date() + timedelta(days=days), NOON.date())
