"""Pages for operators: how runs went and what could not be read, in words, for those whom it concerns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

import web
from db import Store
from db.recording import set_hidden
from db.records import DeadLetter, RunKind, RunState, Source, Workspace, cancelled_by
from db.tables import runs as table
from tests.support.html import Element, read
from tests.web.conftest import TEAM, Clock, Service, Slack
from tests.web.test_door import a_door, signs_in
from web.ports import Walk
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
    async with store._writer.begin() as connection:  # a run's own repo takes its times from the engine
        await connection.execute(sa.insert(table).values(told))


async def a_letter(store: Store, clock: Clock, **values: Any) -> None:
    told = {"team_id": TEAM, "user_id": None, "reason": "its tz is no text", "payload": '"zxpayload"', **values}
    key = f"a key {values}"[:120]
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
    fields = {"title": 2, "email": 1, "color": 1}
    await a_run(store, clock, kind="resync", asked_by="UADMIN", drift=3, drift_fields=fields, missing=4, unreadable=1)
    page = read((await admin.get("/runs")).text)
    entries = page.all("tr", class_="entry")

    assert ["Asked for by Ines Carvalho", "Scheduled", "First resync"] == [
        each.one(class_="entry-kind").text for each in entries
    ]
    assert [
        "Corrected 3 people that events had not told us (title 2, e-mail 1, 1 other detail)",
        "Failed, nobody was marked as no longer listed",
        "Everybody was read",
    ] == [each.one(class_="result").text for each in entries]
    assert "5 minutes ago" == entries[0].one("time").text
    assert ["People 1,240", "Corrected 3", "Took 38 s"] == [each.text for each in entries[0].all(class_="figure-cell")]
    assert (
        "1 new, 2 changed. 4 people are no longer listed by Slack. 1 entry of Slack’s list could not be read."
        == entries[0].one(class_="entry-words").text
    )
    assert entries[1].one(class_="entry-words").text.endswith(REASON)
    nav = page.all("nav", **{"aria-label": "Pages"})[0]
    assert [
        ("People", "false"),
        ("What’s new", "false"),
        ("Runs", "page"),
        ("Unreadable events", "false"),
        ("You", "false"),
    ] == [(each.text, each.attributes["aria-current"]) for each in nav.all("a")]


async def test_who_cancelled_a_run_is_called_by_name(admin: httpx.AsyncClient, store: Store, clock: Clock) -> None:
    for user_id in ("UADMIN", "U0GONE"):
        await a_run(store, clock, kind="resync", state="failed", reason=cancelled_by(user_id))
    entries = read((await admin.get("/runs")).text).all("tr", class_="entry")

    assert 2 * ["Cancelled, nobody was marked as no longer listed"] == [
        each.one(class_="result").text for each in entries
    ]
    assert ["Cancelled by @U0GONE.", "Cancelled by Ines Carvalho."] == [
        each.one(class_="entry-words").text.rpartition(". ")[2] for each in entries
    ]


def figures(page: Element) -> list[tuple[str, str, str]]:
    parts = page.all(class_="run-figure")
    return [(each.one("dt").text, *(part.text for part in each.all("dd"))) for each in parts]


async def test_the_figures_above_tell_the_last_week(admin: httpx.AsyncClient, store: Store, clock: Clock) -> None:
    long_ago = clock() - timedelta(days=8)
    await a_run(store, clock, started_at=long_ago, ended_at=long_ago, drift=70)
    await a_run(store, clock, drift=2)
    await a_run(store, clock, drift=1)
    await a_run(store, clock, state="failed", reason=REASON)
    await a_letter(store, clock)
    page = read((await admin.get("/runs")).text)

    assert [
        ("Everybody last read", "4 minutes ago", "took 38 s"),
        ("Corrected, last 7 days", "3 people", "that events had not told us"),
        ("Unreadable events", "1", "Read why, and try again"),
    ] == figures(page)


async def test_figures_of_nothing_say_so(admin: httpx.AsyncClient, store: Store, clock: Clock) -> None:
    await a_run(store, clock, state="failed", reason=REASON)
    page = read((await admin.get("/runs")).text)

    assert [
        ("Everybody last read", "Not yet", "no run has come to its end here"),
        ("Corrected, last 7 days", "0 people", "events told all"),
        ("Unreadable events", "0", "all could be read"),
    ] == figures(page)


async def test_of_very_many_runs_the_figures_say_how_many_they_are_of(
    admin: httpx.AsyncClient, store: Store, clock: Clock
) -> None:
    for _ in range(51):
        await a_run(store, clock, drift=1)
    page = read((await admin.get("/runs")).text)

    assert ("Corrected, last 50 runs", "50 people", "that events had not told us") == figures(page)[1]


async def test_a_run_under_way_is_told_with_what_is_known_of_it(
    admin: httpx.AsyncClient, store: Store, clock: Clock, service: Service
) -> None:
    await a_run(store, clock, state="running", ended_at=None, expected=1240, seen=600)
    as_kept = read((await admin.get("/runs")).text)
    walk = Walk(612, clock() - timedelta(minutes=5), 1240, timedelta(minutes=2))
    service.is_now(walk=walk)
    page = read((await admin.get("/runs")).text)
    bar = page.one(role="progressbar")

    assert "600 of about 1,240 people" == as_kept.one(class_="now-words").text
    assert "612 of about 1,240 people, about 2 minutes left" == page.one(class_="now-words").text
    assert ("612", "1240") == (bar.attributes["aria-valuenow"], bar.attributes["aria-valuemax"])
    assert page.one(class_="now-words").text == bar.attributes["aria-valuetext"]
    assert "every 3s" == page.one(id="runs").attributes["hx-trigger"]
    assert page.one("noscript").all("meta")
    service.is_now(walk=replace(walk, expected=None))
    assert not read((await admin.get("/runs")).text).all(role="progressbar"), "of an unknown total there is no share"


async def test_a_page_without_a_run_asks_for_nothing_by_itself(
    admin: httpx.AsyncClient, store: Store, clock: Clock
) -> None:
    await a_run(store, clock)
    text = (await admin.get("/runs")).text

    assert "hx-trigger" not in text
    assert "refresh" not in text


async def test_many_runs_are_read_page_by_page(admin: httpx.AsyncClient, store: Store, clock: Clock) -> None:
    for _ in range(120):
        await a_run(store, clock)
    found, path = [], "/runs"
    while path:
        page = read((await admin.get(path)).text)
        found += [each.attributes["id"] for each in page.all("tr", class_="entry")]
        path = next((each.attributes["href"] for each in page.all("a") if each.text == "Older runs"), "")

    assert [f"run-{number}" for number in range(120, 0, -1)] == found
    assert "/runs" == next(each.attributes["href"] for each in page.all("a") if each.text == "Newest runs")


@pytest.mark.parametrize("before", ["x", "-1", "0", "1e3", "", "9" * 30, "٣"])
@pytest.mark.parametrize("path", ["/runs", "/dead-letters"])
async def test_a_link_that_is_none_of_ours_is_told_so(admin: httpx.AsyncClient, path: str, before: str) -> None:
    answer = await admin.get(path, params={"before": before})

    assert 400 == answer.status_code
    assert "This link is incomplete" == read(answer.text).one("h1").text


async def test_an_admin_reads_what_could_not_be_read_but_no_payload(
    admin: httpx.AsyncClient, store: Store, clock: Clock
) -> None:
    await a_letter(store, clock, user_id="U7", reason="its tz is no text")
    await a_letter(store, clock, reason="there is no user in it")
    text = (await admin.get("/dead-letters")).text
    entries = read(text).all("li", class_="letter-entry")

    assert "zxpayload" not in text
    assert [("No person named", "There is no user in it"), ("U7", "Its tz is no text")] == [
        (each.one(class_="entry-whom").text, each.one("h2").text) for each in entries
    ]
    assert ["Once", "Once"] == [each.one(class_="entry-times").text for each in entries]
    commands = [each.text for each in read(text).all("code")]
    assert "Try again" not in text, "nobody is there to do it"
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


class Hand:
    """Does nothing, and says that it was done; remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.outcomes: dict[str, tuple[str, str]] = {}

    def _told(self, *asked: object) -> Any:
        self.asked.append(asked)
        word, words = self.outcomes.get(str(asked[0]), (str(asked[0]), ""))
        return SimpleNamespace(word=word, words=words)

    async def resync(self, team_id: str, user_id: str) -> Any:
        return self._told("begun", team_id, user_id)

    async def confirm(self, team_id: str, user_id: str, *, run_id: int) -> Any:
        return self._told("begun", "confirmed", team_id, user_id, run_id)

    async def replay(self, letter_id: int) -> Any:
        return self._told("applied", letter_id)

    async def drop(self, letter_id: int) -> Any:
        return self._told("dropped", letter_id)


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
async def boss(
    store: Store, clock: Clock, service: Service, slack: Slack, hand: Hand
) -> AsyncIterator[httpx.AsyncClient]:
    """An admin of a house in which somebody does what is asked for."""
    transport = httpx.ASGITransport(a_house(store, clock, service, door=a_door(), actions=hand))
    origin = {"Origin": "http://localhost"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=origin) as client:
        await slack.says("UADMIN", real_name="Ines Carvalho", is_admin=True)
        await signs_in(client, store, clock, "UADMIN")
        yield client


async def test_a_resync_is_asked_for_in_the_name_of_who_pressed_the_button(boss: httpx.AsyncClient, hand: Hand) -> None:
    page = read((await boss.get("/runs")).text)
    answer = await boss.post(page.one("form", action="/runs/resync").attributes["action"])
    then = read((await boss.get(answer.headers["location"])).text)

    assert 303 == answer.status_code
    assert [("begun", TEAM, "UADMIN")] == hand.asked
    assert "A resync was asked for. It shows here as it goes." == then.one(class_="flash").text


async def test_a_refusal_is_told_with_its_reason(boss: httpx.AsyncClient, hand: Hand) -> None:
    hand.outcomes["begun"] = ("refused", "Slack does not answer. It is tried again by itself.")
    answer = await boss.post("/runs/resync", headers={"Accept": "text/html"})
    page = read(answer.text)

    assert 409 == answer.status_code
    assert "No resync was begun" == page.one("h1").text
    assert "Slack does not answer. It is tried again by itself." in page.text
    assert "/runs" == page.one("a").attributes["href"]


@pytest.mark.parametrize("path", ["/runs/resync", "/runs/confirm", "/dead-letters/replay", "/dead-letters/drop"])
async def test_a_form_from_elsewhere_does_nothing(
    boss: httpx.AsyncClient, hand: Hand, store: Store, clock: Clock, path: str
) -> None:
    await a_letter(store, clock)
    await a_run(store, clock, state="held", absent=521)
    form = {"number": "1", "run": "1"}
    for origin in ("https://evil.example", "null", ""):
        answer = await boss.post(path, data=form, headers={"Origin": origin})
        assert 403 == answer.status_code

    assert [] == hand.asked


async def test_whoever_is_no_admin_any_more_is_refused_at_the_next_click(
    boss: httpx.AsyncClient, hand: Hand, slack: Slack, clock: Clock
) -> None:
    clock.passes(seconds=1)
    await slack.says("UADMIN", is_admin=False)
    answers = [await boss.post(path, data={"number": "1"}) for path in ("/runs/resync", "/dead-letters/replay")]

    assert [403, 403] == [each.status_code for each in answers]
    assert [] == hand.asked


async def test_a_held_run_is_confirmed_by_its_number_alone(
    boss: httpx.AsyncClient, hand: Hand, store: Store, clock: Clock
) -> None:
    await a_run(store, clock, state="held", seen=719, absent=1521, reason="The run was held: …")
    page = read((await boss.get("/runs")).text)
    keep, confirm = (each.one("form") for each in page.all(class_="held-choice"))
    run = confirm.one("input", name="run").attributes["value"]
    said = {}
    for number in ("", "1520", "no", "1,521"):
        answer = await boss.post("/runs/confirm", data={"run": run, "number": number})
        said[number] = answer.headers["location"]

    assert "Slack listed 719 people, and 1,521 people of the directory were not among them." in page.text
    assert ["Keep everybody"] == [each.text for each in page.all("button", class_="button-main")]
    assert "/runs/resync" == keep.attributes["action"]
    assert {"/runs?done=number"} == {said[number] for number in ("", "1520", "no")}
    assert "/runs?done=confirmed" == said["1,521"]
    assert [("begun", "confirmed", TEAM, "UADMIN", int(run))] == hand.asked


async def test_of_what_another_process_has_yet_to_take_the_page_says_no_more_than_that_it_was_asked_for(
    boss: httpx.AsyncClient, hand: Hand, store: Store, clock: Clock
) -> None:
    await a_run(store, clock, state="held", absent=521)
    hand.outcomes["begun"] = ("asked", "")
    told = {}
    for path in ("/runs/resync", "/runs/confirm"):
        answer = await boss.post(path, data={"run": "1", "number": "521"})
        then = read((await boss.get(answer.headers["location"])).text)
        told[path] = then.one(class_="flash").text
        assert "every 3s" == then.one(id="runs").attributes["hx-trigger"]

    assert all(words.startswith("Asked for. It begins within seconds and shows here;") for words in told.values())
    assert "nothing was done" in told["/runs/confirm"]


async def test_a_confirmation_that_another_run_overtook_is_told_to_be_of_nothing(
    boss: httpx.AsyncClient, hand: Hand, store: Store, clock: Clock
) -> None:
    await a_run(store, clock, state="held", absent=521)
    hand.outcomes["begun"] = ("nothing-held", "")
    answer = await boss.post("/runs/confirm", data={"run": "1", "number": "521"})

    assert "/runs?done=nothing-held" == answer.headers["location"]


async def test_an_old_page_of_a_held_run_confirms_nothing(
    boss: httpx.AsyncClient, hand: Hand, store: Store, clock: Clock
) -> None:
    await a_run(store, clock, state="held", absent=521)
    await a_run(store, clock, state="done")
    answer = await boss.post("/runs/confirm", data={"run": "1", "number": "521"})

    assert "/runs?done=nothing-held" == answer.headers["location"]
    assert [] == hand.asked
    assert not read((await boss.get("/runs")).text).all(class_="held")


async def test_a_letter_is_tried_again_alone_or_with_all_of_its_reason(
    boss: httpx.AsyncClient, hand: Hand, store: Store, clock: Clock
) -> None:
    for number in range(3):
        await a_letter(store, clock, user_id=f"U{number}")
    await a_letter(store, clock, reason="there is no user in it")
    entries = read((await boss.get("/dead-letters")).text).all("li", class_="letter-entry")
    alone = await boss.post("/dead-letters/replay", data={"number": "4"})
    hand.outcomes["applied"] = ("stays", "")
    alike = await boss.post("/dead-letters/replay", data={"number": "2", "alike": "1"})

    assert [1, 2, 1, 1] == [len(each.all("button")) for each in entries]
    assert ["/dead-letters?done=applied", "/dead-letters?done=some-stay"] == [
        each.headers["location"] for each in (alone, alike)
    ]
    assert [("applied", number) for number in (4, 1, 2, 3)] == hand.asked


async def test_a_letter_is_dropped_after_a_question(
    boss: httpx.AsyncClient, hand: Hand, store: Store, clock: Clock
) -> None:
    await a_letter(store, clock)
    page = read((await boss.get("/dead-letters")).text)
    ask = await boss.get(page.one("a", class_="letter-drop").attributes["href"])
    asked_before = list(hand.asked)
    form = read(ask.text).one("form", action="/dead-letters/drop")
    answer = await boss.post("/dead-letters/drop", data={"number": form.one("input").attributes["value"]})

    assert "Drop number 1?" == read(ask.text).one("h1").text
    assert [] == asked_before
    assert [("dropped", 1)] == hand.asked
    assert "/dead-letters?done=dropped" == answer.headers["location"]


async def test_a_letter_that_is_gone_or_not_theirs_is_told_kindly(
    boss: httpx.AsyncClient, hand: Hand, store: Store, clock: Clock, slack: Slack
) -> None:
    await slack.says("UHIDDEN", real_name="Hidden")
    async with store.transaction() as tx:
        await tx.workspaces.save_workspace(Workspace("T0OTHER", "Other"))
        await set_hidden(tx, TEAM, "UHIDDEN", is_hidden=True, now=clock())
    await a_letter(store, clock, team_id="T0OTHER")
    await a_letter(store, clock, user_id="UHIDDEN")
    for number in ("1", "2", "3", "x", "", "9" * 30):
        answers = (
            await boss.post("/dead-letters/replay", data={"number": number}),
            await boss.post("/dead-letters/drop", data={"number": number}),
            await boss.get("/dead-letters/drop", params={"number": number}),
        )
        assert {"/dead-letters?done=gone"} == {each.headers["location"] for each in answers}, number

    assert [] == hand.asked
    assert "It is not here any more" in read((await boss.get("/dead-letters?done=gone")).text).one(class_="flash").text


async def test_a_name_leads_to_its_person_and_letters_go_page_by_page(
    boss: httpx.AsyncClient, store: Store, clock: Clock, slack: Slack
) -> None:
    await slack.says("UMIA", real_name="Mia Member")
    for number in range(60):
        await a_letter(store, clock, user_id="UMIA", reason=f"reason {number}")
    first = read((await boss.get("/dead-letters")).text)
    older = next(each.attributes["href"] for each in first.all("a") if each.text == "Older")
    rest = read((await boss.get(older)).text)
    whom = first.all("a", class_="entry-whom")[0]

    assert ("Mia Member", f"/users/{TEAM}/UMIA") == (whom.text, whom.attributes["href"])
    assert [f"Reason {number}" for number in range(59, -1, -1)] == [
        each.one("h2").text for page in (first, rest) for each in page.all("li", class_="letter-entry")
    ]


async def test_a_word_in_the_address_that_is_none_of_ours_says_nothing(boss: httpx.AsyncClient) -> None:
    for path in ("/runs?done=zxowned", "/dead-letters?done=zxowned"):
        answer = await boss.get(path)
        assert 200 == answer.status_code
        assert not read(answer.text).all(class_="flash")
