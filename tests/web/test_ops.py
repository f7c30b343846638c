"""Pages for operators: how runs went and what could not be read, in words, for those whom it concerns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

import web
from db import Store
from db.records import DeadLetter, RunKind, RunState, Source, Workspace
from db.tables import runs as table
from tests.support.html import read
from tests.web.conftest import TEAM, Clock, Service, Slack
from tests.web.test_door import a_door, signs_in
from web.words import lasted

REASON = "Slack said missing_scope for zxsecret."


def a_house(store: Store, clock: Clock, service: Service, **options: Any) -> Starlette:
    parts: dict[str, Any] = {"store": store, "bell": store.bell, "status": service, "clock": clock}
    return web.create_app(**parts, workspaces=lambda: (Workspace(TEAM, "Meridian"),), **options)


@pytest.fixture
def app(store: Store, clock: Clock, service: Service) -> Starlette:
    return a_house(store, clock, service, door=a_door())


@pytest.fixture
async def admin(client: httpx.AsyncClient, slack: Slack, store: Store, clock: Clock) -> httpx.AsyncClient:
    await slack.says("UADMIN", real_name="Ines Carvalho", is_admin=True)
    await slack.says("UMEMBER", real_name="Mia")
    await signs_in(client, store, clock, "UADMIN")
    return client


async def a_run(store: Store, clock: Clock, **values: Any) -> None:
    told = {
        "team_id": TEAM, "kind": RunKind.RECONCILE.value, "state": RunState.DONE.value, "instance": "serve host-a (17)",
        "is_confirmed": False, "started_at": clock() - timedelta(minutes=5), "heartbeat_at": clock(),
        "ended_at": clock() - timedelta(minutes=4, seconds=22), "is_listed": True, "calls": 2, "seen": 1240,
        "inserted": 1, "updated": 2, "drift": 0, "unreadable": 0, "nameless": 0, "absent": 0, "missing": 0, **values,
    }  # fmt: skip
    engine = sa.create_engine(f"sqlite:///{store.place}")  # a run's own repo takes its times from the engine
    with engine.begin() as connection:
        connection.execute(sa.insert(table).values(told))
    engine.dispose()


async def a_letter(store: Store, clock: Clock, **values: Any) -> None:
    told = {"team_id": TEAM, "user_id": None, "reason": "its tz is no text", "payload": '"zxpayload"', **values}
    key = f"a key {values}"
    async with store.transaction() as tx:
        await tx.dead_letters.put_aside(DeadLetter(0, key, source=Source.EVENT, put_aside_at=clock(), **told))


@pytest.mark.parametrize("path", ["/runs", "/dead-letters"])
async def test_members_are_told_that_a_page_is_for_admins(
    client: httpx.AsyncClient, slack: Slack, store: Store, clock: Clock, path: str
) -> None:
    stranger = await client.get(path)
    await slack.says("UMEMBER", real_name="Mia")
    await signs_in(client, store, clock, "UMEMBER")
    member = await client.get(path)

    assert [401, 403] == [stranger.status_code, member.status_code]
    assert "This page is for admins" == read(member.text).one("h1").text


async def test_where_the_directory_is_open_runs_are_figures_and_letters_a_command(
    store: Store, clock: Clock, service: Service, slack: Slack
) -> None:
    await slack.says("UADMIN", real_name="Ines Carvalho")
    await a_run(store, clock, state="failed", reason=REASON, asked_by="UADMIN", kind="resync", drift=3)
    await a_letter(store, clock, reason=REASON)
    transport = httpx.ASGITransport(a_house(store, clock, service))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        runs, letters = await client.get("/runs"), await client.get("/dead-letters")

    assert 200 == runs.status_code
    assert "1,240" in runs.text
    assert not [word for word in ("zxsecret", "Ines", "UADMIN", "host-a") if word in runs.text + letters.text]
    assert 403 == letters.status_code
    page = read(letters.text).one("main")
    assert ["usersync dead-letters", "usersync dead-letters show NUMBER"] == [each.text for each in page.all("code")]
    assert "/" == page.one("a").attributes["href"]
    assert "`" not in letters.text


async def test_an_admin_reads_how_runs_went(admin: httpx.AsyncClient, store: Store, clock: Clock) -> None:
    await a_run(store, clock, kind="backfill")
    await a_run(store, clock, kind="reconcile", state="failed", reason=REASON)
    await a_run(store, clock, kind="resync", asked_by="UADMIN", drift=3)
    page = read((await admin.get("/runs")).text)
    entries = page.all("li", class_="entry")

    assert ["Asked for", "Scheduled", "First reading"] == [each.one("h2").text for each in entries]
    assert ["Done", "Failed", "Done"] == [each.one(class_="dot").text for each in entries]
    assert "5 minutes ago" == entries[0].one("time").text
    assert "Seen 1,240 New 1 Changed 2 Took 38 s Asked for by Ines Carvalho" == entries[0].one("dl").text
    assert "Corrected 3 people that events had not told us." == entries[0].one(class_="entry-words").text
    assert REASON == entries[1].one(class_="entry-words").text
    nav = page.all("nav", **{"aria-label": "Pages"})[0]
    assert [("People", "false"), ("Runs", "page"), ("Unreadable events", "false"), ("You", "false")] == [
        (each.text, each.attributes["aria-current"]) for each in nav.all("a")
    ]


async def test_an_admin_reads_what_could_not_be_read_but_no_payload(
    admin: httpx.AsyncClient, store: Store, clock: Clock
) -> None:
    await a_letter(store, clock, user_id="U7", reason="its tz is no text")
    await a_letter(store, clock, reason="there is no user in it")
    text = (await admin.get("/dead-letters")).text
    entries = read(text).all("li", class_="entry")

    assert "zxpayload" not in text
    assert [("Nobody readable", "There is no user in it"), ("U7", "Its tz is no text")] == [
        (each.one(class_="entry-whom").text, each.one(class_="entry-words").text) for each in entries
    ]
    assert ["Once", "Once"] == [each.one(class_="entry-times").text for each in entries]
    commands = [each.text for each in read(text).all("code")]
    assert ["usersync dead-letters show 2", "usersync dead-letters replay --all", "usersync dead-letters drop 2"] == (
        commands
    )


async def test_runs_and_letters_of_other_workspaces_are_theirs(
    admin: httpx.AsyncClient, store: Store, clock: Clock
) -> None:
    async with store.transaction() as tx:
        await tx.workspaces.save_workspace(Workspace("T0OTHER", "Other"))
    await a_run(store, clock, team_id="T0OTHER", reason=REASON)
    await a_letter(store, clock, team_id="T0OTHER", reason=REASON)
    await a_letter(store, clock, team_id=None, reason=REASON)

    for path in ("/runs", "/dead-letters"):
        assert "zxsecret" not in (await admin.get(path)).text


async def test_where_nothing_has_happened_the_pages_say_so(admin: httpx.AsyncClient) -> None:
    headings = [read((await admin.get(path)).text).one("h2").text for path in ("/runs", "/dead-letters")]

    assert ["No run yet", "Everything was read"] == headings


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0.0 s"), (0.84, "0.8 s"), (38, "38 s"), (60, "1 min"), (200, "3 min 20 s"), (3900, "1 h 5 min")],
)
def test_a_duration_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert words == lasted(seconds)
