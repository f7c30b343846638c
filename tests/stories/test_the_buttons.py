"""The buttons of runs and unreadable events: what they promise is done by the whole service, and only for admins."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from db.records import DeadLetter, RunKind, RunState, Source, State
from tests.conftest import settings_for
from tests.stories.test_a_change_in_slack import find
from tests.support.factories import a_user_payload, an_event
from tests.support.html import Element, read
from tests.support.visitor import Visitor, a_link
from tests.support.waiting import eventually

ADMIN = "Ines Carvalho"


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A workspace of a hundred, from which more than fifty can vanish, with an admin known before the first run."""
    async with Simulator(crowd=100) as simulator:
        simulator.adds(ADMIN, is_admin=True)
        yield simulator


@pytest.fixture
def settings(slack: Simulator, database_url: str) -> Settings:
    """Settings with a door, as by default."""
    return settings_for(slack, database_url, auth="slack")


@pytest.fixture
def ines(slack: Simulator) -> Any:
    return next(slack.user(each["id"]) for each in slack.users() if each["real_name"] == ADMIN)


@pytest.fixture
async def admin(slack: Simulator, ines: Any, service: Service) -> Visitor:
    visitor = Visitor(service.url)
    assert 303 == (await visitor.signs_in(await a_link(service, slack.team_id, ines.id))).status_code
    return visitor


async def press(visitor: Visitor, path: str, **form: str) -> Any:
    return await visitor.post(path, data=form, headers={"Origin": visitor.origin})


async def page_of(visitor: Visitor, path: str) -> Element:
    return read((await visitor.get(path)).text)


async def last_of(service: Service, slack: Simulator) -> Any:
    async with service.store.reading() as rx:
        return await rx.runs.find_last_ended(slack.team_id)


async def test_a_resync_by_the_button_reads_everybody_and_says_who_asked(
    slack: Simulator, ines: Any, service: Service, admin: Visitor
) -> None:
    missed = slack.adds("Margaret Hamilton")
    answer = await press(admin, "/runs/resync")

    async def asked() -> Any:
        run = await last_of(service, slack)
        return run if run.kind is RunKind.RESYNC else None

    run = await eventually(asked, of="the run")
    page = await page_of(admin, "/runs")

    assert "/runs?done=begun" == answer.headers["location"]
    assert (RunState.DONE, ines.id) == (run.state, run.asked_by)
    assert await find(service, slack, missed.id) is not None
    assert "Asked for by Ines Carvalho" == page.all(class_="entry-kind")[0].text


async def test_a_second_click_joins_the_run_under_way(slack: Simulator, service: Service, admin: Visitor) -> None:
    slack.faults.fail("users.list", slow_seconds=1)
    first = await press(admin, "/runs/resync")
    await eventually(lambda: service.runs.progress, of="the run under way")
    second = await press(admin, "/runs/resync")

    assert ["/runs?done=begun", "/runs?done=under-way"] == [each.headers["location"] for each in (first, second)]


async def test_a_held_run_is_confirmed_by_its_number_and_reads_afresh(
    slack: Simulator, service: Service, admin: Visitor, ines: Any
) -> None:
    users = [slack.user(each["id"]) for each in slack.users() if not each["is_bot"] and each["id"] != "USLACKBOT"]
    gone = [each for each in users if each.id != ines.id][:60]
    for user in gone:
        slack.removes(user)
    await press(admin, "/runs/resync")
    held = await eventually(lambda: _in_state(service, slack, RunState.HELD), of="a held run")
    choice = (await page_of(admin, "/runs")).one("form", action="/runs/confirm")
    number = choice.one("label").text.split()[1]
    run = choice.one("input", name="run").attributes["value"]
    wrong = await press(admin, "/runs/confirm", run=run, number="59")
    still = await last_of(service, slack)
    right = await press(admin, "/runs/confirm", run=run, number=number)
    done = await eventually(lambda: _in_state(service, slack, RunState.DONE), of="the confirmed run")

    assert "60" == number == str(held.absent)
    assert "/runs?done=number" == wrong.headers["location"]
    assert held == still
    assert "/runs?done=confirmed" == right.headers["location"]
    assert (60, True) == (done.missing, done.is_confirmed)
    assert State.MISSING is (await find(service, slack, gone[0].id)).state  # type: ignore[union-attr]


async def test_who_is_no_admin_at_slack_any_more_confirms_nothing(
    slack: Simulator, service: Service, admin: Visitor, ines: Any
) -> None:
    """The table has not been told; for what may mark many, Slack is asked."""
    for each in slack.users()[:60]:
        if each["id"] != ines.id and not each["is_bot"] and each["id"] != "USLACKBOT":
            slack.removes(slack.user(each["id"]))
    await press(admin, "/runs/resync")
    held = await eventually(lambda: _in_state(service, slack, RunState.HELD), of="a held run")
    slack.changes(ines, quietly=True, is_admin=False)
    answer = await press(admin, "/runs/confirm", run=str(held.run_id), number=str(held.absent))
    afterwards = await admin.get("/runs")

    assert 409 == answer.status_code
    assert "no admin or owner" in answer.text
    assert held == await last_of(service, slack)
    assert 403 == afterwards.status_code, "what Slack said is written, so the table knows it now"


async def test_members_and_foreign_pages_start_nothing(slack: Simulator, service: Service, admin: Visitor) -> None:
    mia = slack.joins("Mia Member")
    await slack.eventually_acked()
    member = Visitor(service.url)
    await member.signs_in(await a_link(service, slack.team_id, mia.id))
    before = await last_of(service, slack)
    refused = await press(member, "/runs/resync")
    forged = await admin.post("/runs/resync", headers={"Origin": "https://evil.example"})
    blind = await admin.post("/runs/resync")

    assert [403, 403, 403] == [each.status_code for each in (refused, forged, blind)]
    assert service.runs.progress is None
    assert before == await last_of(service, slack)


async def test_a_run_that_slack_refuses_is_told_with_its_reason(
    slack: Simulator, service: Service, admin: Visitor
) -> None:
    slack.faults.fail("users.list", error="fatal_error", times=None)
    await press(admin, "/runs/resync")
    await eventually(lambda: _in_state(service, slack, RunState.FAILED), of="a failed run")
    row = (await page_of(admin, "/runs")).all("tr", class_="entry")[0]

    assert "Failed, nobody was marked as no longer listed" == row.one(class_="result").text
    assert row.one(class_="entry-words").text


async def test_an_unreadable_event_is_applied_by_the_button_and_leaves(
    slack: Simulator, service: Service, admin: Visitor
) -> None:
    now = datetime.now(UTC)
    event = an_event(a_user_payload("U0LATE", updated=int(now.timestamp()), real_name="Late Reader"))
    async with service.store.transaction() as tx:
        letter = DeadLetter(0, "event:a", slack.team_id, "U0LATE", "it was odd", json.dumps(event), Source.EVENT, now)
        await tx.dead_letters.put_aside(letter)
    event_id = slack.sends({"type": "user_change", "user": {"id": "U0BAD", "name": 5}})
    await slack.eventually_acked()
    rows = (await page_of(admin, "/dead-letters")).all("li", class_="letter-entry")
    numbers = [each.all("input", name="number")[0].attributes["value"] for each in rows]
    stays, applied, again = [
        await press(admin, "/dead-letters/replay", number=each) for each in (*numbers, numbers[-1])
    ]
    left = (await page_of(admin, "/dead-letters")).all("li", class_="letter-entry")

    assert slack.deliveries(event_id) == 1
    assert ["stays", "applied", "gone"] == [
        each.headers["location"].partition("=")[2] for each in (stays, applied, again)
    ]
    late = await find(service, slack, "U0LATE")
    assert late is not None
    assert "Late Reader" == late.real_name
    assert 1 == len(left)


async def _in_state(service: Service, slack: Simulator, state: RunState) -> Any:
    run = await last_of(service, slack)
    return run if run.state is state else None
