"""Who may call which route: one table, held against the running application as every kind of caller."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

import web
from db import Store, mark_missing, record
from db.records import TokenScope, Workspace
from db.sessions import EVERYWHERE
from tests.support.factories import an_observation
from tests.support.locks import written
from tests.web.conftest import TEAM, Clock, Service, Slack, serving
from tests.web.test_door import a_door, nobody
from web.admits import Admits, GuardedRoute

OTHER_TEAM = "T0ELSEWHERE"
EVERYBODY = "everybody"
THE_SIGNED_IN = "the signed in"
ADMINS = "admins"
ADMINS_OR_OPEN = "admins, and everybody where the directory is open"

ROUTES = {
    # What a route is asked for, and whom it serves. A route of the application without a line here fails.
    "GET /": ("/", THE_SIGNED_IN),
    "GET /users/{team_id}/{user_id}": (f"/users/{TEAM}/USOMEBODY", THE_SIGNED_IN),
    "GET /users/{team_id}/{user_id}/card.vcf": (f"/users/{TEAM}/USOMEBODY/card.vcf", THE_SIGNED_IN),
    "GET /print": ("/print", THE_SIGNED_IN),
    "GET /export.csv": ("/export.csv", THE_SIGNED_IN),
    "GET /export.json": ("/export.json", THE_SIGNED_IN),
    "GET /export.vcf": ("/export.vcf", THE_SIGNED_IN),
    "GET /live": ("/live", THE_SIGNED_IN),
    "GET /api/v1/users": ("/api/v1/users", THE_SIGNED_IN),
    "GET /api/v1/users/{team_id}/{user_id}": (f"/api/v1/users/{TEAM}/USOMEBODY", THE_SIGNED_IN),
    "GET /api/v1/changes": ("/api/v1/changes", THE_SIGNED_IN),
    "GET /api/v1/openapi.json": ("/api/v1/openapi.json", EVERYBODY),
    "GET /whats-new": ("/whats-new", THE_SIGNED_IN),
    "GET /runs": ("/runs", ADMINS_OR_OPEN),
    "POST /runs/resync": ("/runs/resync", ADMINS),
    "POST /runs/confirm": ("/runs/confirm", ADMINS),
    "POST /dead-letters/replay": ("/dead-letters/replay", ADMINS),
    "GET /dead-letters/drop": ("/dead-letters/drop", ADMINS),
    "POST /dead-letters/drop": ("/dead-letters/drop", ADMINS),
    "GET /dead-letters": ("/dead-letters", ADMINS),
    "POST /view-as": ("/view-as", THE_SIGNED_IN),
    "POST /choices": ("/choices", THE_SIGNED_IN),
    "GET /signin": ("/signin", EVERYBODY),
    "POST /signin": ("/signin", EVERYBODY),
    "GET /signin/slack": ("/signin/slack", EVERYBODY),
    "GET /signin/slack/callback": ("/signin/slack/callback", EVERYBODY),
    "GET /signout": ("/signout", EVERYBODY),
    "POST /signout": ("/signout", EVERYBODY),
    "GET /healthz": ("/healthz", EVERYBODY),
    "GET /readyz": ("/readyz", EVERYBODY),
    "GET /metrics": ("/metrics", EVERYBODY),
    "GET /static/{digest}/{name}": ("/static/0/style.css", EVERYBODY),
}
AUDIENCES = {
    EVERYBODY: Admits.ANYBODY,
    THE_SIGNED_IN: Admits.VIEWERS,
    ADMINS: Admits.ADMINS,
    ADMINS_OR_OPEN: Admits.ADMINS_OR_OPEN,
}
BEGINNINGS = {
    Admits.ANYBODY: "everybody",
    Admits.VIEWERS: "who is signed in",
    Admits.ADMINS: "admins",
    Admits.ADMINS_OR_OPEN: "admins; where the directory is open, figures for everybody",
}
"""How docs/security.md begins to say it."""
FOR_TOKENS = {
    "GET /live": TokenScope.CHANGES,
    "GET /api/v1/users": TokenScope.USERS,
    "GET /api/v1/users/{team_id}/{user_id}": TokenScope.USERS,
    "GET /api/v1/changes": TokenScope.CHANGES,
}
"""What a program may call, and with which scope."""
SERVED = (200, 303)


@dataclass(frozen=True)
class Caller:
    """Somebody who signed in as a member, what became of them since, and what the door makes of it."""

    becomes: dict[str, Any] | None = None
    """What Slack says of them after they signed in."""
    refused_with: int | None = 403
    """None for whoever is let in."""
    is_admin: bool = False
    team_id: str = TEAM
    key: str = "a key for tests only"
    """Signs their session; the directory's own is the default."""
    ago: timedelta = timedelta()


CALLERS = {
    "whose session another key has signed": Caller(refused_with=401, key="an older key of ours"),
    "who signed in long ago": Caller(refused_with=401, ago=timedelta(days=31)),
    "whom the table does not know": Caller(),
    "a guest": Caller({"is_restricted": True}),
    "a guest of one channel": Caller({"is_ultra_restricted": True}),
    "an external user": Caller({"is_stranger": True}),
    "a bot": Caller({"is_bot": True}),
    "deactivated": Caller({"deleted": True}),
    "deactivated, and an owner before": Caller({"deleted": True, "is_owner": True}),
    "a guest whom Slack calls an admin": Caller({"is_restricted": True, "is_admin": True}),
    "missing": Caller(),
    "erased": Caller({"is_forgotten": True}),
    "a viewer": Caller({}, refused_with=None),
    "signed out everywhere": Caller(refused_with=401),
    "a viewer of another workspace": Caller({}, refused_with=None, team_id=OTHER_TEAM),
    "an admin": Caller({"is_admin": True}, refused_with=None, is_admin=True),
}
COOKIELESS = {
    "nobody": {},
    "with a forged session": {"Cookie": "usersync_session=WyJUME1FUklESUFOIiwiVUEiLDE3OTU0NTIxMjBd.Zm9yZ2Vk"},
    "with no session but its name": {"Cookie": "usersync_session="},
    "with two sessions": {"Cookie": "usersync_session=a; usersync_session=b"},
    "with a token that is none": {"Authorization": "Bearer usersync_0000000000000000"},
    "who says a proxy has signed them in": {"X-Forwarded-Email": "ada@meridian.example", "Remote-User": "UA"},
}


def user_id_of(name: str) -> str:
    """Tell a caller's id."""
    return f"U{list(CALLERS).index(name):03}"


@pytest.fixture
async def sessions(
    store: Store, clock: Clock, slack: Slack, service: Service, database_url: str
) -> dict[str, dict[str, str]]:
    """Let everybody sign in while they still may; then much happens in Slack. Tells with which header each comes."""
    await slack.shows({"id": "USOMEBODY", "real_name": "Ada Lovelace"})
    async with store.transaction() as tx:
        for team_id in (TEAM, OTHER_TEAM):
            await tx.workspaces.save_workspace(Workspace(team_id, team_id, team_id.lower(), backfilled_at=clock()))
    await _are_said(store, clock, {name: {"deleted": False, "is_bot": False, "real_name": name} for name in CALLERS})
    found = {name: {"Cookie": await _signs_in(store, clock, service, name)} for name in CALLERS}
    clock.passes(seconds=10)
    await _are_said(store, clock, {name: each.becomes for name, each in CALLERS.items() if each.becomes})
    async with store.transaction() as tx:
        await mark_missing(tx, TEAM, [user_id_of("missing")], since=clock(), now=clock())
    await written(database_url, f"DELETE FROM users WHERE id = '{user_id_of('whom the table does not know')}'")
    async with store.transaction() as tx:
        user_id = user_id_of("signed out everywhere")
        await tx.sessions.end(TEAM, user_id, EVERYWHERE, now=clock(), forget_at=clock() + timedelta(days=30))
    return found


async def _are_said(store: Store, clock: Clock, told: dict[str, dict[str, Any]]) -> None:
    for team_id in (TEAM, OTHER_TEAM):
        seconds = int(clock().timestamp())
        seen = [
            an_observation(user_id_of(name), team_id=team_id, updated=seconds, moment=seconds * 1_000_000, **values)
            for name, values in told.items()
            if CALLERS[name].team_id == team_id
        ]
        async with store.transaction() as tx:
            await record(tx, team_id, seen, now=clock())


async def _signs_in(store: Store, clock: Clock, service: Service, name: str) -> str:
    caller = CALLERS[name]
    clock.now -= caller.ago
    door = web.Door(key=caller.key, find_user=nobody)
    app = web.create_app(store=store, bell=store.bell, status=service, clock=clock, door=door)
    async with store.transaction() as tx:
        token = await tx.signins.make(caller.team_id, user_id_of(name), now=clock())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        answer = await client.post("/signin", data={"token": token}, headers={"Origin": "http://localhost"})
    clock.now += caller.ago
    assert 303 == answer.status_code
    (cookie,) = (each for each in answer.headers.get_list("set-cookie") if each.startswith("usersync_session="))
    return cookie.partition(";")[0]


@pytest.fixture
def app(store: Store, clock: Clock, service: Service) -> Starlette:
    return web.create_app(store=store, bell=store.bell, status=service, clock=clock, door=a_door())


@pytest.fixture
def open_app(store: Store, clock: Clock, service: Service) -> Starlette:
    return web.create_app(store=store, bell=store.bell, status=service, clock=clock)


def routes_of(app: Starlette) -> dict[str, GuardedRoute]:
    """Name the routes as the table does; a HEAD is answered wherever a GET is."""
    found: dict[str, GuardedRoute] = {}
    for route in app.routes:
        assert isinstance(route, GuardedRoute), f"{getattr(route, 'path', route)} stands outside the guard"
        found |= {f"{method} {route.path}": route for method in (route.methods or set()) - {"HEAD"}}
    return found


async def ask(client: httpx.AsyncClient, line: str, **headers: str) -> tuple[int, str]:
    """Ask a route, and read its answer unless that is a stream, which has no end."""
    method, path = line.split()[0], ROUTES[line][0]
    told = {"Accept": "text/html", "Origin": str(client.base_url).rstrip("/"), **headers}
    async with client.stream(method, path, headers=told) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer.status_code, ""
        return answer.status_code, (await answer.aread()).decode()


def test_every_route_has_its_audience_here(app: Starlette) -> None:
    routes = routes_of(app)

    assert ROUTES.keys() == routes.keys()
    assert {line: AUDIENCES[audience] for line, (_, audience) in ROUTES.items()} == {
        line: route.admits for line, route in routes.items()
    }


def test_the_page_on_security_lists_every_route_with_its_audience(app: Starlette) -> None:
    text = (Path(__file__).parents[2] / "docs/security.md").read_text(encoding="utf-8")
    table = text.partition("| Route | For whom |\n|---|---|\n")[2].partition("\n\n")[0]
    told = [
        (path, words.strip(" |"))
        for paths, _, words in (line.strip("|").partition(" | ") for line in table.splitlines())
        for path in re.findall(r"`(/[^`]*)`", paths)
    ]
    routes = {route.path: route for route in routes_of(app).values()}

    assert sorted(routes) == sorted(path for path, _ in told)
    for path, words in told:
        assert words.startswith(BEGINNINGS[routes[path].admits]), path
        assert ("tokens" in words) == (routes[path].scope is not None), path


async def test_whoever_does_not_belong_is_refused_everywhere(
    app: Starlette, sessions: dict[str, dict[str, str]]
) -> None:
    refused = {name: (each.refused_with, sessions[name]) for name, each in CALLERS.items() if each.refused_with}
    refused |= {name: (401, headers) for name, headers in COOKIELESS.items()}
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        for name, (status, headers) in refused.items():
            for line, (_, audience) in ROUTES.items():
                answered, text = await ask(client, line, **headers)
                if audience == EVERYBODY:
                    assert answered not in (401, 403, 500), (name, line)
                else:
                    assert status == answered, (name, line)
                assert "Ada" not in text, (name, line)


@pytest.mark.parametrize("name", ["a viewer", "an admin", "a viewer of another workspace"])
async def test_whoever_belongs_is_served_what_is_for_them(
    app: Starlette, sessions: dict[str, dict[str, str]], name: str
) -> None:
    caller = CALLERS[name]
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        for line, (path, audience) in ROUTES.items():
            status, text = await ask(client, line, **sessions[name])
            if audience in (ADMINS, ADMINS_OR_OPEN) and not caller.is_admin:
                assert 403 == status, line
            elif audience != EVERYBODY:
                assert status in ((404,) if TEAM in path and caller.team_id != TEAM else SERVED), line
            assert caller.team_id == TEAM or "Ada" not in text, line


async def test_where_it_stands_open_everybody_is_a_viewer_and_nobody_an_admin(
    open_app: Starlette, sessions: dict[str, dict[str, str]]
) -> None:
    async with serving(open_app) as url, httpx.AsyncClient(base_url=url) as client:
        for headers in ({}, sessions["an admin"], sessions["deactivated"]):
            for line, (_, audience) in ROUTES.items():
                status, _ = await ask(client, line, **headers)
                if audience == ADMINS:
                    assert 403 == status, line
                elif audience != EVERYBODY:
                    assert status in SERVED, line


@pytest.mark.parametrize("scopes", [[TokenScope.USERS], [TokenScope.CHANGES], [TokenScope.ADMINS]], ids=str)
async def test_a_token_opens_what_its_scope_names_and_nothing_else(
    app: Starlette, store: Store, clock: Clock, sessions: dict[str, dict[str, str]], scopes: list[TokenScope]
) -> None:
    async with store.transaction() as tx:
        token = await tx.api_tokens.make("a program", scopes, now=clock(), team_id=TEAM)
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        for line, (_, audience) in ROUTES.items():
            status, _ = await ask(client, line, Authorization=f"Bearer {token}")
            if line in FOR_TOKENS:
                assert (200 if FOR_TOKENS[line] in scopes else 403) == status, line
            elif audience != EVERYBODY:
                assert 401 == status, line


async def test_what_does_not_exist_is_told_to_viewers_alone(
    app: Starlette, sessions: dict[str, dict[str, str]]
) -> None:
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        for path in ("/nowhere", "/static/x", "//healthz", "/signin/x", "/%2e%2e/healthz", "/LIVE"):
            whole = f"{url}{path}"  # or a client would take what follows two slashes for another host
            assert 401 == (await client.get(whole)).status_code, path
            assert 404 == (await client.get(whole, headers=sessions["a viewer"])).status_code, path
