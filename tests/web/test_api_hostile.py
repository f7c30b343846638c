"""Hostile text in every parameter and path of the API does no harm, on each engine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from db import Bell, Store
from db.cursor import encode_cursor, with_meant
from db.records import Position, Workspace
from tests.support.engines import ENGINES
from tests.support.programs import a_token, bearing
from tests.web.conftest import TEAM, Clock, Slack
from tests.web.test_api import CHANGES, USERS, everybody, get, ids
from web.positions import encode

pytestmark = pytest.mark.runs_on(*ENGINES, because="what one engine takes, another may refuse")

HOSTILE = {
    "a NUL": "\x00",
    "a NUL inside": "a\x00b",
    "half a surrogate": "%ED%A0%80",
    "ten thousand": "x" * 10_000,
    "SQL": "'; DROP TABLE users; --",
    "wildcards": "%_%",
    "a huge number": "9" * 400,
    "below zero": "-1",
    "a fraction": "1.0",
    "other digits": "١٢",
    "nothing": "",
    "a bracket": "[",
    "not a number": "NaN",
}


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """The memory on each engine: what SQLite takes, PostgreSQL may refuse."""
    store = await Store.open(database_url, bell=Bell())
    async with store.transaction() as tx:
        await tx.workspaces.save_workspace(Workspace(TEAM, "Meridian", "meridian"))
    yield store
    await store.close()


@pytest.fixture
async def program(client: httpx.AsyncClient, store: Store, clock: Clock) -> httpx.AsyncClient:
    client.headers.update(bearing(await a_token(store, now=clock())))
    return client


def is_empty(answer: httpx.Response) -> bool:
    """Say whether it is an answer that holds nobody."""
    found = answer.json()
    return answer.status_code == 200 and [] == found.get("users", found.get("changes"))


@pytest.mark.parametrize("what", HOSTILE)
async def test_hostile_text_does_no_harm_wherever_it_stands(
    program: httpx.AsyncClient, slack: Slack, what: str
) -> None:
    await everybody(slack)
    text = HOSTILE[what]
    value = text if text.startswith("%ED") else str(httpx.QueryParams({"x": text}))[2:]
    names = {USERS: ("q", "kind", "state", "team_id", "limit", "after", value or "x"), CHANGES: ("after", "limit")}

    for path, parameters in names.items():
        for name in parameters:
            answer = await program.get(f"{path}?{name}={value}")
            searches_nothing = name == "q" and not text
            assert answer.status_code == 400 or searches_nothing or is_empty(answer), (name, answer.text)
    for path in (f"{USERS}/{value or '%20'}/U1", f"{USERS}/{TEAM}/{value or '%20'}"):
        assert 404 == (await program.get(path)).status_code
    assert ["U1", "U2"] == await ids(program)


async def test_hostile_positions_and_cursors_reach_no_database(program: httpx.AsyncClient, slack: Slack) -> None:
    await slack.says("U1", real_name="Ada")
    for marks in ({TEAM: (1, 2**31)}, {TEAM: (2**63, 0)}, {TEAM: (0, 2**62)}):
        assert 400 == (await program.get(CHANGES, params={"after": encode(Position(marks))})).status_code
    assert 410 == (await program.get(CHANGES, params={"after": encode(Position({TEAM: (2**63 - 1, 0)}))})).status_code
    strange = encode(Position({"\x00": (1, 1), "x' OR 1=1": (2, 2)}))
    assert "e30" != (await get(program, CHANGES, after=strange))["position"]
    for parts in (("\x00", "", ""), ("a", "b"), ("a", "b", "c", "d")):
        assert 400 == (await program.get(USERS, params={"after": encode_cursor(*parts)})).status_code
    assert [] == await ids(program, after=encode_cursor("name", "\uffff", "T", "U"))


async def test_hostile_words_in_a_cursor_of_what_was_meant_do_no_harm(program: httpx.AsyncClient, slack: Slack) -> None:
    await slack.says("U1", real_name="Ada")
    place = encode_cursor("best", "0", "", "", "")

    for meant in HOSTILE.values():
        for typed in ("ada", "", meant):
            answer = await program.get(USERS, params={"q": "ada", "after": with_meant(place, typed, meant)[:4096]})
            assert 400 == answer.status_code or is_empty(answer), (typed, meant, answer.text)


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "\uffff"])
async def test_a_cursor_with_a_time_that_cannot_be_is_refused(
    program: httpx.AsyncClient, slack: Slack, time: str
) -> None:
    await slack.says("U1", real_name="Ada")
    found, listed = encode_cursor("newest", "0", time, TEAM, "U1"), encode_cursor("newest", time, TEAM, "U1")

    searched = await program.get(USERS, params={"q": "ada", "sort": "newest", "after": found})
    assert 400 == searched.status_code
    assert 400 == (await program.get(USERS, params={"sort": "newest", "after": listed})).status_code
