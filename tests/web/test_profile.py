"""One person's page: what is known of them, what is said where something is not, and where it leads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

import web
from db import Store, mark_missing
from db.filters import CustomField
from db.recording import set_hidden
from db.visibility import Audience, Policy
from tests.support.html import Element, read
from tests.web.conftest import NOON, TEAM, Clock, Service, Slack

LISBON = {"cookie": "tz=Europe%2FLisbon"}
PROFILE = f"/users/{TEAM}/U1"
MARKED = (
    CustomField("Xf01", "Department"),
    CustomField("Xf02", "Manager"),
    CustomField("Xf03", "Page"),
    CustomField("Xf04", "Since"),
)

Opening = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def opened(store: Store, clock: Clock, service: Service) -> Opening:
    @asynccontextmanager
    async def open_it(**options: Any) -> AsyncIterator[httpx.AsyncClient]:
        app = web.create_app(store=store, bell=store.bell, status=service, clock=clock, **options)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            yield client

    return open_it


async def page_of(client: httpx.AsyncClient, path: str = PROFILE) -> Element:
    answer = await client.get(path, headers=LISBON)
    assert 200 == answer.status_code
    return read(answer.text)


def facts_on(page: Element) -> dict[str, str]:
    panels = page.all("dl", class_="facts")
    return {each.one("dt").text: each.one("dd").text for each in (panels[0].all("div") if panels else [])}


async def test_the_fields_that_the_operator_marked_stand_under_their_labels(opened: Opening, slack: Slack) -> None:
    fields = {
        "Xf01": {"value": "Customer", "alt": ""},
        "Xf02": {"value": "U2", "alt": ""} | {"value": "U2ABCDEFGH"},
        "Xf03": {"value": "https://wiki.example/ada/", "alt": "Her page"},
        "Xf04": {"value": "2025-03-03"},
        "Xf99": {"value": "nobody marked this"},
    }
    await slack.says("U2ABCDEFGH", real_name="Grace Hopper")
    await slack.says("U1", real_name="Ada", fields=fields)
    async with opened(custom_fields=MARKED) as client:
        page = await page_of(client)
    links = {each.text: each.attributes["href"] for each in page.one("dl", class_="facts").all("a")}

    assert [
        ("Department", "Customer"),
        ("Manager", "Grace Hopper"),
        ("Page", "Her page"),
        ("Since", "3 March 2025"),
    ] == [*facts_on(page).items()][:4]
    assert {"Grace Hopper": f"/users/{TEAM}/U2ABCDEFGH", "Her page": "https://wiki.example/ada/"} == links
    assert "nobody marked" not in page.text


@pytest.mark.parametrize(
    ("value", "alt", "text", "href"),
    [
        ("https://wiki.example/a", "", "wiki.example/a", "https://wiki.example/a"),
        ("https://evil.example/a", "https://bank.example", "evil.example/a", "https://evil.example/a"),
        ("https://evil.example/a", "www.bank.example", "evil.example/a", "https://evil.example/a"),
        ("ada@m.example", "", "ada@m.example", "mailto:ada@m.example"),
        ("mailto:ada@m.example", "Write", "Write", "mailto:ada@m.example"),
        ("javascript:alert(1)", "", "javascript:alert(1)", None),
        ("data:text/html,x", "Click", "Click", None),
        ("JAVASCRIPT://x.example/%0aalert(1)", "", "JAVASCRIPT://x.example/%0aalert(1)", None),
        ("https://me:pass@evil.example/", "", "https://me:pass@evil.example/", None),
        ("https://a.example/ and more", "", "https://a.example/ and more", None),
        ("//evil.example", "", "//evil.example", None),
        ("\u202egro.live//:sptth", "", "\u202egro.live//:sptth", None),
        ("2025-13-45", "", "2025-13-45", None),
        ("<b>bold</b>", "", "<b>bold</b>", None),
    ],
)
async def test_a_field_leads_only_where_it_says(
    opened: Opening, slack: Slack, value: str, alt: str, text: str, href: str | None
) -> None:
    await slack.says("U1", real_name="Ada", fields={"Xf01": {"value": value, "alt": alt}})
    async with opened(custom_fields=MARKED[:1]) as client:
        page = await page_of(client)
    links = [each.attributes["href"] for each in page.one("dl", class_="facts").all("a")]

    assert text == facts_on(page)["Department"]
    assert ([href] if href else []) == links


async def test_whom_the_viewer_does_not_see_a_field_names_only_in_slacks_own_words(
    opened: Opening, slack: Slack, store: Store
) -> None:
    await slack.says("UHIDDEN001", real_name="Grace Hopper")
    await slack.says("UERASED001", is_forgotten=True)
    fields = {
        "Xf01": {"value": "UHIDDEN001,UERASED001,UNOBODY001", "alt": ""},
        "Xf02": {"value": "UHIDDEN001", "alt": "Somebody"},
        "Xf03": {"value": 7, "alt": []},
        "Xf04": {},
    }
    await slack.says("U1", real_name="Ada", fields=fields)
    async with store.transaction() as tx:
        await set_hidden(tx, TEAM, "UHIDDEN001", is_hidden=True, now=NOON)
    async with opened(custom_fields=MARKED) as client:
        page = await page_of(client)

    assert {"Manager": "Somebody"} == {
        label: facts_on(page).get(label) for label in facts_on(page) if label == "Manager"
    }
    assert not {"Department", "Page", "Since"} & facts_on(page).keys()
    assert not [word for word in ("Grace", "UHIDDEN", "UERASED", "UNOBODY") if word in page.text]


async def test_a_field_that_is_for_admins_is_on_no_members_page(opened: Opening, slack: Slack) -> None:
    await slack.says("U1", real_name="Ada", fields={"Xf01": {"value": "Customer"}, "Xf04": {"value": "Berlin"}})
    async with opened(custom_fields=MARKED, policy=Policy({"Xf01": Audience.ADMINS})) as client:
        page = await page_of(client)

    assert ("Berlin", None) == (facts_on(page)["Since"], facts_on(page).get("Department"))


@pytest.mark.parametrize(
    ("values", "standing"),
    [
        ({"deleted": True}, "Deactivated in Slack. Left on 23 November."),
        ({"is_stranger": True, "home_team_id": "T0OTHER"}, "Belongs to another workspace."),
        ({}, None),
    ],
)
async def test_what_one_must_know_before_one_writes_is_said(
    client: httpx.AsyncClient, slack: Slack, values: dict[str, Any], standing: str | None
) -> None:
    await slack.says("U1", real_name="Ada", tz="Europe/London", **values)
    page = await page_of(client)

    assert ([standing] if standing else []) == [each.text for each in page.all("p", class_="standing")]
    assert bool(values.get("deleted")) is not bool(
        [each for each in page.all("a") if "slack:" in each.attributes["href"]]
    )


async def test_who_is_no_longer_listed_is_shown_as_last_known(
    client: httpx.AsyncClient, slack: Slack, store: Store, clock: Clock
) -> None:
    await slack.says("U1", real_name="Ada", title="Analyst", tz="Europe/London")
    clock.passes(minutes=1)
    async with store.transaction() as tx:
        await mark_missing(tx, TEAM, ["U1"], since=clock(), now=clock())
    clock.passes(days=20)
    page = await page_of(client)

    words = "No longer listed by Slack since 23 November. This is how they were last known."
    assert words == page.one(class_="standing").text
    assert "Analyst" == page.one(class_="lead").text
    assert [] == page.all(class_="clock")


@pytest.mark.parametrize(
    ("tz", "words"),
    [(None, "No time zone set"), ("", "No time zone set"), ("Nowhere/Atlantis", "This time zone is not known here")],
)
async def test_where_there_is_no_clock_the_page_says_why(
    opened: Opening, slack: Slack, tz: str | None, words: str
) -> None:
    await slack.says("U1", real_name="Ada", tz=tz)
    await slack.says("U2", real_name="Bot", is_bot=True)
    async with opened() as client:
        told = await page_of(client)
        of_bot = await page_of(client, f"/users/{TEAM}/U2")
    async with opened(policy=Policy({"tz": Audience.NOBODY})) as client:
        hidden = await page_of(client)

    assert [words] == [each.text for each in told.all("section") if each.attributes.get("aria-label") == "Local time"]
    assert [] == [each for page in (of_bot, hidden) for each in page.all("section") if "aria-label" in each.attributes]


async def test_a_weekend_says_when_working_hours_begin_again(
    client: httpx.AsyncClient, slack: Slack, clock: Clock
) -> None:
    await slack.says("U1", real_name="Ada", tz="America/Mexico_City")
    clock.now = datetime(2026, 11, 28, 18, 0, tzinfo=UTC)
    page = await page_of(client)

    begins = "Weekend now. Working hours begin again on Monday at 15:00 your time."
    assert f"{begins} On weekdays you overlap 15:00 to 18:00 your time." == page.one(class_="clock-words").text


async def test_slack_opens_in_the_app_or_in_the_browser(
    opened: Opening, client: httpx.AsyncClient, slack: Slack
) -> None:
    await slack.says("U1", real_name="Ada")
    async with opened() as real:
        links = [each.attributes["href"] for each in (await page_of(real)).one("aside", class_="contact").all("a")]
    invented = [each.attributes["href"] for each in (await page_of(client)).one("aside", class_="contact").all("a")]

    assert [f"slack://user?team={TEAM}&id=U1", "https://meridian.slack.com/team/U1"] == links[:2]
    assert not [each for each in invented if "slack.com" in each]  # nobody's Slack is asked for people who do not exist


async def test_the_details_say_as_of_when_slack_told_them(
    client: httpx.AsyncClient, slack: Slack, clock: Clock
) -> None:
    await slack.says("U1", real_name="Ada", tz="Europe/London")
    clock.passes(minutes=2, seconds=1)
    page = await page_of(client)

    assert "as Slack told them 2 minutes ago" == page.one(class_="panel-head").one("p").text


async def test_a_custom_status_says_when_it_ends_and_an_ended_one_is_not_there(
    client: httpx.AsyncClient, slack: Slack, clock: Clock
) -> None:
    ends = int(NOON.timestamp()) + 60
    await slack.says("U1", real_name="Ada", status_text="Lunch", status_emoji=":ramen:", status_expiration=ends)
    before = [await page_of(client, path) for path in (PROFILE, "/")]
    clock.passes(seconds=60)
    after = [await page_of(client, path) for path in (PROFILE, "/")]

    assert "🍜 Lunch until 16:43 your time" == before[0].one(class_="status-pill").text
    assert [str(ends)] * 2 == [
        page.one("p", class_=name).attributes["data-ends"]
        for page, name in zip(before, ("status-pill", "status"), strict=True)
    ]
    assert not [page for page in after if "Lunch" in page.text]


async def test_of_a_status_that_is_hidden_nothing_is_on_the_page(opened: Opening, slack: Slack) -> None:
    url = "https://emoji.slack-edge.com/T0/party_parrot/1.gif"
    await slack.says("U1", real_name="Ada", status_text="Lunch", status_emoji=":party_parrot:", status_emoji_url=url)
    async with opened(policy=Policy({"status": Audience.ADMINS})) as client:
        answers = [(await client.get(path)).text for path in (PROFILE, "/", f"/api/v1/users/{TEAM}/U1")]

    assert not [word for word in ("Lunch", "parrot") for answer in answers if word in answer]


async def test_who_was_erased_has_a_page_that_says_so_in_words(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.says("U1", real_name="Ada")
    await slack.says("U1", is_forgotten=True)
    answer = await client.get(PROFILE)

    assert (404, "Nothing is here") == (answer.status_code, read(answer.text).one("h1").text)
    assert "may have been erased" in answer.text


async def test_the_history_tells_kinds_roles_and_marked_fields(opened: Opening, slack: Slack, clock: Clock) -> None:
    await the_career_of_ada(slack, clock)
    async with opened(custom_fields=MARKED) as client:
        text = (await page_of(client)).one("ol", class_="history").text

    assert "Became a full member" in text
    assert "Became an admin" in text
    assert "Department changed from Marketing to Legal" in text
    assert "Manager changed from Mary Allen Wilkes to Grace Hopper" in text
    assert "secret" not in text


async def test_the_history_keeps_back_what_is_not_for_its_reader(opened: Opening, slack: Slack, clock: Clock) -> None:
    await the_career_of_ada(slack, clock)
    policy = Policy({"role": Audience.ADMINS, "Xf01": Audience.NOBODY})
    async with opened(custom_fields=MARKED, policy=policy) as client:
        text = (await page_of(client)).one("ol", class_="history").text

    assert "Became a full member" in text
    assert "Became an admin" not in text
    assert "Department" not in text
    assert "Manager changed" in text


async def the_career_of_ada(slack: Slack, clock: Clock) -> None:
    """From a guest in marketing to an admin in legal."""
    await slack.says("U2ABCDEFGH", real_name="Grace Hopper")
    await slack.says("U3ABCDEFGH", real_name="Mary Allen Wilkes")
    fields = {"Xf01": {"value": "Marketing"}, "Xf02": {"value": "U3ABCDEFGH"}, "Xf99": {"value": "secret"}}
    await slack.says("U1", real_name="Ada", is_restricted=True, is_admin=False, fields=fields)
    clock.passes(days=1)
    await slack.says("U1", is_restricted=False)
    clock.passes(days=1)
    fields = {"Xf01": {"value": "Legal"}, "Xf02": {"value": "U2ABCDEFGH"}, "Xf99": {"value": "top secret"}}
    await slack.says("U1", is_admin=True, fields=fields)
