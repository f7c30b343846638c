"""Whose clock a page compares others with: the browser's, else that of who is signed in, else nobody's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import httpx
import pytest
from starlette.applications import Starlette

import web
from db import Store
from db.records import User
from tests.support.html import read
from tests.web.conftest import TEAM, Clock, Service, Slack, serving
from tests.web.test_door import MERIDIAN, a_door, signs_in
from web.viewer import viewer_from

TOKYO = "Asia/Tokyo"
"""Where Grace is, whom the viewer looks at: 01:42 on Tuesday."""


@pytest.fixture
def app(store: Store, clock: Clock, service: Service) -> Starlette:
    house = (MERIDIAN,)
    return web.create_app(
        store=store, bell=store.bell, status=service, clock=clock, door=a_door(), workspaces=lambda: house
    )


@pytest.fixture
async def viewer(client: httpx.AsyncClient, store: Store, clock: Clock, slack: Slack) -> httpx.AsyncClient:
    """Ada's browser, without script: it told us no zone."""
    await slack.says("U1", real_name="Ada", tz="Europe/Lisbon")
    await slack.says("U2", real_name="Grace", tz=TOKYO)
    await signs_in(client, store, clock, "U1")
    return client


async def told(client: httpx.AsyncClient, path: str, **headers: str) -> str:
    answer = await client.get(path, headers=headers)
    assert 200 == answer.status_code
    return read(answer.text).text


@pytest.mark.parametrize(
    ("path", "words"),
    [("/", "9 h ahead"), ("/?view=cards", "9 h ahead"), (f"/users/{TEAM}/U2", "9 h ahead of you")],
)
async def test_without_script_the_viewers_own_zone_counts(viewer: httpx.AsyncClient, path: str, words: str) -> None:
    assert words in await told(viewer, path)


async def test_the_browsers_zone_wins_for_it_is_where_the_viewer_sits(viewer: httpx.AsyncClient) -> None:
    assert "8 h ahead of you" in await told(viewer, f"/users/{TEAM}/U2", cookie=f"{cookies(viewer)}; tz=Europe%2FParis")


def cookies(client: httpx.AsyncClient) -> str:
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


async def test_a_zone_that_is_none_in_the_cookie_is_passed_over(viewer: httpx.AsyncClient) -> None:
    assert "9 h ahead of you" in await told(viewer, f"/users/{TEAM}/U2", cookie=f"{cookies(viewer)}; tz=Nowhere")


async def test_a_viewer_who_moves_gets_the_page_anew(
    viewer: httpx.AsyncClient, slack: Slack, store: Store, clock: Clock
) -> None:
    first = await viewer.get(f"/users/{TEAM}/U2")
    clock.passes(seconds=2)
    await slack.says("U1", tz="Europe/Paris")
    second = await viewer.get(f"/users/{TEAM}/U2", headers={"If-None-Match": first.headers["etag"]})

    assert 200 == second.status_code
    assert "Cookie" in second.headers["vary"]
    assert "8 h ahead of you" in read(second.text).text


async def test_the_stream_compares_with_the_viewers_own_clock(
    app: Starlette, slack: Slack, store: Store, clock: Clock
) -> None:
    await slack.says("U1", real_name="Ada", tz="Europe/Lisbon")
    await slack.says("U2", real_name="Grace", tz=TOKYO)
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        await signs_in(client, store, clock, "U1")
        after = (await client.get("/")).text.partition("after=")[2].partition('"')[0]
        clock.passes(seconds=2)
        await slack.says("U2", title="Admiral")
        async with client.stream("GET", f"/live?view=directory&after={after}") as answer:
            row = await the_row(answer.aiter_lines())

    assert "Admiral" in row
    assert "9 h ahead" in row


async def the_row(lines: AsyncIterator[str]) -> str:
    """Read a stream up to the end of the first message that holds a row."""
    text = ""
    async with asyncio.timeout(5):
        async for line in lines:
            text += line
            if '<li class="row' in text and not line:
                return text
    raise AssertionError("the stream has ended")


@pytest.mark.parametrize("tz", [None, "", "Nowhere/Atlantis", "Europe"])
def test_a_zone_that_nobody_knows_is_none(tz: str | None) -> None:
    assert viewer_from(User(team_id=TEAM, id="U1", tz=tz)).zone is None
    assert ZoneInfo(TOKYO) == viewer_from(User(team_id=TEAM, id="U1", tz=TOKYO)).zone


async def test_where_nobody_is_signed_in_nothing_is_compared(
    store: Store, clock: Clock, service: Service, slack: Slack
) -> None:
    await slack.says("U2", real_name="Grace", tz=TOKYO)
    app = web.create_app(store=store, bell=store.bell, status=service, clock=clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        text = await told(client, f"/users/{TEAM}/U2")

    assert "01:42" in text
    assert "of you" not in text
