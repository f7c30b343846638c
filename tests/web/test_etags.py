"""Asking again for what has not changed: it is told in no words, at no cost, and to nobody who may not know."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

import web
from bot.housekeeping import prune
from db import Store, mark_missing
from db.recording import set_hidden
from db.records import TokenScope, Workspace
from tests.web.conftest import TEAM, Clock, Service, Slack
from tests.web.test_door import a_door, signs_in
from web.address import Address

PAGES = ("/", "/?q=ada", "/?kind=bot&kind=member", f"/users/{TEAM}/U1")
DATA = ("/api/v1/users", "/api/v1/users?q=ada", f"/api/v1/users/{TEAM}/U1")
PUBLIC = "https://people.example.com"


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """Collect what the database is asked meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    engine = store._reader.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(engine, "before_cursor_execute", note)


@asynccontextmanager
async def a_house(
    store: Store, clock: Clock, service: Service, public_url: str = PUBLIC, **options: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A directory with a door, and somebody's browser in front of it."""
    app = web.create_app(
        store=store,
        bell=store.bell,
        status=service,
        clock=clock,
        door=a_door(public_url=public_url),
        address=Address(public_url),
        workspaces=lambda: (Workspace(TEAM, "Meridian"),),
        **options,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=public_url) as client:
        yield client


@pytest.fixture(autouse=True)
async def people(slack: Slack) -> None:
    await slack.says("U1", real_name="Ada Lovelace", title="Analyst", is_admin=True)
    await slack.says("U2", real_name="Adam Smith")


async def again(client: httpx.AsyncClient, path: str, tag: str, **headers: str) -> httpx.Response:
    return await client.get(path, headers={"If-None-Match": tag, **headers})


async def test_a_join_of_somebody_who_is_known_already_is_an_answer_that_has_changed(
    client: httpx.AsyncClient, slack: Slack
) -> None:
    path = "/api/v1/users?joined_since=2026-11-01"
    first = await client.get(path)
    await slack.says("U2", joined=True)
    second = await again(client, path, first.headers["etag"])

    assert [] == first.json()["users"]
    assert ["U2"] == [each["id"] for each in second.json()["users"]]


@pytest.mark.parametrize("path", [*PAGES, *DATA])
async def test_what_has_not_changed_is_not_made_again(client: httpx.AsyncClient, store: Store, path: str) -> None:
    first = await client.get(path)
    with statements(store) as asked:
        second = await again(client, path, first.headers["etag"])
        headed = await client.head(path, headers={"If-None-Match": first.headers["etag"]})

    assert [(200, True), (304, False), (304, False)] == [
        (each.status_code, bool(each.content)) for each in (first, second, headed)
    ]
    assert [first.headers["etag"]] * 2 == [second.headers["etag"], headed.headers["etag"]]
    assert "private, no-cache" == first.headers["cache-control"] == second.headers["cache-control"]
    assert {"Cookie", "Authorization"} < {each.strip() for each in second.headers["vary"].split(",")}
    assert 2 == len([each for each in asked if each != "BEGIN"]), asked


@pytest.mark.parametrize("path", [*PAGES, *DATA])
@pytest.mark.parametrize(
    "happens", ["a change", "a new person", "an erasure", "hiding", "missing", "a new name of the house"]
)
async def test_whatever_moves_is_told(
    client: httpx.AsyncClient, slack: Slack, store: Store, clock: Clock, path: str, happens: str
) -> None:
    tag = (await client.get(path)).headers["etag"]
    async with store.transaction() as tx:
        match happens:
            case "hiding":
                await set_hidden(tx, TEAM, "U2", is_hidden=True, now=clock())
            case "missing":
                await mark_missing(tx, TEAM, ["U2"], since=clock() + timedelta(days=1), now=clock())
            case "a new name of the house":
                await tx.workspaces.save_workspace(Workspace(TEAM, "Antemeridian"))
    match happens:
        case "a change":
            await slack.says("U1", status_text="At lunch")
        case "a new person":
            await slack.says("U3", real_name="Grace")
        case "an erasure":
            await slack.says("U2", is_forgotten=True)

    assert 200 == (await again(client, path, tag)).status_code


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_tells_the_time_and_how_the_service_is(
    client: httpx.AsyncClient, clock: Clock, service: Service, path: str
) -> None:
    tags = [(await client.get(path)).headers["etag"]]
    clock.passes(seconds=17)
    assert 304 == (await again(client, path, tags[0])).status_code
    for happens in (
        lambda: clock.passes(seconds=43),
        lambda: service.is_now(sockets=0),
        lambda: service.is_now(sockets=2, trouble="The disk is full. Make room."),
        lambda: service.is_now(trouble=None, amiss=("the last full check failed",)),
    ):
        happens()
        answer = await again(client, path, tags[-1])
        assert 200 == answer.status_code
        tags.append(answer.headers["etag"])

    assert len(tags) == len(set(tags))


@pytest.mark.parametrize("path", [*PAGES, *DATA])
async def test_what_holds_a_custom_status_holds_until_that_ends(
    client: httpx.AsyncClient, slack: Slack, clock: Clock, path: str
) -> None:
    ends = clock.now + timedelta(seconds=20)
    await slack.says("U1", status_text="At lunch", status_expiration=int(ends.timestamp()))
    first = await client.get(path)
    clock.passes(seconds=19)
    before = await again(client, path, first.headers["etag"])
    clock.passes(seconds=1)
    after = await again(client, path, first.headers["etag"])
    later = await again(client, path, after.headers["etag"])

    assert (200, 304, 200, 304) == tuple(each.status_code for each in (first, before, after, later))
    assert (True, False) == tuple(_shows_a_status(each.text) for each in (first, after))


def _shows_a_status(text: str) -> bool:
    """Say whether a status stands there, which the news of it are not."""
    return "data-ends" in text or '"status_text":"At lunch"' in text


@pytest.mark.parametrize("path", DATA)
async def test_data_tell_no_time(client: httpx.AsyncClient, clock: Clock, service: Service, path: str) -> None:
    tag = (await client.get(path)).headers["etag"]
    clock.passes(hours=5)
    service.is_now(sockets=0)

    assert 304 == (await again(client, path, tag)).status_code


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "tz=Asia%2FKolkata"},
        {"Cookie": "shape=cards"},
        {"HX-Request": "true"},
    ],
    ids=lambda each: "".join(each.values()),
)
async def test_what_a_page_is_made_for_is_in_its_tag(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    tag = (await client.get("/")).headers["etag"]

    assert 200 == (await again(client, "/", tag, **headers)).status_code
    assert (
        304
        == (await again(client, "/", (await client.get("/", headers=headers)).headers["etag"], **headers)).status_code
    )


async def test_a_tag_is_of_one_address_alone(client: httpx.AsyncClient) -> None:
    tags = [(await client.get(path)).headers["etag"] for path in (*PAGES, *DATA)]

    assert len(tags) == len(set(tags))
    assert 200 == (await again(client, "/?q=grace", tags[0])).status_code


async def test_tags_are_read_as_the_standard_says(client: httpx.AsyncClient) -> None:
    tag = (await client.get("/")).headers["etag"]
    assert tag.startswith('W/"')
    for told, status in {
        tag.removeprefix("W/"): 304,
        f'"x", {tag}': 304,
        f'W/"a,b",{tag},"c"': 304,
        "*": 304,
        '"x"': 200,
        "nonsense": 200,
        tag.strip('W/"'): 200,
        f'W/"x{tag[3:]}': 200,
        "": 200,
    }.items():
        assert status == (await again(client, "/", told)).status_code, told
    assert 404 == (await again(client, f"/users/{TEAM}/UNOBODY", "*")).status_code
    assert 404 == (await client.get(f"/users/{TEAM}/UNOBODY")).status_code
    assert "etag" not in (await client.get(f"/users/{TEAM}/UNOBODY")).headers


async def test_a_tag_survives_compression(client: httpx.AsyncClient) -> None:
    plain = await client.get("/", headers={"Accept-Encoding": "identity"})
    packed = await client.get("/", headers={"Accept-Encoding": "gzip"})

    assert "gzip" == packed.headers["content-encoding"]
    assert plain.headers["etag"] == packed.headers["etag"]
    assert "Accept-Encoding" in packed.headers["vary"]


async def test_a_page_that_was_printed_is_not_printed_again(
    client: httpx.AsyncClient, store: Store, clock: Clock, service: Service
) -> None:
    first = await client.get("/")
    clock.passes(seconds=20)
    with statements(store) as asked:
        second = await client.get("/")

    assert 1 == len(asked), asked
    assert "just now" in first.text
    assert "20 seconds ago" in second.text
    assert first.text.count("<li") == second.text.count("<li")


async def test_what_was_printed_for_one_is_shown_to_nobody_else(store: Store, clock: Clock, service: Service) -> None:
    async with a_house(store, clock, service) as admin, a_house(store, clock, service) as member:
        await signs_in(admin, store, clock, "U1")
        await signs_in(member, store, clock, "U2")
        pages = [await each.get("/") for each in (admin, member, admin, member)]
        await admin.post("/view-as", data={"as": "everyone"}, headers={"Origin": PUBLIC})
        as_everyone = await admin.get("/")

    assert [True, False] * 2 == ["/dead-letters" in each.text for each in pages]
    viewers = [re.findall(r'<a class="viewer-name"[^>]*><bdi>([^<]*)', each.text) for each in pages]
    assert [["Ada Lovelace"], ["Adam Smith"]] * 2 == viewers
    assert "/dead-letters" not in as_everyone.text
    assert "You see the directory as members do." in as_everyone.text


async def test_each_viewer_has_tags_of_their_own(store: Store, clock: Clock, service: Service) -> None:
    async with a_house(store, clock, service) as admin, a_house(store, clock, service) as member:
        await signs_in(admin, store, clock, "U1")
        await signs_in(member, store, clock, "U2")
        tag = (await admin.get("/")).headers["etag"]
        assert 304 == (await again(admin, "/", tag)).status_code
        assert 200 == (await again(member, "/", tag)).status_code
        await admin.post("/view-as", data={"as": "everyone"}, headers={"Origin": PUBLIC})

        assert 200 == (await again(admin, "/", tag)).status_code


async def test_of_an_old_page_nobody_is_told_that_it_still_holds_who_may_not_look_any_more(
    store: Store, clock: Clock, service: Service, slack: Slack
) -> None:
    async with a_house(store, clock, service) as admin, a_house(store, clock, service) as member:
        await signs_in(admin, store, clock, "U1")
        await signs_in(member, store, clock, "U2")
        tags = {path: (await admin.get(path)).headers["etag"] for path in (*PAGES, *DATA)}
        members = {path: (await member.get(path)).headers["etag"] for path in (*PAGES, *DATA)}
        await slack.says("U1", is_admin=False)
        assert {200} == {(await again(admin, path, tag)).status_code for path, tag in tags.items()}
        await slack.says("U2", deleted=True)
        assert {401, 403} == {(await again(member, path, tag)).status_code for path, tag in members.items()}
        tags = {path: (await admin.get(path)).headers["etag"] for path in (*PAGES, *DATA)}
        left = await admin.post("/signout", headers={"Origin": PUBLIC})

        assert {401} == {(await again(admin, path, tag)).status_code for path, tag in tags.items()}
        assert {401} == {(await again(admin, path, "*")).status_code for path in tags}
        assert '"cache"' == left.headers["clear-site-data"]


async def test_where_signing_out_could_not_empty_the_cache_no_browser_keeps_a_page(
    store: Store, clock: Clock, service: Service
) -> None:
    async with a_house(store, clock, service, "http://people.example.com") as client:
        await signs_in(client, store, clock, "U2")
        kept = [(await client.get(path)).headers["cache-control"] for path in (*PAGES, *DATA)]
        left = await client.post("/signout", headers={"Origin": "http://people.example.com"})

        assert {"no-store"} == set(kept)
        assert "clear-site-data" not in left.headers


async def test_a_program_asks_again_with_its_token(store: Store, clock: Clock, service: Service) -> None:
    async with store.transaction() as tx:
        tokens = [
            await tx.api_tokens.make(name, [TokenScope.USERS], now=clock(), team_id=TEAM) for name in ("one", "two")
        ]
    async with a_house(store, clock, service) as client:
        one, two = ({"Authorization": f"Bearer {token}"} for token in tokens)
        first = await client.get("/api/v1/users", headers=one)

        assert "private, no-cache" == first.headers["cache-control"]
        assert 304 == (await again(client, "/api/v1/users", first.headers["etag"], **one)).status_code
        assert 200 == (await again(client, "/api/v1/users", first.headers["etag"], **two)).status_code
        assert 401 == (await again(client, "/api/v1/users", first.headers["etag"])).status_code


async def test_another_process_is_another_build(app: Starlette, store: Store, clock: Clock, service: Service) -> None:
    other = web.create_app(store=store, bell=store.bell, status=service, clock=clock, demo=True)
    tags = []
    for each in (app, other):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(each), base_url="http://localhost") as client:
            tags.append((await client.get("/api/v1/users")).headers["etag"])

    assert tags[0] != tags[1]


async def test_a_page_that_was_there_before_still_keeps_the_layout_it_is_asked_for(client: httpx.AsyncClient) -> None:
    tags: dict[str, str] = {}
    for shape in ("cards", "list", "cards", "list", "cards"):
        path = f"/?view={shape}"
        answer = await client.get(path, headers={"If-None-Match": tags[shape]} if shape in tags else {})
        if tag := answer.headers.get("etag"):
            tags[shape] = tag

        assert shape == client.cookies["usersync_view"]


async def test_a_status_leaves_the_strip_with_the_hour_for_which_it_is_kept_although_nothing_else_moves(
    client: httpx.AsyncClient, store: Store, slack: Slack, clock: Clock
) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada"})
    await slack.says("U1", status_text="At the dentist", status_emoji=":tooth:", status_expiration=0)
    await slack.says("U1", status_text="", status_emoji="")
    assert "At the dentist" in (await client.get("/")).text

    clock.passes(minutes=61)
    await prune(store, now=clock(), history_keep=timedelta(days=365))

    assert "At the dentist" not in (await client.get("/")).text


async def test_no_answer_varies_by_less_than_another(client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.shows({"id": "U1", "real_name": "Ada"})
    whole = await client.get("/")
    same = await client.get("/", headers={"If-None-Match": whole.headers["etag"]})
    any_at_all = await client.get("/", headers={"If-None-Match": "*"})

    assert [304, 304] == [same.status_code, any_at_all.status_code]
    varied = [{each.strip() for each in answer.headers["vary"].split(",")} for answer in (whole, same, any_at_all)]
    assert varied[0] == varied[1] == varied[2]
