"""The door from inside the window: whose form counts, what a viewer is, and when an open stream ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser
from starlette.applications import Starlette

import web
from db import Store, mark_missing
from db.records import Kind, State, User, Workspace
from tests.support.browser import CHROMIUM, shapes
from tests.support.html import read
from tests.support.locks import written
from tests.support.streams import from_now_on
from tests.web.conftest import TEAM, Clock, Service, Slack, serving
from web.doorkeeper import Caller, Refusal, judge
from web.proxied import TrustedProxy
from web.viewer import Viewer, viewer_from

AXE = Path(__file__).parents[1] / "support/vendor/axe-4.14.1.min.js"
MERIDIAN = Workspace(TEAM, "Meridian")


async def nobody(_team_id: str, _user_id: str) -> User | None:
    """Slack knows nobody."""
    return None


def a_door(**options: Any) -> web.Door:
    return web.Door(key="a key for tests only", find_user=nobody, **options)


@pytest.fixture
def app(store: Store, clock: Clock, service: Service) -> Starlette:
    door = a_door()
    house = (MERIDIAN,)
    return web.create_app(
        store=store, bell=store.bell, status=service, clock=clock, door=door, workspaces=lambda: house
    )


async def signs_in(client: httpx.AsyncClient, store: Store, clock: Clock, user_id: str) -> None:
    async with store.transaction() as tx:
        token = await tx.signins.make(TEAM, user_id, now=clock())
    origin = str(client.base_url).rstrip("/")
    answer = await client.post("/signin", data={"token": token}, headers={"Origin": origin})
    assert 303 == answer.status_code


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("guests", [True, False])
def test_active_members_may_look_and_nobody_else(kind: Kind, state: State, guests: bool) -> None:
    user = User(team_id=TEAM, id="U1", kind=kind, state=state)
    may_look = state is State.ACTIVE and (kind is Kind.MEMBER or (kind is Kind.GUEST and guests))

    assert may_look == isinstance(judge(user, MERIDIAN, a_door(guests_may_sign_in=guests)), Caller)


def test_whoever_is_in_no_workspace_of_ours_may_not_look() -> None:
    for user, workspace in ((None, MERIDIAN), (User(team_id=TEAM, id="U1"), None), (None, None)):
        assert isinstance(judge(user, workspace, a_door(guests_may_sign_in=True)), Refusal)


@pytest.mark.parametrize("rank", ["is_admin", "is_owner", "is_primary_owner"])
def test_slacks_admins_and_owners_are_admins_here(rank: str) -> None:
    assert viewer_from(User(team_id=TEAM, id="U1", **{rank: True})).is_admin  # type: ignore[arg-type]
    assert Viewer(TEAM, "U1", "Ada", is_admin=False) == viewer_from(User(team_id=TEAM, id="U1", real_name="Ada"))


async def test_a_closed_page_tells_nothing_of_the_service(
    client: httpx.AsyncClient, slack: Slack, service: Service
) -> None:
    await slack.says("U1", real_name="Ada Lovelace")
    service.is_now(trouble="Slack refuses the list of Meridian.", sockets=0)

    for path in ("/", "/nowhere", "/signin", "/static/x/y", "/signout", "/signin?token=x"):
        text = (await client.get(path)).text
        assert not [word for word in ("Ada", "Meridian", "refuses", "Offline", "Live") if word in text], path


async def test_a_page_inside_tells_who_is_signed_in_wherever_one_is(
    client: httpx.AsyncClient, slack: Slack, store: Store, clock: Clock
) -> None:
    await slack.says("U1", real_name="<b>Ada</b>")
    await signs_in(client, store, clock, "U1")

    for path in ("/", f"/users/{TEAM}/U1", "/nowhere"):
        page = read((await client.get(path)).text)
        assert ("<b>Ada</b>", "Meridian") == (page.one(class_="viewer-name").text, page.one("a", class_="brand").text)


async def test_a_page_of_failure_tells_a_stranger_nothing(
    client: httpx.AsyncClient, slack: Slack, store: Store, clock: Clock, database_url: str
) -> None:
    await slack.says("U1", real_name="Ada")
    await signs_in(client, store, clock, "U1")
    await written(database_url, "DROP TABLE users")
    away = await client.get("/")  # who that is, only the table could have told

    assert 503 == away.status_code
    assert not [word for word in ("Ada", "Meridian", "Database away", "Live") if word in away.text]


async def listen(lines: AsyncIterator[str]) -> str:
    """Read until the next change, or the end."""
    async for line in lines:
        if line.startswith("data: "):
            return str(json.loads(line.removeprefix("data: "))["user_id"])
    return "the end"


async def goes_missing(slack: Slack) -> None:
    async with slack.store.transaction() as tx:
        since = slack.clock() + timedelta(seconds=1)
        await mark_missing(tx, TEAM, ["U1"], since=since, now=slack.clock())


def is_told(**values: Any) -> Callable[[Slack], Awaitable[None]]:
    """Let Slack say something of the reader."""

    async def happen(slack: Slack) -> None:
        await slack.says("U1", **values)

    return happen


@pytest.mark.parametrize(
    ("happens", "status_code"),
    [
        (is_told(is_restricted=True), 403),
        (is_told(is_stranger=True), 403),
        (is_told(deleted=True), 403),
        (is_told(is_forgotten=True), 403),
        (goes_missing, 403),
        (is_told(is_admin=False), 200),
    ],
    ids=["becomes a guest", "becomes external", "is deactivated", "is erased", "is missing", "is no admin any more"],
)
async def test_a_stream_ends_within_two_seconds_with_what_its_reader_may_see(
    app: Starlette,
    slack: Slack,
    store: Store,
    clock: Clock,
    happens: Callable[[Slack], Awaitable[None]],
    status_code: int,
) -> None:
    await slack.says("U1", real_name="Ada", is_admin=True)
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        await signs_in(client, store, clock, "U1")
        async with client.stream("GET", "/live", timeout=10) as stream:
            lines = stream.aiter_lines()
            await from_now_on(lines)
            clock.passes(seconds=1)
            await slack.says("U1", title="Countess")
            first = await listen(lines)
            clock.passes(seconds=1)
            await happens(slack)
            async with asyncio.timeout(12):
                second = await listen(lines)
        again = await client.head("/live")

    assert ("U1", "the end") == (first, second)
    assert status_code == again.status_code


async def test_a_stream_that_tells_to_start_again_asks_the_door_first(
    app: Starlette, slack: Slack, store: Store, clock: Clock
) -> None:
    await slack.says("U1", real_name="Ada")
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        await signs_in(client, store, clock, "U1")
        async with client.stream("GET", "/live", timeout=10) as stream:
            lines = stream.aiter_lines()
            await from_now_on(lines)
            clock.passes(seconds=1)
            await slack.says("U1", title="Countess")
            first = await listen(lines)
            async with store.transaction() as tx:  # what a reset leaves untold
                user = await tx.users.find_user(TEAM, "U1")
                assert user is not None
                await tx.users.update([replace(user, deleted=True, state=State.DEACTIVATED)])
            await slack.shows({"id": "U2", "real_name": "Grace"})
            async with asyncio.timeout(12):
                rest = [line async for line in lines if line.startswith(("event", "data"))]

    assert ("U1", []) == (first, rest)


async def is_demoted_untold(store: Store) -> None:
    """As in a first reading, of which no change tells."""
    async with store.transaction() as tx:
        user = await tx.users.find_user(TEAM, "U1")
        assert user is not None
        await tx.users.update([replace(user, is_admin=False)])


async def test_a_stream_does_not_keep_the_sight_of_who_was_an_admin(
    app: Starlette, slack: Slack, store: Store, clock: Clock
) -> None:
    await slack.says("U1", real_name="Ada", is_admin=True)
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        await signs_in(client, store, clock, "U1")
        async with client.stream("GET", "/live", timeout=10) as stream:
            lines = stream.aiter_lines()
            await from_now_on(lines)
            await is_demoted_untold(store)
            await slack.shows({"id": "U2", "real_name": "Grace"})
            async with asyncio.timeout(12):
                rest = [line async for line in lines if line.startswith(("event", "data", "id"))]

    assert [] == rest


@pytest.mark.parametrize("path", ["/live", "/live?view=directory"])
async def test_a_stream_does_not_outlive_the_address_by_which_a_proxy_names_its_reader(
    slack: Slack, store: Store, clock: Clock, service: Service, path: str
) -> None:
    await slack.says("U1", real_name="Ada", email="ada@x")
    door = a_door(proxy=TrustedProxy("X-Email", (ip_network("127.0.0.1"),)))
    app = web.create_app(store=store, bell=store.bell, status=service, clock=clock, door=door)
    async with (
        serving(app) as url,
        httpx.AsyncClient(base_url=url, headers={"X-Email": "ada@x"}) as client,
        client.stream("GET", path, timeout=10) as stream,
    ):
        lines = stream.aiter_lines()
        await from_now_on(lines)
        async with store.transaction() as tx:
            user = await tx.users.find_user(TEAM, "U1")
            assert user is not None
            await tx.users.update([replace(user, email="new@x", email_key="new@x")])
        clock.passes(seconds=1)
        async with asyncio.timeout(12):
            async for _ in lines:
                pass


async def test_a_stream_does_not_outlive_its_session(app: Starlette, slack: Slack, store: Store, clock: Clock) -> None:
    await slack.says("U1", real_name="Ada")
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        await signs_in(client, store, clock, "U1")
        async with client.stream("GET", "/live", timeout=10) as stream:
            lines = stream.aiter_lines()
            await from_now_on(lines)
            clock.passes(days=29)
            await slack.says("U2", real_name="Grace")
            before = await listen(lines)
            clock.passes(days=2)
            await slack.says("U3", real_name="Alan")
            after = await listen(lines)

    assert ("U2", "the end") == (before, after)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
@pytest.mark.parametrize(("width", "scheme"), shapes(320, 390, 1280))
async def test_the_pages_at_the_door_are_for_everybody(
    app: Starlette, browser: Browser, slack: Slack, store: Store, clock: Clock, scheme: Any, width: int
) -> None:
    await slack.says("U1", real_name="Constantina Papadopoulou-van der Westhuizen " + "Unbreakable" * 6, name="c" * 60)
    await slack.says("U2", real_name="Grace", is_restricted=True)
    async with store.transaction() as tx:
        member, guest = [await tx.signins.make(TEAM, user_id, now=clock()) for user_id in ("U1", "U2")]
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "bypass_csp": True}
    page = await browser.new_page(**options)
    async with serving(app) as url:
        for path in ("/", "/signin", f"/signin?token={member}", f"/signin?token={guest}", "/signin?token=x", "+"):
            if path == "+":  # inside, at last
                await page.goto(f"{url}/signin?token={member}")
                await page.get_by_role("button", name="Sign in").click()
                await page.wait_for_selector("h1 #count-words")
            else:
                await page.goto(url + path)
            await page.evaluate(AXE.read_text())
            found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert ([], width) == ([(each["id"], each["help"]) for each in found["violations"]], wide), path
        await page.close()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
async def test_on_a_phone_whoever_is_in_can_sign_out_everywhere_and_whoever_is_not_reads_the_command_whole(
    app: Starlette, browser: Browser, slack: Slack, store: Store, clock: Clock
) -> None:
    await slack.says("U1", real_name="Ada")
    async with store.transaction() as tx:
        token = await tx.signins.make(TEAM, "U1", now=clock())
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    async with serving(app) as url:
        await page.goto(url)
        word = await page.get_by_text("YOUR-SLACK-ID").bounding_box()
        await page.goto(f"{url}/signin?token={token}")
        await page.get_by_role("button", name="Sign in").click()
        await page.locator("#you > summary").click()
        link = page.get_by_role("link", name="everywhere")
        box = await link.bounding_box()
        await link.click()

        assert word is not None
        assert word["height"] < 24
        assert box is not None
        assert box["height"] >= 44
        assert f"{url}/signout" == page.url
        await page.close()


@pytest.mark.parametrize(
    ("path", "user", "words", "there"),
    [
        ("/runs", {}, "To the directory", "/"),
        ("/", {"is_restricted": True}, "Another way to sign in", "/signin"),
        ("/", {"deleted": True}, "Another way to sign in", "/signin"),
    ],
)
async def test_whoever_is_refused_is_led_on(
    client: httpx.AsyncClient, slack: Slack, store: Store, clock: Clock, path: str, user: Any, words: str, there: str
) -> None:
    await slack.says("U1", real_name="Ada")
    await signs_in(client, store, clock, "U1")
    await slack.says("U1", **user)
    answer = await client.get(path)
    link = read(answer.text).one("main").one("a")

    assert 403 == answer.status_code
    assert (words, there) == (link.text, link.attributes["href"])
