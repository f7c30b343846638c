"""The API's answers: what is seen is told under Slack's names, what is not seen is not told of, nonsense is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

import web
from db import Store
from db.records import SLACK_FIELDS, TokenScope
from db.visibility import FIELDS, Audience, Policy
from tests.support.programs import a_token, bearing
from tests.web.conftest import TEAM, Clock, Service, Slack
from tests.web.test_door import MERIDIAN, a_door, signs_in
from web import api_models

OPEN = Policy(dict.fromkeys(FIELDS, Audience.EVERYONE))
USERS = "/api/v1/users"
CHANGES = "/api/v1/changes"


def an_app(store: Store, service: Service, clock: Clock, policy: Policy) -> Starlette:
    return web.create_app(
        store=store,
        bell=store.bell,
        status=service,
        clock=clock,
        door=a_door(),
        policy=policy,
        workspaces=lambda: (MERIDIAN,),
    )


@pytest.fixture
def policy() -> Policy:
    return Policy()


@pytest.fixture
def app(store: Store, clock: Clock, service: Service, policy: Policy) -> Starlette:
    return an_app(store, service, clock, policy)


@pytest.fixture
async def program(client: httpx.AsyncClient, store: Store, clock: Clock) -> httpx.AsyncClient:
    """A client with a token that may read users and changes."""
    client.headers.update(bearing(await a_token(store, now=clock())))
    return client


async def get(client: httpx.AsyncClient, path: str, **params: Any) -> dict[str, Any]:
    answer = await client.get(path, params=params)
    assert 200 == answer.status_code, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ids(client: httpx.AsyncClient, **params: Any) -> list[str]:
    return [each["id"] for each in (await get(client, USERS, **params))["users"]]


async def everybody(slack: Slack) -> None:
    """One of each kind and state."""
    await slack.says("U1", real_name="Ada Lovelace", title="Countess", status_text="out", email="ada@meridian.example")
    await slack.says("U2", real_name="Grace Hopper", is_restricted=True)
    await slack.says("U3", real_name="Charles Babbage", deleted=True, phone="+44 1")
    await slack.says("B1", real_name="Robot", is_bot=True)
    await slack.says("U4", real_name="Visitor", is_stranger=True)
    await slack.says("U5", real_name="Gone", is_forgotten=True, deleted=True)


def test_a_user_of_the_api_has_slacks_fields_and_these_of_ours() -> None:
    ours = {
        "id", "team_id", "kind", "state", "rev", "changed_at", "joined_at", "left_at", "missing_since",
        "contact_dropped_at", "updated",
    }  # fmt: skip

    assert {*SLACK_FIELDS, *ours} == api_models.User.model_fields.keys()


@pytest.mark.parametrize("policy", [OPEN])
async def test_a_user_is_told_under_slacks_names(program: httpx.AsyncClient, slack: Slack, clock: Clock) -> None:
    await slack.says("U1", joined=True, real_name="Ada Lovelace", title="", status_text="out", fields={"Xf1": {"v": 1}})

    found = await get(program, f"{USERS}/{TEAM}/U1")

    assert api_models.User.model_fields.keys() == found.keys()
    assert api_models.User.model_validate(found)
    expected = {"real_name": "Ada Lovelace", "title": "", "status_text": "out", "phone": None, "kind": "member"}
    assert expected == {name: found[name] for name in expected}
    assert ("2026-11-23T16:42:00Z", 1, {"Xf1": {"v": 1}}) == (found["changed_at"], found["rev"], found["fields"])
    assert found["joined_at"].startswith("2026-11-23T16:42:00")
    assert found["joined_at"].endswith("Z")


async def test_a_custom_status_that_is_over_is_no_part_of_a_user(
    program: httpx.AsyncClient, slack: Slack, clock: Clock
) -> None:
    ends = int(clock().timestamp()) + 60
    await slack.says("U1", real_name="Ada", status_text="out", status_emoji=":palm_tree:", status_expiration=ends)
    clock.passes(seconds=59)
    before = await get(program, f"{USERS}/{TEAM}/U1")
    clock.passes(seconds=1)
    after = [await get(program, f"{USERS}/{TEAM}/U1"), *(await get(program, USERS))["users"]]

    assert ("out", ends) == (before["status_text"], before["status_expiration"])
    for found in after:
        assert ("", "", 0, None) == tuple(
            found[f"status_{name}"] for name in ("text", "emoji", "expiration", "emoji_url")
        )


async def test_without_filters_active_members_and_guests_are_listed_by_name(
    program: httpx.AsyncClient, slack: Slack
) -> None:
    await everybody(slack)

    assert ["U1", "U2"] == await ids(program)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"kind": "guest"}, ["U2"]),
        ({"kind": ["guest", "bot"]}, ["U2", "B1"]),
        ({"kind": "all", "state": "all"}, ["U1", "U3", "U2", "B1", "U4"]),
        ({"state": "deactivated"}, ["U3"]),
        ({"state": ["deactivated", "active"]}, ["U1", "U3", "U2"]),
        ({"kind": "erased"}, ["U5"]),
        ({"kind": ["all", "erased"], "state": "all"}, ["U1", "U3", "U2", "B1", "U5", "U4"]),
        ({"q": "love"}, ["U1"]),
        ({"q": "countess"}, ["U1"]),
        ({"q": "nobody"}, []),
        ({"team_id": TEAM}, ["U1", "U2"]),
        ({"team_id": ["T0OTHER001", TEAM]}, ["U1", "U2"]),
        ({"team_id": "T0OTHER001"}, []),
    ],
)
async def test_filters_narrow(
    program: httpx.AsyncClient, slack: Slack, params: Mapping[str, Any], expected: list[str]
) -> None:
    await everybody(slack)

    assert expected == await ids(program, **params)


async def test_a_search_tells_the_best_match_first_and_what_was_meant(program: httpx.AsyncClient, slack: Slack) -> None:
    await slack.says("U1", real_name="Ada Lovelace")
    await slack.says("U2", real_name="Zoë Ada")
    await slack.says("U3", real_name="Aaron Burr", title="Deputy of Ada")

    found, slip = [await get(program, USERS, q=q) for q in ("ada", "lovelase")]

    assert (["U1", "U2", "U3"], None) == ([each["id"] for each in found["users"]], found["meant"])
    assert (["U1"], "Lovelace") == ([each["id"] for each in slip["users"]], slip["meant"])


async def test_pages_follow_one_another_to_the_end(program: httpx.AsyncClient, slack: Slack) -> None:
    await everybody(slack)
    found, after = [], {}
    while True:
        page = await get(program, USERS, kind="all", state="all", limit=2, **after)
        found += [each["id"] for each in page["users"]]
        if not page["next_cursor"]:
            break
        after = {"after": page["next_cursor"]}

    assert ["U1", "U3", "U2", "B1", "U4"] == found


async def test_of_the_erased_only_that_is_told(program: httpx.AsyncClient, slack: Slack) -> None:
    await everybody(slack)
    told = {"team_id": TEAM, "id": "U5", "kind": "erased"}

    assert [told] == (await get(program, USERS, kind="erased"))["users"]
    assert told == await get(program, f"{USERS}/{TEAM}/U5")


async def test_a_protected_user_is_nowhere(program: httpx.AsyncClient, slack: Slack, store: Store) -> None:
    position = (await get(program, CHANGES))["position"]
    await everybody(slack)
    async with store.transaction() as tx:
        users = await tx.users.find_users(TEAM, ["U1", "U5"])
        await tx.users.update([replace(user, hidden_at=slack.clock()) for user in users.values()])

    assert ["U2"] == await ids(program)
    assert [] == await ids(program, kind="erased")
    assert 404 == (await program.get(f"{USERS}/{TEAM}/U1")).status_code
    told = await get(program, CHANGES, after=position)
    assert ["U2", "U3", "B1", "U4"] == [each["user_id"] for each in told["changes"]]


async def test_what_is_for_admins_is_absent_for_others_and_not_found_by(
    client: httpx.AsyncClient, app: Starlette, store: Store, service: Service, clock: Clock, slack: Slack
) -> None:
    closed = an_app(store, service, clock, Policy({"email": Audience.ADMINS, "title": Audience.NOBODY}))
    await everybody(slack)
    plain = bearing(await a_token(store, now=clock()))
    admin = bearing(await a_token(store, now=clock(), scopes=set(TokenScope)))
    transport = httpx.ASGITransport(closed, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as asking:
        seen = {}
        for name, headers in (("plain", plain), ("admin", admin)):
            asking.headers = httpx.Headers(headers)
            gone = await get(asking, f"{USERS}/{TEAM}/U3")
            by_mail = await ids(asking, q="ada@meridian.example")
            seen[name] = (await get(asking, f"{USERS}/{TEAM}/U1"), gone, by_mail, await ids(asking, q="countess"))

    ada, gone, by_mail, by_title = seen["plain"]
    assert not {"email", "is_email_confirmed", "title", "has_2fa"} & ada.keys()
    assert not {"phone", "email"} & gone.keys()
    assert ([], []) == (by_mail, by_title)
    ada, gone, by_mail, by_title = seen["admin"]
    assert "ada@meridian.example" == ada["email"]
    assert "title" not in ada
    assert "+44 1" == gone["phone"]
    assert (["U1"], []) == (by_mail, by_title)


async def test_whoever_is_signed_in_asks_with_their_own_eyes(
    client: httpx.AsyncClient, slack: Slack, store: Store, clock: Clock
) -> None:
    await everybody(slack)
    await slack.says("U9", real_name="Zoe", is_admin=True)
    await signs_in(client, store, clock, "U1")
    as_member = await get(client, f"{USERS}/{TEAM}/U3")
    await signs_in(client, store, clock, "U9")
    as_admin = await get(client, f"{USERS}/{TEAM}/U3")

    assert "phone" not in as_member
    assert "+44 1" == as_admin["phone"]


@pytest.mark.parametrize("path", [USERS, f"{USERS}/{TEAM}/U1", CHANGES, "/api/v1/openapi.json"])
async def test_head_is_answered_like_get(program: httpx.AsyncClient, slack: Slack, path: str) -> None:
    await everybody(slack)
    got, headed = await program.get(path), await program.head(path)

    assert (200, got.headers["content-type"]) == (headed.status_code, headed.headers["content-type"])
    is_tagged = path.startswith(USERS)
    assert ("private, no-cache" if is_tagged else "no-store") == got.headers["cache-control"]
    assert is_tagged is ("etag" in got.headers)


@pytest.mark.parametrize(
    ("path", "query", "words"),
    [
        (USERS, "limit=0", "limit: How many at most: a number from 1 to 200. Give it once at most."),
        (USERS, "limit=201", "limit:"),
        (USERS, "limit=1.0", "limit:"),
        (USERS, "limit=", "limit:"),
        (USERS, "limit=1&limit=2", "limit:"),
        (USERS, "kind=people", "kind: One of member, guest, external, bot, erased and all"),
        (USERS, "state=", "state: One of active, deactivated, missing and all"),
        (USERS, "team_id=%00", "team_id:"),
        (USERS, "q=%00", "q:"),
        (USERS, f"q={'x' * 201}", "q:"),
        (USERS, "after=", "after:"),
        (USERS, "after=%C3%A4", "after:"),
        (USERS, "after=e30", "after:"),
        (
            USERS,
            "kinds=bot",
            "There are q, kind, state, team_id, title, zone, no, joined_since, field, sort, limit, after.",
        ),
        (USERS, "%22%3Cb%3E=1", "is no parameter"),
        (f"{USERS}/{TEAM}/U1", "q=x", "'q' is no parameter. There are none here."),
        (CHANGES, "limit=501", "limit: How many at most: a number from 1 to 500."),
        (CHANGES, "after=", "after: The `position` of the answer before"),
        (CHANGES, "after=nonsense", "after:"),
        (CHANGES, "since=1", "'since' is no parameter. There are after, limit."),
    ],
)
async def test_a_wrong_parameter_is_named_with_what_it_can_be(
    program: httpx.AsyncClient, path: str, query: str, words: str
) -> None:
    answer = await program.get(f"{path}?{query}")

    assert 400 == answer.status_code
    assert words in answer.json()["message"]
    assert answer.json()["error"] in ("bad_parameter", "unknown_parameter")


async def test_where_the_directory_is_open_everybody_sees_what_is_for_everyone(
    store: Store, service: Service, clock: Clock, slack: Slack
) -> None:
    await everybody(slack)
    app = web.create_app(store=store, bell=store.bell, status=service, clock=clock)
    admin = bearing(await a_token(store, now=clock(), scopes=set(TokenScope)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as anybody:
        listed = await ids(anybody)
        gone = await get(anybody, f"{USERS}/{TEAM}/U3")
        wrong = await anybody.get(USERS, headers=bearing("usersync_x"))
        seen = (await anybody.get(f"{USERS}/{TEAM}/U3", headers=admin)).json()

    assert ["U1", "U2"] == listed
    assert "phone" not in gone
    assert 401 == wrong.status_code
    assert "+44 1" == seen["phone"]
