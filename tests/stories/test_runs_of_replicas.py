"""Several services on one database: one run at a time, gone on with whoever ends, and no more of them than needed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.command.cancelling import cancelled_elsewhere
from bot.command.words import CANCEL_LATE, CANCELLING
from bot.runs.gap import MARGIN_S
from bot.runs.halt import RunCancelled
from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from db import Store
from db.records import Run, RunState
from tests.conftest import QUICK, settings_for
from tests.support.beside import all_runs, are_calm
from tests.support.engines import Migrated, a_database
from tests.support.killing import KILLED, cursors, killed, serving, unlike_slack
from tests.support.waiting import eventually

Start = Callable[..., Any]
CALM = replace(QUICK, rhythm=replace(QUICK.rhythm, rest_s=6))
"""Runs rest between each other, as they do in life."""


@pytest.fixture
async def url(tmp_path: Path, migrated: Migrated) -> AsyncIterator[str]:
    """A server's database, which several may use."""
    async with a_database("postgresql", tmp_path, migrated) as url:
        yield url


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A pretend Slack whose list has nine pages of four."""
    async with Simulator() as simulator:
        simulator.page_limit = 4
        for number in range(32):
            simulator.adds(f"Ada {number}")
        yield simulator


@pytest.fixture
def settings(slack: Simulator, url: str) -> Settings:
    """Settings of each of them."""
    return settings_for(slack, url)


async def running(store: Store, slack: Simulator) -> Run | None:
    async with store.reading() as rx:
        return await rx.runs.find_running(slack.team_id)


async def is_in_the_middle(store: Store, slack: Simulator) -> bool:
    """Say whether three pages of the run under way are kept."""
    run = await running(store, slack)
    async with store.transaction() as tx:
        return run is not None and await tx.runs.count_pages(run.run_id) == 3


def is_slow_after_three_pages(slack: Simulator, seconds: float = 120) -> None:
    slack.faults.fail("users.list", after=3, slow_seconds=seconds, times=None)


async def test_three_that_start_at_once_make_two_runs_at_most(slack: Simulator, start: Start) -> None:
    services = await asyncio.gather(*(start(pace=CALM) for _ in range(3)))
    await are_calm(*services, within_s=90)

    runs = await all_runs(services[0].store)
    assert 1 <= len(runs) <= 2
    assert {RunState.DONE} == {run.state for run in runs}
    assert len(runs) == cursors(slack.calls("users.list")).count(None)
    assert set() == await unlike_slack(slack, services[0].store)


async def test_a_gap_is_closed_by_a_run_of_another_that_began_later(slack: Simulator, start: Start) -> None:
    patient = replace(QUICK, rhythm=replace(QUICK.rhythm, rest_s=40))
    one: Service = await start()
    await are_calm(one)
    two: Service = await start(pace=patient)
    await eventually(lambda: two.status().sockets == 2, within_s=40, of="the other one's connections")
    before = await all_runs(one.store)
    two.runs.want("a test")
    wanted_at = time.monotonic()
    await eventually(lambda: time.monotonic() - wanted_at > MARGIN_S + 0.5, of="a moment that is later for sure")
    assert two.runs.next_reconcile_in_s < 60

    finished = await asyncio.wait_for(one.runs.ask()[0].ended, 40)
    await are_calm(two, within_s=20)

    assert [*before, finished.run] == list(await all_runs(one.store))
    assert two.runs.last_read == finished.run


async def test_a_holder_that_is_killed_is_followed_within_fifteen_seconds_from_its_checkpoint(
    slack: Simulator, start: Start, url: str, tmp_path: Path
) -> None:
    is_slow_after_three_pages(slack)
    async with serving(slack, url, tmp_path) as program:
        await eventually(lambda: len(slack.calls("users.list")) == 4, within_s=60, of="the fourth page asked for")
        other: Service = await start()
        await eventually(lambda: other.runs.progress, within_s=40, of="the run, as the other one shows it")
        await eventually(lambda: is_in_the_middle(other.store, slack), within_s=40, of="three pages written")
        held = await running(other.store, slack)
        assert held is not None
        assert KILLED == await killed(program)
        killed_at = time.monotonic()
        slack.faults.clear()

    async def is_taken_over() -> bool:
        async with other.store.reading() as rx:
            found = await rx.runs.find_run(held.run_id)
        return found is not None and found.instance != held.instance

    await eventually(is_taken_over, within_s=15, of="another holder")
    took_s = time.monotonic() - killed_at
    await are_calm(other)

    runs = await all_runs(other.store)
    assert took_s < 15
    assert (held.run_id, RunState.DONE, 34) == (runs[0].run_id, runs[0].state, runs[0].seen)
    assert set() == await unlike_slack(slack, other.store)
    assert {1, 2} == set(Counter(cursors(slack.calls("users.list"))[:10]).values()), "the page in hand is fetched twice"


async def test_a_holder_that_ends_hands_its_run_over(slack: Simulator, settings: Settings, start: Start) -> None:
    is_slow_after_three_pages(slack)
    async with Service(settings, pace=QUICK) as first:
        await eventually(lambda: is_in_the_middle(first.store, slack), within_s=40, of="the middle of the run")
        other: Service = await start()
        await eventually(lambda: other.runs.progress, within_s=40, of="the run, as the other one shows it")
        held = await running(other.store, slack)
    slack.faults.clear()

    async def is_gone_on_with() -> bool:
        found = (await all_runs(other.store))[0]
        return found.state is RunState.DONE or found.instance not in {None, held and held.instance}

    await eventually(is_gone_on_with, within_s=8, of="the run in other hands, long before it counts as silent")
    await are_calm(other)

    assert RunState.DONE is (await all_runs(other.store))[0].state
    assert set() == await unlike_slack(slack, other.store)


async def test_a_gap_of_one_that_ends_is_closed_by_another(slack: Simulator, settings: Settings, start: Start) -> None:
    patient = replace(QUICK, rhythm=replace(QUICK.rhythm, rest_s=120))
    other: Service = await start()
    async with Service(settings, pace=patient) as one:
        await are_calm(other)
        await eventually(lambda: one.status().sockets == 2, within_s=40, of="the other one's connections")
        await eventually(lambda: other.house.roster.bots, within_s=20, of="another one on the roster")
        await eventually(lambda: one.runs.next_in_s > 60, within_s=20, of="its rest after the other one's run")
        one.runs.want("a test")
        ada = slack.users()[0]["id"]
        slack.changes(slack.user(ada), quietly=True, title="Countess")
        before = len(await all_runs(other.store))

    async def is_read() -> bool:
        return not await unlike_slack(slack, other.store)

    await eventually(is_read, within_s=30, of="what Slack's event would have told the one that ended")
    await are_calm(other)
    assert before + 1 == len(await all_runs(other.store))


async def a_pair_with_a_run(slack: Simulator, start: Start, *, slow_seconds: float = 120) -> tuple[Service, Service]:
    """Start two; the first one is in the middle of a run, which the second one knows."""
    first, second = await start(pace=CALM), await start(pace=CALM)
    await are_calm(first, second, within_s=90)
    is_slow_after_three_pages(slack, slow_seconds)
    first.runs.ask(asked_by="U0ADA")
    await eventually(lambda: is_in_the_middle(first.store, slack), within_s=40, of="the middle of the run")
    await eventually(
        lambda: second.runs.progress and second.runs.progress.seen == 12, within_s=20, of="how far it is, elsewhere"
    )
    return first, second


async def test_whoever_asks_while_another_is_at_it_follows_that_run_to_its_end(slack: Simulator, start: Start) -> None:
    first, second = await a_pair_with_a_run(slack, start, slow_seconds=8)
    before = len(await all_runs(first.store))
    ticket, is_new = second.runs.ask(asked_by="U0GRACE")
    known_at_once = ticket.elsewhere
    slack.faults.clear()

    finished = await asyncio.wait_for(ticket.ended, 40)

    assert not is_new
    assert known_at_once
    assert finished.run == (await all_runs(first.store))[-1]
    assert "U0ADA" == finished.run.asked_by
    assert before == len(await all_runs(first.store))


async def test_whoever_waits_hears_who_cancelled_the_run_where_it_is_made(slack: Simulator, start: Start) -> None:
    first, second = await a_pair_with_a_run(slack, start)
    ticket, _ = second.runs.ask(asked_by="U0GRACE")
    own = first.runs.ticket
    assert own is not None
    first.runs.cancel(own.ticket_id, by="U0ADA")

    with pytest.raises(RunCancelled) as ended:
        await asyncio.wait_for(ticket.ended, 30)

    assert "U0ADA" == ended.value.by


@pytest.mark.parametrize("is_followed", [True, False])
async def test_a_run_is_cancelled_from_another_process(slack: Simulator, start: Start, is_followed: bool) -> None:
    first, second = await a_pair_with_a_run(slack, start)
    grace = {"team_id": slack.team_id, "by": "U0GRACE"}
    own = first.runs.ticket
    assert own is not None
    if is_followed:
        ticket, _ = second.runs.ask(asked_by="U0GRACE")
        assert own.ticket_id == ticket.ticket_id
        assert second.runs.cancel(own.ticket_id, by="U0GRACE") is ticket
    else:
        assert second.runs.cancel(own.ticket_id, by="U0GRACE") is None
        assert CANCELLING == await cancelled_elsewhere(second.runs, own.ticket_id, **grace)

    with pytest.raises(RunCancelled) as ended:
        await asyncio.wait_for(own.ended, 30)

    assert "U0GRACE" == ended.value.by
    assert "U0GRACE" == (await all_runs(first.store))[-1].cancelled_by
    assert CANCEL_LATE == await cancelled_elsewhere(second.runs, own.ticket_id, **grace)
