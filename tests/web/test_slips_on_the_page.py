"""A slip of one letter on the page: whom it shows instead, that it says so, and that every way on leads on."""

from __future__ import annotations

import httpx
import pytest

from db import Sight, Store
from db.filters import UserFilter
from tests.support.html import read
from tests.web.conftest import Slack
from tests.web.test_directory import names, page_at
from web.export import List

FORGIVEN = "Nobody matches “ lovelase ”. Showing people for “ Lovelace ”."  # as its parts are read, a blank between


@pytest.fixture
async def family(slack: Slack) -> None:
    """More Lovelaces than a page holds, one that left, and somebody of another name."""
    await slack.shows(
        *({"id": f"UL{number:03}", "real_name": f"Ada{number:02} Lovelace"} for number in range(60)),
        {"id": "UGONE", "real_name": "Annabella Lovelace", "deleted": True},
        {"id": "UOTHER", "real_name": "Mary Somerville", "title": "Astronomer"},
    )


@pytest.mark.usefixtures("family")
async def test_the_page_shows_who_was_meant_counts_them_and_says_so(client: httpx.AsyncClient) -> None:
    page = await page_at(client, "/?q=lovelase")

    assert 50 == len(names(page))
    assert FORGIVEN == page.one(class_="meant").text
    assert "/?q=Lovelace" == page.one(class_="meant").one("a").attributes["href"]
    assert "60" in page.one("h1").text
    assert "lovelase" == page.one("input", id="q").attributes["value"]


@pytest.mark.usefixtures("family")
async def test_the_next_page_goes_on_with_who_was_meant(client: httpx.AsyncClient) -> None:
    first = await page_at(client, "/?q=lovelase")
    second = await page_at(client, first.one("a", rel="next").attributes["href"])

    assert 60 == len({*names(first), *names(second)})
    assert FORGIVEN == second.one(class_="meant").text


@pytest.mark.usefixtures("family")
async def test_the_filter_holds_for_who_is_meant(client: httpx.AsyncClient) -> None:
    assert ["Annabella Lovelace"] == names(await page_at(client, "/?q=lovelase&state=deactivated"))


@pytest.mark.usefixtures("family")
@pytest.mark.parametrize("path", ["/?q=lovelase&view=cards", "/print?q=lovelase"])
async def test_cards_and_paper_show_who_was_meant(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert "Ada00" in answer.text
    assert "Mary Somerville" not in read(answer.text).text


@pytest.mark.usefixtures("family")
async def test_files_hold_everybody_who_was_meant(client: httpx.AsyncClient) -> None:
    lines = (await client.get("/export.csv?q=lovelase")).text.splitlines()

    assert 60 == sum("Lovelace" in line for line in lines)


async def test_a_file_holds_everybody_who_was_meant_though_somebody_comes_who_is_called_so(
    store: Store, slack: Slack
) -> None:
    await slack.shows(*({"id": f"UL{number:03}", "real_name": f"Ada Lovelace {number:03}"} for number in range(700)))
    wanted = List(store, Sight(), UserFilter(q="lovelase"))
    begun = await wanted.begin()
    await slack.says("UNEW", real_name="Lovelase Minor")

    held = [user.id async for users in wanted.rest(begun.page) for user in users]

    assert [f"UL{number:03}" for number in range(700)] == held


@pytest.mark.usefixtures("family")
@pytest.mark.parametrize(("q", "shown"), [("lovelace", 50), ("ada00 lovelace", 1), ("zzzzzz", 0), ("lvlase", 0)])
async def test_nothing_is_said_where_nothing_was_forgiven(client: httpx.AsyncClient, q: str, shown: int) -> None:
    page = await page_at(client, f"/?q={q}")

    assert shown == len(names(page))
    assert [] == page.all(class_="meant")


@pytest.mark.parametrize("other", [{"is_bot": True}, {"deleted": True}])
async def test_who_is_called_just_so_is_one_click_away_from_who_is_called_nearly_so(
    client: httpx.AsyncClient, slack: Slack, other: dict[str, bool]
) -> None:
    await slack.shows({"id": "U1", "real_name": "Robo Lux", **other}, {"id": "U2", "real_name": "Robert Quill"})

    page = await page_at(client, "/?q=robo")
    said = page.one(class_="meant")
    everybody = next(link for link in said.all("a") if "Search everybody" in link.text)

    assert ["Robert Quill"] == names(page)
    assert "No active member or guest matches “ robo ”. Showing people for “ Robert ”." in said.text
    assert "Search everybody: 1 person" == everybody.text
    assert ["Robo Lux"] == names(await page_at(client, everybody.attributes["href"]))
    assert "Nobody matches" not in page.text


async def test_under_another_filter_it_is_said_among_whom_nobody_matches(
    client: httpx.AsyncClient, slack: Slack
) -> None:
    await slack.shows({"id": "U1", "real_name": "Robo Lux", "is_bot": True}, {"id": "U2", "real_name": "Robert Quill"})

    slip = await page_at(client, "/?q=robo&kind=member")
    none = await page_at(client, "/?q=robo&kind=guest")

    assert "Nobody among active members matches “ robo ”." in slip.one(class_="meant").text
    assert "Nobody among active guests matches “ robo ”" == none.one(class_="empty").one("h2").text
