"""The pages as a person sees them: who is listed, what a row says, filters, profiles, and failures in words."""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

import web
from db import Store
from tests.support.html import Element, read
from tests.support.locks import written
from tests.web.conftest import TEAM, Clock, Service, Slack
from web.views.directory import PAGE_SIZE

VENDORED = [
    Path(__file__).parents[2] / "web/static/vendor",
    Path(__file__).parents[1] / "support/vendor",
]
HOSTILE = "<script>alert('x')</script>\" onload=\"x\u202e'>"


async def page_at(client: httpx.AsyncClient, path: str = "/", *, tz: str = "") -> Element:
    answer = await client.get(path, headers={"Cookie": f"tz={tz}"} if tz else {})
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def names(page: Element) -> list[str]:
    return [each.text for each in page.all("a", class_="name")]


async def test_active_members_and_guests_are_listed_in_name_order(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows(
        {"id": "U1", "real_name": "Zoë"},
        {"id": "U2", "real_name": "Ada Lovelace"},
        {"id": "U3", "real_name": "Grace", "is_restricted": True},
        {"id": "U4", "real_name": "Deploybot", "is_bot": True},
        {"id": "U5", "real_name": "Linus", "deleted": True},
    )

    page = await page_at(client)

    assert ["Ada Lovelace", "Grace", "Zoë"] == names(page)
    assert "People 3" == page.one("h1").text
    assert ["A", "G", "Z"] == [each.text for each in page.all(class_="letter")]


async def test_a_row_says_who_somebody_is(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows(
        {
            "id": "U1",
            "real_name": "Grace Lindqvist",
            "display_name": "gracie",
            "pronouns": "she/they",
            "title": "Brand designer",
            "tz": "Europe/Stockholm",
            "is_restricted": True,
            "guest_expiration_ts": 1798675200,
            "status_emoji": ":palm_tree:",
            "status_text": "On leave",
        }
    )

    row = (await page_at(client, tz="Europe/Lisbon")).one("li", class_="row")

    assert "Grace Lindqvist gracie she/they Guest until 31 Dec" == row.one("p", class_="who-name").text
    assert "Brand designer" == row.one("p", class_="who-title").text
    assert "🌴 On leave" == row.one("p", class_="status").text
    assert "17:42 working hours , 1 h ahead" == row.one("div", class_="time").text
    assert "GL" == row.one(class_="face").text


async def test_without_the_viewers_zone_no_offset_is_guessed(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada", "tz": "Asia/Tokyo"})

    for cookie in ("", "Nowhere/At-all", "%2e%2e/etc"):
        page = await page_at(client, tz=cookie)

        assert "01:42 probably asleep" == page.one("div", class_="time").text


async def test_a_page_holds_fifty_and_links_to_the_next(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows(*({"id": f"U{number}", "real_name": f"Person {number:03}"} for number in range(120)))

    seen, path = [], "/"
    while path:
        page = await page_at(client, path)
        seen += names(page)
        following = page.all("a", rel="next")
        path = following[0].attributes["href"] if following else ""

    assert [f"Person {number:03}" for number in range(120)] == seen


async def test_an_empty_place_is_the_beginning(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada"})
    page = await page_at(client, "/?after=&q=")

    assert ["Ada"] == names(page)
    assert not [each for each in page.all("a") if each.text == "Back to the first"]


async def test_the_size_of_a_page_is_told_to_its_script(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows(*({"id": f"U{number}", "real_name": f"Person {number:02}"} for number in range(PAGE_SIZE + 1)))
    page = await page_at(client)

    assert str(PAGE_SIZE) == page.one(id="results").attributes["data-page-size"]
    assert f"Show {PAGE_SIZE} more" == page.one("a", class_="button", rel="next").text


async def test_a_search_marks_what_it_found_and_keeps_the_filter(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada Lovelace"}, {"id": "B1", "real_name": "Adabot", "is_bot": True})

    page = await page_at(client, "/?q=ada&kind=bot")

    assert ["Ada bot"] == names(page)
    assert ["Ada"] == [each.text for each in page.all("mark")]
    assert {"kind": "bot"} == {each.attributes["name"]: each.attributes["value"] for each in page.all(type="hidden")}


async def test_filters_are_links_that_change_the_address(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada"}, {"id": "B1", "real_name": "Adabot", "is_bot": True})

    page = await page_at(client, "/?q=ad")
    links = {each.text: each.attributes["href"] for each in page.all("a", class_="choice")}

    assert "/?q=ad&kind=member&kind=guest&kind=bot" == links["Bots +1"]
    assert "/?q=ad&kind=guest" == links["Members 1"]
    assert [] == page.all(class_="chip")
    assert "Kind: bots" == (await page_at(client, "/?kind=bot")).one("li", class_="chip").text


async def test_values_that_do_not_exist_are_passed_over(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada"})

    assert ["Ada"] == names(await page_at(client, "/?kind=erased&kind=%F0%9F&state=gone&q=%00"))


async def test_no_result_offers_the_wider_search(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada"}, {"id": "U2", "real_name": "Linus", "deleted": True})

    page = await page_at(client, "/?q=linus")

    assert "No active member or guest matches “ linus ”" == page.one(class_="empty").one("h2").text
    assert "Search everybody: 1 person found" in page.one(class_="empty").text


@pytest.mark.parametrize("path", ["/", "/?q=script", f"/users/{TEAM}/U1"])
async def test_hostile_names_are_only_text(client: httpx.AsyncClient, slack: Slack, path: str) -> None:
    words = dict.fromkeys(("real_name", "display_name", "title", "pronouns", "status_text", "phone"), HOSTILE)
    pictures = {"is_custom_image": True, "image_72": "javascript:alert(1)", "image_512": "data:text/html,x"}
    await slack.says("U1", **words, **pictures, email="javascript:alert(1)//@x.y\"'><b>", name=HOSTILE, joined=True)
    await slack.says("U1", title=f"<img src=x onerror=alert(1)>{HOSTILE}")

    page = await page_at(client, path)

    assert 5 == len(page.all("script"))
    assert all(each.attributes["src"].startswith("/static/") for each in page.all("script"))
    assert [] == page.all("img")
    assert [] == [each for each in page.all() if {"onload", "onerror", "style"} & each.attributes.keys()]
    assert [] == [each for each in page.all("a") if each.attributes["href"].startswith(("javascript", "data"))]
    assert "\u202e" not in page.one("title").text
    assert "<script>alert('x')</script>" in page.text


async def test_every_answer_carries_a_strict_policy(client: httpx.AsyncClient) -> None:
    for path in ("/", "/healthz", "/nowhere", "/users/T/U"):
        headers = (await client.get(path)).headers

        assert "script-src 'self';" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert (
            "img-src 'self' https://*.slack-edge.com https://secure.gravatar.com " in headers["content-security-policy"]
        )
        assert ("nosniff", "same-origin") == (headers["x-content-type-options"], headers["referrer-policy"])


async def test_pages_are_whole_without_script_or_inline_style(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.says("U1", real_name="Ada", joined=True)

    page = await page_at(client)

    assert [] == page.all("style")
    assert "/" == page.one("form", role="search").attributes["action"]
    assert 1 == len(page.all("h1"))
    assert "#results" == page.all("a")[0].attributes["href"]


async def test_static_files_may_be_kept_for_ever_and_pages_are_asked_for_each_time(
    client: httpx.AsyncClient, slack: Slack
) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada"})
    page = await client.get("/")
    style = read(page.text).one("link", rel="stylesheet").attributes["href"]

    assert "private, no-cache" == page.headers["cache-control"]
    assert "public, max-age=31536000, immutable" == (await client.get(style)).headers["cache-control"]
    assert 404 == (await client.get("/static/000000000000/style.css")).status_code
    assert 404 == (await client.get("/static/x/..%2f..%2fapp.py")).status_code


async def test_what_just_happened_is_told_in_sentences(client: httpx.AsyncClient, slack: Slack, clock: Clock) -> None:
    await slack.says("U1", real_name="Ada Lovelace", title="Analyst", joined=True)
    clock.passes(seconds=60)
    await slack.says("U1", title="Chief Engineer")
    clock.passes(seconds=14)

    page = await page_at(client)

    assert ["Ada Lovelace is now Chief Engineer", "Ada Lovelace joined"] == [
        each.text for each in page.all("p", class_="news-words")
    ]
    assert "14 seconds ago" == page.all("time", class_="news-at")[0].text


async def test_news_are_of_members_and_guests_alone(client: httpx.AsyncClient, slack: Slack, clock: Clock) -> None:
    await slack.says("U1", real_name="Ada", joined=True)
    await slack.says("U2", real_name="Gail", joined=True, is_restricted=True)
    for number in range(15):
        await slack.says(f"U{10 + number}", real_name=f"Foreign {number}", joined=True, is_stranger=True)
        await slack.says(f"U{40 + number}", real_name=f"Robot {number}", is_bot=True)
    clock.passes(seconds=2)
    await slack.says("U40", real_name="Robot the second")
    page = await page_at(client)

    assert ["Gail joined", "Ada joined"] == [each.one("p").text for each in page.one("ol", id="news").all("li")]


async def test_the_page_says_how_fresh_it_is(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada"})

    page = await page_at(client)

    assert "As of 14 seconds ago . Last full check today at 16:41 UTC." == page.one(id="fresh").text
    assert "Live" == page.one(id="dot").text
    assert page.one(class_="ribbon").text.startswith("A demonstration: these people are invented")


async def test_offline_is_said_and_takes_nobody_off_the_page(
    client: httpx.AsyncClient, slack: Slack, service: Service, clock: Clock
) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada"})
    service.is_now(sockets=0, last_heard_at=clock() - timedelta(minutes=11), trouble="Slack refused <the> token.")

    page = await page_at(client, tz="Europe/Lisbon")

    assert ["Ada"] == names(page)
    assert "Offline since 16:31" == page.one(id="dot").text
    assert ["Offline since 16:31. You see people as they were then.", "Slack refused <the> token."] == [
        each.text for each in page.all(class_="note-bar")
    ]


async def test_the_first_reading_shows_its_count_and_looks_again_by_itself(
    client: httpx.AsyncClient, service: Service, clock: Clock
) -> None:
    service.is_now(walk=web.Walk(812, clock()), walked_at=None)

    page = await page_at(client)

    assert "Reading people from Slack" == page.one("h1").text
    assert "812 people so far" in page.one(class_="empty").text
    assert ["2"] == [each.attributes["content"] for each in page.all("meta") if "http-equiv" in each.attributes]


async def test_before_the_first_reading_the_page_says_why_there_is_nobody(
    client: httpx.AsyncClient, service: Service
) -> None:
    service.is_now(walked_at=None)
    soon = await page_at(client)
    service.is_now(trouble="The app lacks the permission users:read.")
    refused = await page_at(client)

    assert ["Nobody has been read yet"] * 2 == [page.one("h1").text for page in (soon, refused)]
    assert "That begins in a moment." in soon.one(class_="empty").text
    assert "The note above says why. It is tried again by itself" in refused.one(class_="empty").text
    assert ["The app lacks the permission users:read."] == [each.text for each in refused.all(class_="note-bar")]
    assert ["Not read yet"] * 2 == [page.one(id="dot").text for page in (soon, refused)]


async def test_midnight_is_written_with_its_day(
    client: httpx.AsyncClient, slack: Slack, clock: Clock, service: Service
) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada", "tz": "Asia/Shanghai"})
    clock.passes(minutes=-42)
    service.is_now(sockets=0, last_heard_at=clock())

    time = (await page_at(client, tz="Europe/Lisbon")).one("div", class_="time").one("time")
    dot = (await page_at(client, tz="Asia/Shanghai")).one(id="dot")

    assert ("Tue 00:00", "00:00") == (time.text, time.attributes["datetime"])
    assert "Offline since today at 00:00" == dot.text


async def test_a_profile_tells_clock_contact_and_history(client: httpx.AsyncClient, slack: Slack, clock: Clock) -> None:
    person = {"real_name": "Diego Fuentes", "first_name": "Diego", "tz": "America/Mexico_City", "title": "Support"}
    await slack.says("U1", **person, email="diego@m.example", phone="+52 (55) 5550-0142", name="diego", joined=True)
    clock.passes(days=1)
    await slack.says("U1", title="Support Lead")

    page = await page_at(client, f"/users/{TEAM}/U1", tz="Europe/Lisbon")
    links = [each.attributes["href"] for each in page.one("aside", class_="contact").all("a")]

    assert "10:42 Tuesday in Mexico City , 6 h behind you" == page.one(class_="clock-line").text
    assert "You overlap for 3 hours, 15:00 to 18:00 your time." in page.one(class_="clock-words").text
    card = f"/users/{TEAM}/U1/card.vcf"
    email, phone = "mailto:diego@m.example", "tel:+525555500142"
    assert [f"slack://user?team={TEAM}&id=U1", phone, email, card, email, phone] == links
    assert ["24 November Title changed from Support to Support Lead", "23 November Joined Meridian"] == [
        each.text for each in page.one("ol", class_="history").all("li")
    ]


async def test_an_erased_user_has_no_page(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.says("U1", real_name="Ada")
    await slack.says("U1", is_forgotten=True)

    assert 404 == (await client.get(f"/users/{TEAM}/U1")).status_code


@pytest.mark.parametrize(
    ("status_code", "title", "path"),
    [
        (404, "Nothing is here", "/users/T0/U404"),
        (404, "Nothing is here", "/nowhere"),
        (400, "This link is incomplete", "/?after=nonsense"),
    ],
)
async def test_failures_are_pages_in_words(
    client: httpx.AsyncClient, slack: Slack, status_code: int, title: str, path: str
) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada"})

    answer = await client.get(path)

    assert (status_code, title) == (answer.status_code, read(answer.text).one("h1").text)


@pytest.mark.runs_on("sqlite", because="its file is overwritten; the stories take a server's database away")
async def test_a_database_away_is_said_with_a_code_that_the_log_knows(
    client: httpx.AsyncClient, store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await store.close()
    (tmp_path / "usersync.sqlite3").write_bytes(b"this is no database" * 100)

    with caplog.at_level(logging.ERROR):
        answer = await client.get("/?q=a")
    page = read(answer.text)

    assert (503, "This page could not be made") == (answer.status_code, page.one("h1").text)
    assert page.one("strong").text in caplog.text
    assert "/?q=a" == page.one("a", class_="button-main").attributes["href"]


@pytest.mark.runs_on("sqlite", because="its file is overwritten; the stories take a server's database away")
async def test_health_needs_no_database(client: httpx.AsyncClient, store: Store, tmp_path: Path) -> None:
    await store.close()
    (tmp_path / "usersync.sqlite3").write_bytes(b"this is no database" * 100)

    assert {"status": "ok", "version": "0.1.0"} == (await client.get("/healthz")).json()


@pytest.mark.parametrize("folder", VENDORED, ids=lambda folder: folder.parent.name)
def test_vendored_files_are_what_their_checksums_say(folder: Path) -> None:
    sums = dict(reversed(line.split()) for line in (folder / "SHA256SUMS").read_text().splitlines())

    assert sums == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.js")}
    assert list(folder.glob("LICENSE-*.txt"))


async def test_a_page_of_failure_bears_the_name_of_the_house_and_does_not_claim_to_be_live(
    store: Store, service: Service, clock: Clock, client: httpx.AsyncClient, database_url: str
) -> None:
    missing = await client.get("/nowhere")
    await written(database_url, "DROP TABLE users")
    away = await client.get("/")

    assert (404, 503) == (missing.status_code, away.status_code)
    assert ["Meridian", "Meridian"] == [read(each.text).one("a", class_="brand").text for each in (missing, away)]
    assert ["Live", "Database away"] == [read(each.text).one(id="dot").text for each in (missing, away)]
