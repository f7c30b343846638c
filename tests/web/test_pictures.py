"""Pictures: from where they may come, and what is seen where one does not come."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

import web
from db import Store
from tests.support.html import read
from tests.web.conftest import TEAM, Clock, Service, Slack
from web.address import Address
from web.pictures import SLACKS, Pictures, pictures_from

PARROT = "https://emoji.slack-edge.com/T0/party_parrot/1.gif"
FACE = "https://avatars.slack-edge.com/2026-11-23/1_72.png"
TEMPLATES = Path(web.__file__).parent / "templates"

Making = Callable[..., Starlette]


@pytest.fixture
def make_app(store: Store, clock: Clock, service: Service) -> Making:
    def make(**options: Any) -> Starlette:
        return web.create_app(store=store, bell=store.bell, status=service, clock=clock, **options)

    return make


async def pictures_on(app: Starlette, path: str = f"/users/{TEAM}/U1", base: str = "http://localhost") -> list[str]:
    """List what pictures a page loads from elsewhere."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        page = read((await client.get(path)).text)
    return [each.attributes["src"] for each in page.all("img")]


@pytest.mark.parametrize(
    "url",
    [
        FACE,
        PARROT,
        "https://a.slack-edge.com/df10d/img/avatars/ava_0001-512.png",
        "https://secure.gravatar.com/avatar/cb0c.jpg?s=512&d=https%3A%2F%2Fa.slack-edge.com%2Fa.png",
        "https://i0.wp.com/a.slack-edge.com/a.png?ssl=1",
        "https://avatars.slack-edge.com:443/a.png",
    ],
)
def test_pictures_come_from_where_slack_keeps_them(url: str) -> None:
    assert url == Pictures().shown(url)


@pytest.mark.parametrize(
    "url",
    [
        None, "", "javascript:alert(1)", "data:image/svg+xml,<svg/>", "//a.slack-edge.com/x.png", "https://", "http://[",
        "ftp://a.slack-edge.com/x", "http://a.slack-edge.com/x.png", "https://evil.example/x.png",
        "https://slack-edge.com.evil.example/x.png", "https://evilslack-edge.com/x.png", "https://slack-edge.com/x.png",
        "https://a.slack-edge.com@evil.example/x.png", "https://evil.example\\@a.slack-edge.com/x.png",
        "https://me:pass@a.slack-edge.com/x.png", "https://a.slack-edge.com:8443/x.png",
        "https://a.slack-edge.com/x.png 2x, https://evil.example/y", "https://a.slack-edge.com/\nx.png",
        "https://a.slack-edge.com:x/", "https://\u0430.slack-edge.com/x.png", "https://127.0.0.1/x.png",
    ],
)  # fmt: skip
def test_nothing_else_is_a_picture(url: str | None) -> None:
    assert "" == Pictures().shown(url)


def test_a_source_may_name_a_port_and_plain_http() -> None:
    simulator = Pictures(("http://127.0.0.1:4000",))

    assert "http://127.0.0.1:4000/faces/U1.svg?v=0" == simulator.shown("http://127.0.0.1:4000/faces/U1.svg?v=0")
    assert ["", ""] == [simulator.shown("http://127.0.0.1:4001/a"), simulator.shown(FACE)]


def test_a_page_that_came_over_https_loads_nothing_over_http() -> None:
    sources = ("http://127.0.0.1:4000", "https://secure.gravatar.com")

    assert sources == pictures_from(sources, is_https=False).sources
    assert sources[1:] == pictures_from(sources, is_https=True).sources


async def test_a_page_shows_slacks_pictures_and_sends_nobody_elsewhere(make_app: Making, slack: Slack) -> None:
    await slack.says("U1", real_name="Ada", is_custom_image=True, image_72=FACE, image_512="https://evil.example/512")
    await slack.says("U1", status_emoji=":party_parrot:", status_text="Dancing", status_emoji_url=PARROT)
    await slack.says("U2", real_name="Eve", is_custom_image=True, image_72="https://evil.example/72")
    await slack.says("U2", status_emoji=":spy:", status_text="Looking", status_emoji_url="https://evil.example/spy")

    assert [FACE, PARROT] == [each for each in await pictures_on(make_app(), "/") if "static" not in each][-2:]
    assert [PARROT] == await pictures_on(make_app())
    assert [] == await pictures_on(make_app(), f"/users/{TEAM}/U2")


async def test_where_initials_are_wanted_no_picture_is_on_a_page_and_the_policy_names_none(
    make_app: Making, slack: Slack
) -> None:
    await slack.says("U1", real_name="Ada", is_custom_image=True, image_72=FACE, image_512=FACE, image_192=FACE)
    await slack.says("U1", status_emoji=":party_parrot:", status_text="Dancing", status_emoji_url=PARROT)
    app = make_app(image_sources=())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        answers = [await client.get(path) for path in ("/", f"/users/{TEAM}/U1")]
        kept = (await client.get(f"/api/v1/users/{TEAM}/U1")).json()

    assert all("slack-edge" not in each.text for each in answers)
    assert all("img-src 'self';" in each.headers["content-security-policy"] for each in answers)
    assert all(read(each.text).all(class_="face")[-1].text == "A" for each in answers)
    assert FACE == kept["image_72"]


async def test_the_policy_lists_the_hosts_and_drops_plain_http_under_https(make_app: Making, slack: Slack) -> None:
    await slack.says("U1", real_name="Ada", is_custom_image=True, image_512="http://127.0.0.1:4000/faces/U1.svg")
    sources = ("http://127.0.0.1:4000", *SLACKS)
    plain, secure = "http://localhost", "https://people.example"
    apps = {plain: make_app(image_sources=sources)}
    apps[secure] = make_app(image_sources=sources, address=Address(secure))
    policies = {}
    for base, app in apps.items():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base) as client:
            policies[base] = (await client.get("/")).headers["content-security-policy"]

    assert f"img-src 'self' {' '.join(sources)};" in policies[plain]
    assert f"img-src 'self' {' '.join(SLACKS)};" in policies[secure]
    assert 1 == len(await pictures_on(apps[plain], base=plain))
    assert [] == await pictures_on(apps[secure], base=secure)


def test_every_template_shows_pictures_through_the_filter_alone() -> None:
    for template in TEMPLATES.glob("*.html"):
        text = template.read_text()
        shown = {name for found in re.findall(r"set ([\w, ]+) = [^%]*\| picture", text) for name in found.split(", ")}
        sources = re.findall(r'<(?:img|source)[^>]* src="\{\{ ([^}]+) \}\}"', text)
        sets = [
            each for found in re.findall(r' srcset="([^"]+)"', text) for each in re.findall(r"\{\{ ([^}]+) \}\}", found)
        ]

        assert set(sources + sets) <= shown, template.name
