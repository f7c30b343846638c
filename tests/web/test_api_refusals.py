"""The API's door: shut for every key but the right one, and each refusal says how to mend it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

import web
from db import Store
from db.records import TokenScope
from tests.support.locks import held, written
from tests.support.programs import a_token, bearing, revoke_all
from tests.support.promptness import promptly
from tests.support.refusing import refuse
from tests.support.streams import from_now_on
from tests.web.conftest import TEAM, Clock, Service, Slack, serving
from tests.web.test_door import MERIDIAN, a_door, signs_in
from web.proxied import TrustedProxy

CLOSED = ("/api/v1/users", f"/api/v1/users/{TEAM}/U1", "/api/v1/changes")


@pytest.fixture
def app(store: Store, clock: Clock, service: Service) -> Starlette:
    return web.create_app(
        store=store, bell=store.bell, status=service, clock=clock, door=a_door(), workspaces=lambda: (MERIDIAN,)
    )


@pytest.fixture(autouse=True)
async def _ada(slack: Slack) -> None:
    await slack.says("U1", real_name="Ada Lovelace", email="ada@meridian.example")


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Tell status and word, once it is sure that the answer is for programs, helpful, and tells of nobody."""
    found: dict[str, Any] = answer.json()
    assert {"error", "message"} == found.keys()
    assert "application/json" == answer.headers["content-type"]
    assert found["message"].endswith((".", "`."))
    assert "Ada" not in answer.text
    return answer.status_code, found["error"]


@pytest.mark.parametrize("path", [*CLOSED, "/api/v1/nothing", "/api", "/api/"])
async def test_without_a_key_nothing_opens(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={"Accept": "text/html"})

    assert (401, "unauthorized") == problem(answer)
    assert 'Bearer realm="usersync"' == answer.headers["www-authenticate"]
    assert "usersync token create" in answer.json()["message"]


@pytest.mark.parametrize("path", [*CLOSED, "/api/v1/nothing"])
@pytest.mark.parametrize("text", ["", "x", "usersync_x", "\x7f", "' OR 1=1 --", "x" * 10_000])
async def test_a_wrong_token_opens_nothing(client: httpx.AsyncClient, path: str, text: str) -> None:
    answer = await client.get(path, headers=bearing(text))

    assert (401, "invalid_token") == problem(answer)
    assert 'Bearer realm="usersync", error="invalid_token"' == answer.headers["www-authenticate"]


@pytest.mark.parametrize("path", CLOSED)
async def test_an_old_or_revoked_token_opens_nothing(
    client: httpx.AsyncClient, store: Store, clock: Clock, path: str
) -> None:
    old = await a_token(store, now=clock(), lifetime=timedelta(days=1))
    revoked = await a_token(store, now=clock())
    was_good = [(await client.get(path, headers=bearing(each))).status_code for each in (old, revoked)]
    clock.passes(days=1)
    await revoke_all(store, now=clock())

    assert [200, 200] == was_good
    for each in (old, revoked):
        assert (401, "invalid_token") == problem(await client.get(path, headers=bearing(each)))


@pytest.mark.parametrize("path", CLOSED)
async def test_a_token_without_the_scope_opens_nothing(
    client: httpx.AsyncClient, store: Store, clock: Clock, path: str
) -> None:
    wanted = TokenScope.CHANGES if path.endswith("changes") else TokenScope.USERS
    text = await a_token(store, now=clock(), scopes=set(TokenScope) - {wanted})

    answer = await client.get(path, headers=bearing(text))

    assert (403, "insufficient_scope") == problem(answer)
    assert f'error="insufficient_scope", scope="{wanted}"' in answer.headers["www-authenticate"]


async def test_a_token_of_another_workspace_sees_nobody(client: httpx.AsyncClient, store: Store, clock: Clock) -> None:
    headers = bearing(await a_token(store, now=clock(), team_id="T0OTHER001"))

    listed = (await client.get("/api/v1/users", headers=headers)).json()
    asked = await client.get("/api/v1/users", headers=headers, params={"team_id": TEAM})
    told = (await client.get("/api/v1/changes?after=e30", headers=headers)).json()

    assert [] == listed["users"] == asked.json()["users"] == told["changes"]
    assert (404, "not_found") == problem(await client.get(f"/api/v1/users/{TEAM}/U1", headers=headers))
    assert "e30" == told["position"]  # {}: not even how busy the other one is


async def test_a_wrong_token_is_refused_beside_a_good_session(
    client: httpx.AsyncClient, store: Store, clock: Clock
) -> None:
    await signs_in(client, store, clock, "U1")

    assert 200 == (await client.get("/api/v1/users")).status_code
    for path in CLOSED:
        assert (401, "invalid_token") == problem(await client.get(path, headers=bearing("usersync_x")))
    assert 401 == (await client.get("/live", headers=bearing("usersync_x"))).status_code


@pytest.mark.parametrize("told", [{"deleted": True}, {"is_restricted": True}, {"is_stranger": True}])
async def test_the_session_of_whom_the_door_refuses_opens_nothing(
    client: httpx.AsyncClient, slack: Slack, store: Store, clock: Clock, told: dict[str, bool]
) -> None:
    await signs_in(client, store, clock, "U1")
    clock.passes(seconds=1)
    await slack.says("U1", **told)

    for path in CLOSED:
        assert (403, "forbidden") == problem(await client.get(path))


async def test_a_token_opens_no_page(client: httpx.AsyncClient, store: Store, clock: Clock) -> None:
    headers = bearing(await a_token(store, now=clock(), scopes=set(TokenScope)))

    for path in ("/", f"/users/{TEAM}/U1"):
        assert 401 == (await client.get(path, headers=headers)).status_code


@pytest.mark.parametrize("name", ["token", "access_token"])
async def test_a_token_in_the_address_is_none(client: httpx.AsyncClient, store: Store, clock: Clock, name: str) -> None:
    text = await a_token(store, now=clock())

    assert (401, "unauthorized") == problem(await client.get("/api/v1/users", params={name: text}))
    assert 401 == (await client.get("/live", params={name: text})).status_code


async def test_another_scheme_is_not_taken_for_a_token(client: httpx.AsyncClient, store: Store, clock: Clock) -> None:
    text = await a_token(store, now=clock())

    assert (401, "unauthorized") == problem(await client.get(CLOSED[0], headers={"Authorization": f"Basic {text}"}))
    assert 200 == (await client.get(CLOSED[0], headers={"Authorization": f"bEARER  {text}"})).status_code


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", CLOSED)
async def test_nothing_can_be_written(
    client: httpx.AsyncClient, store: Store, clock: Clock, method: str, path: str
) -> None:
    headers = bearing(await a_token(store, now=clock(), scopes=set(TokenScope)))

    answer = await client.request(method, path, headers=headers)

    assert (405, "method_not_allowed") == problem(answer)
    assert {"GET", "HEAD"} == set(answer.headers["allow"].split(", "))
    assert (401, "unauthorized") == problem(await client.request(method, path))


async def test_what_does_not_exist_is_told_to_whom_a_token_lets_in(
    client: httpx.AsyncClient, store: Store, clock: Clock
) -> None:
    headers = bearing(await a_token(store, now=clock()))

    for path in ("/api", "/api/v1", "/api/v1/user", f"/api/v1/users/{TEAM}", "/api/v1/users/x/y"):
        assert (404, "not_found") == problem(await client.get(path, headers=headers))


async def test_a_database_that_is_away_is_told_in_words(
    client: httpx.AsyncClient, store: Store, clock: Clock, database_url: str
) -> None:
    headers = bearing(await a_token(store, now=clock()))
    await written(database_url, "DROP TABLE users")
    without_users = await client.get("/api/v1/users", headers=headers)
    await written(database_url, "DROP TABLE api_tokens")
    without_tokens = await client.get("/api/v1/users", headers=headers)

    assert (503, "unavailable") == problem(without_users) == problem(without_tokens)
    assert "5" == without_users.headers["retry-after"] == without_tokens.headers["retry-after"]


async def test_a_database_that_cannot_be_written_is_in_nobodys_way(
    client: httpx.AsyncClient, store: Store, clock: Clock, database_url: str
) -> None:
    headers = bearing(await a_token(store, now=clock()))
    await refuse(database_url, "UPDATE", "api_tokens")
    answers = [(await client.get("/api/v1/users", headers=headers)).status_code for _ in range(3)]

    assert [200, 200, 200] == answers


async def test_a_database_that_something_else_holds_delays_no_answer(
    app: Starlette, store: Store, clock: Clock, database_url: str
) -> None:
    headers = bearing(await a_token(store, now=clock()))
    answers: list[int] = []
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        await client.get("/healthz")
        async with held(database_url):

            async def a_program_asks(_: int) -> None:
                clock.passes(minutes=2)  # so that its use is to be written down
                answers.append((await client.get("/api/v1/users", headers=headers)).status_code)

            await promptly(a_program_asks, within_s=1)  # the engine waits for two seconds

    assert {200} == {*answers}


async def test_uses_are_written_down_once_a_minute(client: httpx.AsyncClient, store: Store, clock: Clock) -> None:
    headers = bearing(await a_token(store, now=clock()))
    begun = clock()
    for _ in range(3):
        await client.get("/api/v1/users", headers=headers)
        clock.passes(seconds=20)
    async with store.reading() as rx:
        (first,) = await rx.api_tokens.list_tokens()
    await client.get("/api/v1/users", headers=headers)
    async with store.reading() as rx:
        (second,) = await rx.api_tokens.list_tokens()

    assert begun == first.last_used_at
    assert clock() == second.last_used_at


async def test_a_refused_request_is_no_use(client: httpx.AsyncClient, store: Store, clock: Clock) -> None:
    text = await a_token(store, now=clock(), scopes={TokenScope.CHANGES})
    await client.get("/api/v1/users", headers=bearing(text))
    async with store.reading() as rx:
        (token,) = await rx.api_tokens.list_tokens()

    assert token.last_used_at is None


async def test_the_stream_of_a_revoked_token_ends_within_two_seconds(
    app: Starlette, slack: Slack, store: Store, clock: Clock
) -> None:
    headers = bearing(await a_token(store, now=clock(), scopes={TokenScope.CHANGES}))
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        async with client.stream("GET", "/live", headers=headers, timeout=10) as stream:
            lines = stream.aiter_lines()
            await from_now_on(lines)
            clock.passes(seconds=2)
            await slack.says("U1", title="Countess")
            first = await anext(line async for line in lines if line.startswith("data: "))
            await revoke_all(store, now=clock())
            clock.passes(seconds=1)
            async with asyncio.timeout(12):
                async for _ in lines:
                    clock.passes(seconds=1)
        again = await client.get("/live", headers=headers)

    assert "U1" in first
    assert 401 == again.status_code


async def test_a_stream_needs_the_scope(client: httpx.AsyncClient, store: Store, clock: Clock) -> None:
    answer = await client.get("/live", headers=bearing(await a_token(store, now=clock(), scopes={TokenScope.USERS})))

    assert 403 == answer.status_code
    assert "usersync token create NAME --scope changes:read" in answer.text


@pytest.fixture
async def proxied(store: Store, clock: Clock, service: Service) -> AsyncIterator[httpx.AsyncClient]:
    door = a_door(proxy=TrustedProxy("X-Email", (ip_network("127.0.0.1"),)))
    app = web.create_app(store=store, bell=store.bell, status=service, clock=clock, door=door)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        yield client


@pytest.mark.parametrize(
    ("headers", "status_code"),
    [
        (bearing("eyJhbGciOiJSUzI1NiJ9.e30.x"), 401),
        (bearing("eyJhbGciOiJSUzI1NiJ9.e30.x") | {"X-Email": "ada@meridian.example"}, 200),
        (bearing("usersync_x") | {"X-Email": "ada@meridian.example"}, 401),
    ],
    ids=["a foreign token", "a foreign token beside a name", "a wrong token beside a name"],
)
async def test_a_proxy_may_send_along_a_token_of_its_own(
    proxied: httpx.AsyncClient, headers: dict[str, str], status_code: int
) -> None:
    answers = [await proxied.get("/api/v1/users", headers=headers), await proxied.head("/live", headers=headers)]

    assert [status_code] * 2 == [each.status_code for each in answers]
