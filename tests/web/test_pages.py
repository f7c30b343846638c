"""How the people are laid out: what a search found them by, sizes, the tools above them, and the sheet for paper."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import web
from db import Store
from db.filters import CustomField, FieldValue
from db.records import User
from tests.support.html import read
from tests.web.conftest import TEAM, Clock, Service, Slack
from tests.web.test_choices import page_at
from web import marks, query
from web.marks import marked, words_not_in
from web.rows import found_in
from web.views import sheet as sheet_view

MOST_BYTES = 100_000


def shown(text: str, q: str, **options: Any) -> str:
    return "".join(f"[{each.text}]" if each.hit else each.text for each in marked(text, q, **options))


@pytest.mark.parametrize(
    ("text", "q", "seen"),
    [
        ("Ada Lovelace", "lov", "Ada [Lov]elace"),
        ("Łukasz Øster", "lukasz oster", "[Łukasz] [Øster]"),
        ("Sinéad O'Brien", "obri", "Sinéad [O'Bri]en"),
        ("Anne-Marie Weiß", "annemarie weis", "[Anne-Marie] [Weiß]"),
        ("Anne-Marie", "marie", "Anne-[Marie]"),
        ("Anne Marie", "annemarie", "Anne Marie"),
        ("田中 恵美", "美", "田中 恵[美]"),
        ("Maria", "ria", "Maria"),
        ("Zoe\u0308", "zoe", "[Zoe\u0308]"),
        ("Ada", "", "Ada"),
    ],
)
def test_marks_stand_where_a_word_begins_so(text: str, q: str, seen: str) -> None:
    assert seen == shown(text, q)


@given(st.text("aAbB1 -'._é\t"), st.text("ab1é '", max_size=5), st.sampled_from(["", " ()/."]))
def test_plain_letters_are_marked_by_the_same_rule_as_all_others(text: str, q: str, joins: str) -> None:
    beside = " §"  # which makes the text none of plain letters, and is no letter itself
    assert shown(text + beside, q, joins=joins) == shown(text, q, joins=joins) + beside


def test_prose_is_looked_at_letter_by_letter_once() -> None:
    """However many of its words begin as the one that is looked for."""
    prose = "a " * 2_000 + "ab"
    before = marks._spelt.cache_info()
    assert words_not_in("ab", prose) == []
    after = marks._spelt.cache_info()
    assert after.hits + after.misses - before.hits - before.misses <= len(prose)


def test_no_link_is_kept_of_what_somebody_typed_or_is_called() -> None:
    before = query._link_of_ours.cache_info()
    for said in (
        replace(query.DEFAULT, q="zebedee"),
        replace(query.DEFAULT, titles=frozenset({"keeper"})),
        replace(query.DEFAULT, zones=frozenset({"Anywhere/Else"})),
        replace(query.DEFAULT, fields=frozenset({FieldValue("Xf1", "team zebedee")})),
    ):
        assert query.link(said) != "/"
    assert query.link(query.DEFAULT, after="of-zebedee") == "/?after=of-zebedee"
    assert before == query._link_of_ours.cache_info()


def test_a_telephone_number_is_marked_across_its_spaces() -> None:
    assert "+44 [20 5550] 0142" == shown("+44 20 5550 0142", "205550", joins=" ")


@pytest.mark.parametrize(
    ("q", "label", "text"),
    [
        ("ada", "", ""),
        ("analyst", "", ""),
        ("a.king", "e-mail", "a.king@m.example"),
        ("205550", "phone", "+44 20 5550 0142"),
        ("enchantress", "Slack name", "enchantress"),
        ("ada platform", "Department", "Platform"),
        ("north", "profile", "North wing"),
    ],
)
def test_a_row_says_by_what_it_was_found_where_it_does_not_show_it(q: str, label: str, text: str) -> None:
    user = User(
        team_id=TEAM,
        id="U1",
        real_name="Ada Lovelace",
        title="Analyst",
        email="a.king@m.example",
        phone="+44 20 5550 0142",
        name="enchantress",
        fields={"Xf1": {"value": "Platform", "alt": ""}, "Xf2": {"value": "North wing"}, "Xf3": None},
    )

    found = found_in(user, q, [CustomField("Xf1", "Department")])

    assert (label, text) == ((found.label, "".join(each.text for each in found.text)) if found else ("", ""))


async def test_the_second_line_says_which_field_matched(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada", "title": "Analyst", "email": "countess@meridian.example"})

    for path in ("/?q=countess&view=list", "/?q=countess&view=cards"):
        line = (await page_at(client, path)).one("p", class_="who-title")

        assert "Analyst e-mail countess @meridian.example" == line.text, path
        assert ["countess"] == [each.text for each in line.all("mark")], path


async def test_a_page_of_fifty_stays_light(client: httpx.AsyncClient, slack: Slack) -> None:
    picture = "https://avatars.slack-edge.com/2026-11-01/1234567890123_{}0123456789abcdef0123_{}.png"
    await slack.shows(
        *(
            {
                "id": f"U0{number:09}",
                "real_name": f"Constantina Papadopoulou-Westhuizen {number:03}",
                "display_name": f"constantina.papadopoulou.{number:03}",
                "pronouns": "she/her",
                "title": "Principal Programme Manager, Cross-Border Regulatory Reporting",
                "tz": "America/Argentina/Buenos_Aires",
                "email": f"constantina.papadopoulou.{number:03}@meridian.example",
                "is_custom_image": True,
                **{f"image_{size}": picture.format(number, size) for size in (72, 192, 512)},
                # In any company most have none.
                **(
                    {"status_emoji": ":coffee:", "status_text": "Open for questions all day"} if number % 3 == 0 else {}
                ),
            }
            for number in range(50)
        )
    )

    sizes = {path: len((await client.get(path)).content) for path in ("/?view=list", "/?view=cards")}

    assert {} == {path: size for path, size in sizes.items() if size >= MOST_BYTES}


async def test_tools_lead_to_files_and_paper_of_the_same_people(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows({"id": "B1", "real_name": "Adabot", "is_bot": True})

    page = await page_at(client, "/?q=ada&kind=bot")
    links = [each.attributes["href"] for each in page.one(id="take").all("a")]

    assert "/print?q=ada&kind=bot" == links[-1]
    assert {"/export.csv?q=ada&kind=bot", "/export.json?q=ada&kind=bot"} <= set(links)
    assert "1 person, as filtered now" == page.one("p", class_="menu-lead").text
    assert ["Best match", "Name", "Newest", "Recently changed"] == [each.text for each in page.one(id="sort").all("a")]
    assert "Sort by best match" == page.one(id="sort").one("summary").text


async def test_a_sheet_of_paper_holds_everybody_and_says_of_whom_and_when(
    client: httpx.AsyncClient, slack: Slack
) -> None:
    await slack.shows(
        *({"id": f"U{number}", "real_name": f"Person {number:03}"} for number in range(120)),
        {"id": "G1", "real_name": "Grace", "is_restricted": True, "title": "Designer", "email": "g@m.example"},
    )

    paper = await page_at(client, "/print?kind=guest&kind=member")

    assert 121 == len(paper.one("ul", class_="paper-people").all("li"))
    assert "Grace · Guest Designer g@m.example" == paper.all("li")[0].text
    words = paper.one("p", class_="paper-words").text
    assert "121 people, active members and guests. As of Monday 23 November 2026, 16:41 UTC ." == words
    assert "/" == paper.all("a")[0].attributes["href"]


async def test_a_sheet_that_leaves_somebody_out_says_so(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows(
        *({"id": f"U{number:04}", "real_name": f"P {number:04}"} for number in range(sheet_view.MOST + 1))
    )

    whole, narrowed = await page_at(client, "/print"), await page_at(client, "/print?q=0001")

    assert sheet_view.MOST == len(whole.one("ul", class_="paper-people").all("li"))
    assert (
        "Only the first 2,000 people are on this sheet."
        == whole.one("main").all("p", class_="paper-words")[1].one("strong").text
    )
    assert "2,001 people" in whole.one("main").text
    assert "Only the first" not in narrowed.text


async def test_the_first_reading_draws_how_far_it_is(client: httpx.AsyncClient, service: Service, clock: Clock) -> None:
    service.is_now(walk=web.Walk(612, clock(), expected=1240), walked_at=None)

    bar = (await page_at(client)).one("progress")

    assert ("612", "1240") == (bar.attributes["value"], bar.attributes["max"])
    assert "612 of about 1,240 people" in bar.text


async def test_the_viewers_menu_shows_their_face_and_leads_to_their_page(
    store: Store, clock: Clock, service: Service, slack: Slack
) -> None:
    from tests.web.test_door import a_door, signs_in

    await slack.says("U1", real_name="Ada Lovelace")
    app = web.create_app(store=store, bell=store.bell, status=service, clock=clock, door=a_door())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        await signs_in(client, store, clock, "U1")
        menu = read((await client.get("/")).text).one(id="you")

    assert "AL" == menu.one(class_="face").text
    assert f"/users/{TEAM}/U1" == menu.one("a", class_="viewer-name").attributes["href"]
    assert ["Sign out", "Sign out everywhere"] == [each.text for each in menu.all(class_="menu-item")][-2:]
