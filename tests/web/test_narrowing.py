"""Filters on the page: each in the address, each with the count of what adding it finds, and none of what is hidden."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.datastructures import QueryParams

import web
from db import Store
from db.derive import value_key_of
from db.filters import FIRST_DAY, CustomField, FieldValue, Lack, Sort, UserFilter
from db.records import Kind, State
from db.visibility import Audience, Policy
from tests.support.html import Element, read
from tests.web.conftest import NOON, Clock, Service, Slack
from web import query

MARKED = (CustomField("Xf01", "Department"), CustomField("Xf02", "Office"))
TODAY = NOON.date()
Person = dict[str, Any]

PEOPLE: list[Person] = [
    {"title": "Engineer", "tz": "Europe/Lisbon", "fields": {"Xf01": {"value": "Product"}}, "phone": "+351 1"},
    {"title": "engineer ", "tz": "Europe/Lisbon", "fields": {"Xf01": {"value": "product"}, "Xf02": {"value": "Porto"}}},
    {"title": "Engineer", "tz": "Asia/Tokyo", "fields": {"Xf01": {"value": "Platform"}}, "is_restricted": True},
    {"title": "Designer", "tz": "Asia/Tokyo", "is_custom_image": True, "image_72": "https://a.slack-edge.com/1.png"},
    {"title": "", "tz": None, "joined": True},
    {"title": "Engineer", "tz": "Europe/Lisbon", "deleted": True},
    {"title": "Engineer", "tz": "Europe/Lisbon", "is_bot": True},
    {"title": "Engineer", "tz": "Europe/Lisbon", "is_stranger": True, "joined": True},
]


@pytest.fixture
def app(store: Store, clock: Clock, service: Service) -> Starlette:
    return web.create_app(store=store, bell=store.bell, status=service, clock=clock, custom_fields=MARKED)


async def everybody(slack: Slack) -> None:
    for number, person in enumerate(PEOPLE):
        await slack.says(f"U{number}", real_name=f"Person {number}", email=f"p{number}@meridian.example", **person)


def naively(fits: Callable[[Person], bool], *, default: bool = True) -> set[str]:
    """Name those who fit; by default among active members and guests."""
    odd = {"deleted", "is_bot", "is_stranger"}
    found = {f"Person {number}" for number, person in enumerate(PEOPLE) if fits(person)}
    usual = {f"Person {number}" for number, person in enumerate(PEOPLE) if not odd & person.keys()}
    return found & usual if default else found


def shown(page: Element) -> set[str]:
    return {each.text for each in page.all(class_="name")}


async def look(client: httpx.AsyncClient, path: str) -> Element:
    answer = await client.get(path)
    assert 200 == answer.status_code, answer.text
    return read(answer.text)


def title_is(*titles: str) -> Callable[[Person], bool]:
    return lambda person: value_key_of(person["title"]) in titles


FILTERS: dict[str, Callable[[Person], bool]] = {
    "title=Engineer": title_is("engineer"),
    "title=ENGINEER&title=designer": title_is("engineer", "designer"),
    "zone=Asia/Tokyo": lambda person: person["tz"] == "Asia/Tokyo",
    "no=title": lambda person: not person["title"].strip(),
    "no=picture": lambda person: not person.get("is_custom_image"),
    "no=phone&no=picture": lambda person: not (person.get("phone") or person.get("is_custom_image")),
    "no=zone": lambda person: not person["tz"],
    "joined=7d": lambda person: bool(person.get("joined")),
    f"joined={TODAY + timedelta(days=1)}": lambda _: False,
    "Xf01=Product": lambda person: person.get("fields", {}).get("Xf01", {}).get("value", "").lower() == "product",
    "Xf01=product&Xf01=platform": lambda person: "Xf01" in person.get("fields", {}),
    "Xf01=product&Xf02=porto": lambda person: "Xf02" in person.get("fields", {}),
    "title=engineer&zone=Europe/Lisbon": lambda person: (
        title_is("engineer")(person) and person["tz"] == "Europe/Lisbon"
    ),
    "title=engineer&q=person": title_is("engineer"),
    "title=engineer&sort=newest": title_is("engineer"),
    "zone=Asia/Tokyo&sort=changed&no=phone": lambda person: person["tz"] == "Asia/Tokyo",
}


async def test_each_filter_finds_whom_a_naive_reader_finds(client: httpx.AsyncClient, slack: Slack) -> None:
    await everybody(slack)
    found = {each: shown(await look(client, f"/?{each}")) for each in FILTERS}

    assert {each: naively(fits) for each, fits in FILTERS.items()} == found


@pytest.mark.slow
async def test_the_count_beside_a_value_is_what_its_link_finds(client: httpx.AsyncClient, slack: Slack) -> None:
    await everybody(slack)
    starts = ["/", "/?title=engineer", "/?kind=bot&kind=external&state=active&state=deactivated", "/?Xf01=product",
              "/?no=phone", "/?q=person&zone=Europe%2FLisbon", "/?joined=30d"]  # fmt: skip
    tried = 0
    for start in starts:
        page = await look(client, start)
        for choice in page.all("a", class_="choice"):
            if "aria-current" in choice.attributes or not choice.all(class_="choice-count"):
                continue
            chosen = await look(client, choice.attributes["href"])
            # The first of a group takes the place of nothing; a further one adds to those that are chosen.
            if len(chosen.all("li", class_="chip")) > len(page.all("li", class_="chip")) or not page.all(class_="name"):
                beside = choice.one(class_="choice-count").text
                group = choice.one(class_="choice-label").text
                only = int(beside) if group not in ("Bots", "External", "Deactivated", "No longer listed") else None
                assert only is None or only == len(shown(chosen)), (start, group)
                tried += 1

    assert tried > 20


async def test_a_figure_says_whether_it_is_added_to_those_that_are_chosen(
    client: httpx.AsyncClient, slack: Slack
) -> None:
    await slack.says("U1", real_name="Ada", title="Engineer")
    await slack.says("U2", real_name="Grace", title="Designer")
    for number in range(4):
        await slack.says(f"B{number}", real_name=f"Robot {number}", is_bot=True)
    default, narrowed = await told(client, "/"), await told(client, "/?title=engineer")

    assert {
        "Members": ("2", "2 people; click to leave out"),
        "Bots": ("+4", "Adds 4 people"),
        "External": ("0", "Adds 0 people"),
        "Engineer": ("1", None),
    } == {name: default[name] for name in ("Members", "Bots", "External", "Engineer")}
    assert {
        "Engineer": ("1", "1 person; click to leave out"),
        "Designer": ("+1", "Adds 1 person"),
        "No picture": ("1", None),
    } == {name: narrowed[name] for name in ("Engineer", "Designer", "No picture")}


async def told(client: httpx.AsyncClient, path: str) -> dict[str, tuple[str, str | None]]:
    """Tell the figure and the words of each value that can be filtered by."""
    return {
        each.one(class_="choice-label").text: (each.one(class_="choice-count").text, each.attributes.get("title"))
        for each in (await look(client, path)).all("a", class_="choice")
        if each.all(class_="choice-count")
    }


async def test_chips_name_what_narrows_and_take_it_back(client: httpx.AsyncClient, slack: Slack) -> None:
    await everybody(slack)
    path = "/?q=person&title=engineer&zone=Europe/Lisbon&no=picture&Xf01=product&joined=2026-11-01"
    page = await look(client, path)
    words = [chip.text for chip in page.all("li", class_="chip")]

    assert [
        "Department: Product", "Title: Engineer", "Time zone: Lisbon", "Joined: since 1 November",
        "Missing details: no picture",
    ] == words  # fmt: skip
    for chip in page.all("a", class_="chip-off"):
        fewer = await look(client, chip.attributes["href"])
        assert len(words) - 1 == len(fewer.all("li", class_="chip"))


async def test_the_default_shows_active_members_and_guests_and_no_chip(client: httpx.AsyncClient, slack: Slack) -> None:
    await everybody(slack)
    page = await look(client, "/")

    assert naively(lambda _: True) == shown(page)
    assert [] == page.all("li", class_="chip")
    assert "Guest" in page.one(id="people").text


async def test_more_values_are_a_link_away_and_chosen_ones_always_there(
    client: httpx.AsyncClient, slack: Slack
) -> None:
    for number in range(9):
        for again in range(9 - number):
            await slack.says(f"U{number}X{again}", real_name="Ada", title=f"Title {number}")
    page = await look(client, "/?title=title+8")
    group = next(each for each in page.all("section", class_="group") if each.one("h2").text == "Title")
    labels = [each.text for each in group.all(class_="choice-label")]
    longer = await look(client, group.one("p", class_="group-more").one("a").attributes["href"])
    group_of_all = next(each for each in longer.all("section", class_="group") if each.one("h2").text == "Title")

    assert [f"Title {number}" for number in (0, 1, 2, 3, 4, 8)] == labels
    assert "3 more" == group.one("p", class_="group-more").text
    assert [f"Title {number}" for number in range(9)] == [each.text for each in group_of_all.all(class_="choice-label")]
    assert "Fewer" == group_of_all.one("p", class_="group-more").text


async def test_what_is_hidden_is_neither_offered_nor_heeded(
    store: Store, clock: Clock, service: Service, slack: Slack
) -> None:
    hidden = dict.fromkeys(("title", "tz", "phone", "Xf01"), Audience.NOBODY)
    app = web.create_app(
        store=store, bell=store.bell, status=service, clock=clock, custom_fields=MARKED, policy=Policy(hidden)
    )
    await everybody(slack)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        plain = await look(client, "/")
        asked = await look(client, "/?title=designer&zone=Asia/Tokyo&no=title&no=phone&no=zone&Xf01=platform")

    assert naively(lambda _: True) == shown(plain) == shown(asked)
    assert [] == asked.all("li", class_="chip")
    assert ["Kind", "State", "Office", "Joined", "Missing details"] == [
        each.text for each in plain.one(id="rail-groups").all("h2")
    ]
    assert {"No picture", "No e-mail"} == {
        each.text for each in plain.all(class_="choice-label") if each.text.startswith("No ")
    } - {"No longer listed"}


@pytest.mark.parametrize(
    "hidden", [{}, {"status": Audience.NOBODY}, {"title": Audience.ADMINS}, {"Xf01": Audience.ADMINS}]
)
async def test_who_changed_last_is_told_only_where_nothing_is_hidden_that_could_have_changed(
    store: Store, slack: Slack, clock: Clock, service: Service, hidden: dict[str, Audience]
) -> None:
    is_told = not hidden.keys() & {"title", "Xf01"}
    app = web.create_app(store=store, bell=store.bell, status=service, clock=clock, policy=Policy(hidden))
    for number in range(3):
        await slack.says(f"U{number}", real_name=f"Person {number}", title="A", has_2fa=False)
    clock.passes(minutes=1)
    await slack.says("U1", title="B")
    clock.passes(minutes=1)
    await slack.says("U2", has_2fa=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
        page = await look(client, "/?sort=changed")
        answer = await client.get("/api/v1/users?sort=changed")
        users = (await client.get("/api/v1/users")).json()["users"]

    by_name = ["Person 0", "Person 1", "Person 2"]
    assert (["Person 1", "Person 2", "Person 0"] if is_told else by_name) == [
        each.text for each in page.all(class_="name")
    ]
    assert is_told is ("recently changed" in page.text)
    assert (200 if is_told else 400) == answer.status_code
    assert is_told or "may not see" in answer.json()["message"]
    assert [is_told] * 3 == ["changed_at" in each for each in users]


SIGNS = ["🎉🎉", "---", "C", "C++", "C#", "C#", "", " ", None]


async def test_titles_of_signs_are_titles_on_the_page_and_for_programs(client: httpx.AsyncClient, slack: Slack) -> None:
    for number, title in enumerate(SIGNS):
        fields = {"Xf01": {"value": title}} if title else {}
        await slack.says(f"U{number}", real_name=f"Person {number}", title=title, fields=fields)
    asked = {title: urlencode({"title": title}) for title in ("🎉🎉", "---", "c", "C++", "c#", "-")}
    wanted = {
        title: {f"Person {number}" for number, has in enumerate(SIGNS) if has and has.lower() == title.lower()}
        for title in asked
    }
    shown_to_people = {title: shown(await look(client, f"/?{each}")) for title, each in asked.items()}
    of_fields = {title: shown(await look(client, f"/?{urlencode({'Xf01': title})}")) for title in asked}
    told = {title: (await client.get(f"/api/v1/users?{each}")).json()["users"] for title, each in asked.items()}
    page = await look(client, "/")

    assert wanted == shown_to_people == of_fields
    assert wanted == {title: {each["real_name"] for each in users} for title, users in told.items()}
    assert {"🎉🎉", "---", "C", "C++", "C#"} <= {each.text for each in page.all(class_="choice-label")}
    assert {"Person 6", "Person 7", "Person 8"} == shown(await look(client, "/?no=title"))


@pytest.mark.parametrize("blank", ["", " ", "\u2003", "\x1c"])
async def test_a_blank_title_is_passed_over_on_the_page_and_refused_to_programs(
    client: httpx.AsyncClient, slack: Slack, blank: str
) -> None:
    await everybody(slack)
    answer = await client.get("/api/v1/users", params={"title": blank})
    of_field = await client.get("/api/v1/users", params={"field": f"Xf01:{blank}"})

    assert naively(lambda _: True) == shown(await look(client, f"/?{urlencode({'title': blank})}"))
    assert (400, 400) == (answer.status_code, of_field.status_code)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)
filters = st.builds(
    UserFilter,
    q=texts.map(lambda text: text.strip()),
    kinds=st.frozensets(st.sampled_from(list(query.KINDS)), min_size=1),
    states=st.frozensets(st.sampled_from(list(State)), min_size=1),
    titles=st.frozensets(texts.map(value_key_of).filter(bool), max_size=3),
    zones=st.frozensets(st.sampled_from(["Europe/Lisbon", "Etc/GMT+5", "UTC", "America/Argentina/Ushuaia"])),
    lacks=st.frozensets(st.sampled_from(Lack)),
    joined_since=st.none() | st.dates(min_value=FIRST_DAY),
    fields=st.frozensets(
        st.builds(FieldValue, st.sampled_from(["Xf01", "Xf02"]), texts.map(value_key_of).filter(bool)), max_size=3
    ),
    sort=st.sampled_from(Sort),
)


@given(filters)
def test_a_filter_is_in_its_address_whole(user_filter: UserFilter) -> None:
    params = QueryParams(urlsplit(query.link(user_filter)).query)

    assert user_filter == query.parse(params, today=TODAY, custom_fields=MARKED)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["q", "kind", "state", "title", "zone", "no", "joined", "sort", "Xf01", "Xf09"]), st.text()
        )
    )
)
def test_no_address_breaks_it(pairs: list[tuple[str, str]]) -> None:
    found = query.parse(QueryParams(pairs), today=TODAY, custom_fields=MARKED)

    assert found.kinds <= set(Kind)
    assert {"Xf01"} >= {each.field_id for each in found.fields}
    assert found == query.parse(QueryParams(urlsplit(query.link(found)).query), today=TODAY, custom_fields=MARKED)


@pytest.mark.parametrize(
    "text",
    ["2026-02-30", "0000-01-01", "20261101", "1d", "-7d", "2026-11-01T00:00", "٢٠٢٦-١١-٠١", "0001-01-01", "2012-12-31"],
)
def test_days_that_are_none_are_passed_over(text: str) -> None:
    assert query.parse(QueryParams([("joined", text)]), today=TODAY).joined_since is None


@pytest.mark.parametrize("q", ["", "person"])
async def test_a_day_before_there_was_a_slack_narrows_nothing_and_is_refused_to_programs(
    client: httpx.AsyncClient, slack: Slack, q: str
) -> None:
    await everybody(slack)
    answer = await client.get("/api/v1/users", params={"q": q, "joined_since": "0001-01-01"})
    first = await client.get("/api/v1/users", params={"q": q, "joined_since": "2013-01-01"})

    assert naively(lambda _: True) == shown(await look(client, f"/?q={q}&joined=0001-01-01"))
    assert 400 == answer.status_code
    assert "not before 2013" in answer.json()["message"]
    assert ["U4"] == [each["id"] for each in first.json()["users"]]


@pytest.mark.parametrize(("text", "days"), [("7d", 7), ("30d", 30), ("90d", 90)])
def test_a_span_counts_back_from_today(text: str, days: int) -> None:
    assert (
        date(2026, 11, 23) - timedelta(days=days)
        == query.parse(QueryParams([("joined", text)]), today=TODAY).joined_since
    )


@pytest.mark.slow
async def test_a_thousand_values_are_no_burden(client: httpx.AsyncClient, slack: Slack) -> None:
    await everybody(slack)
    many = "&".join(f"title=t{number}&zone=Europe/Z{number}&Xf01=v{number}" for number in range(400))

    assert set() == shown(await look(client, f"/?{many}"))
