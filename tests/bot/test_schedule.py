"""The schedule beside other processes: what they hold, leave and fail in, with a pretend Slack and a file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.command.cancelling import cancelled_elsewhere
from bot.command.words import CANCELLING
from bot.runs.halt import RunCancelled
from bot.runs.runner import Finished, Runner
from bot.runs.schedule import Rhythm, Schedule
from bot.simulator import Simulator
from db import Store
from db.records import Run, RunKind, RunState
from db.tables import runs
from tests.support.engines import Migrated, a_database
from tests.support.runs import a_runner
from tests.support.waiting import eventually

LOOKS_S = 0.2
RHYTHM = Rhythm(rest_s=0.1, retry_s=120, look_again_s=LOOKS_S, hello_s=600)


class Counting:
    """A runner that counts how often a run was tried."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.instance = runner.instance
        self.tries = 0

    async def run(self, *args: Any, **options: Any) -> Finished:
        self.tries += 1
        return await self._runner.run(*args, **options)


@pytest.fixture
async def store(request: pytest.FixtureRequest, tmp_path: Path, migrated: Migrated) -> AsyncIterator[Store]:
    """A file, whose lock tells more than the row; or what a test names."""
    async with a_database(getattr(request, "param", "sqlite"), tmp_path, migrated) as url:
        store = await Store.open(url)
        yield store
        await store.close()


@pytest.fixture
async def runner(slack: Simulator, store: Store) -> AsyncIterator[Counting]:
    """What makes the runs of this process."""
    async with a_runner(slack, store) as runner:
        yield Counting(runner)


@pytest.fixture
async def schedule(slack: Simulator, store: Store, runner: Any) -> AsyncIterator[Schedule]:
    """A schedule, going."""

    async def team_id() -> str:
        return slack.team_id

    async def nothing(_finished: Finished | None = None) -> None:
        """Nobody is told here."""

    schedule = Schedule(
        runner,
        store,
        team_id=team_id,
        not_ready=lambda: None,
        on_ended=nothing,
        on_seen=nothing,
        rhythm=RHYTHM,
    )
    task = asyncio.create_task(schedule.run(), name="runs")
    yield schedule
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def begun_elsewhere(slack: Simulator, store: Store, *, silent_for_s: float = 0) -> Run:
    """Let another process have begun a run, of which nothing was heard for so long."""
    async with store.transaction() as tx:
        run = await tx.runs.begin(
            slack.team_id,
            kind=RunKind.RESYNC,
            instance="resync elsewhere",
            asked_by=None,
            is_confirmed=False,
            expected=None,
            at=datetime.now(UTC),
            ticket_id="theirs",
        )
        heard_at = datetime.now(UTC) - timedelta(seconds=silent_for_s)
        await tx.runs._connection.execute(sa.update(runs).values(heartbeat_at=heard_at))
    return run


@pytest.fixture
async def stopped(slack: Simulator, store: Store) -> AsyncIterator[ExitStack]:
    """Another process that was stopped in the middle of a run: it holds the lock, and nothing is heard of it."""
    with ExitStack() as lock:
        lock.enter_context(store.run_lock(slack.team_id))
        await begun_elsewhere(slack, store, silent_for_s=60)
        yield lock


async def tries_within(runner: Counting, seconds: float) -> int:
    """Count how often a run is tried in a while."""
    before, began_at = runner.tries, time.monotonic()
    await eventually(lambda: time.monotonic() - began_at >= seconds, of="a while")
    return runner.tries - before


async def test_a_run_whose_holder_is_stopped_is_tried_again_at_leisure(
    stopped: ExitStack, runner: Counting, schedule: Schedule
) -> None:
    await eventually(lambda: runner.tries, of="the first try")

    assert await tries_within(runner, 5 * LOOKS_S) <= 6

    stopped.close()
    await eventually(lambda: schedule.finished, of="the run, gone on with")


async def test_whoever_asks_while_the_holder_is_stopped_waits_at_leisure_until_it_is_gone(
    stopped: ExitStack, runner: Counting, schedule: Schedule
) -> None:
    ticket, _ = schedule.ask(asked_by="U0ADA")
    await eventually(lambda: ticket.progress, of="the run that it waits for")

    assert await tries_within(runner, 5 * LOOKS_S) <= 6
    assert not ticket.ended.done()

    stopped.close()
    assert "U0ADA" == (await asyncio.wait_for(ticket.ended, 20)).run.asked_by


async def test_whoever_asks_while_the_holder_is_stopped_may_cancel(
    stopped: ExitStack, store: Store, slack: Simulator, schedule: Schedule
) -> None:
    ticket, _ = schedule.ask(asked_by="U0ADA")
    await eventually(lambda: ticket.progress, of="the run that it waits for")

    assert schedule.cancel("theirs", by="U0GRACE") is ticket

    with pytest.raises(RunCancelled) as ended:
        await asyncio.wait_for(ticket.ended, 20)
    assert "U0GRACE" == ended.value.by
    async with store.reading() as rx:
        run = await rx.runs.find_running(slack.team_id)
    assert run is not None
    assert "U0GRACE" == run.cancel_asked_by, "whoever goes on with it ends it"


async def test_what_another_process_failed_in_is_wanted_here_as_well(
    slack: Simulator, store: Store, schedule: Schedule
) -> None:
    with store.run_lock(slack.team_id):
        theirs = await begun_elsewhere(slack, store)
        await eventually(lambda: schedule.progress, of="the run of the other one")
        async with store.transaction() as tx:
            at, reason = datetime.now(UTC), "Slack is away."
            await tx.runs.end(theirs.run_id, "resync elsewhere", state=RunState.FAILED, at=at, reason=reason)
    await eventually(lambda: schedule.trouble, of="word of its end")

    assert "tried again by itself" in str(schedule.trouble)
    assert 60 < schedule.next_reconcile_in_s <= RHYTHM.retry_s


async def test_a_run_elsewhere_is_cancelled_also_where_slack_has_not_told_who_we_are(
    slack: Simulator, store: Store, runner: Any
) -> None:
    async def nobody_knows() -> str:
        await asyncio.Event().wait()
        return ""

    async def nothing(_finished: Finished | None = None) -> None:
        """Nobody is told here."""

    schedule = Schedule(
        runner,
        store,
        team_id=nobody_knows,
        not_ready=lambda: None,
        on_ended=nothing,
        on_seen=nothing,
        rhythm=RHYTHM,
    )
    await begun_elsewhere(slack, store)

    told = cancelled_elsewhere(schedule, "theirs", team_id=slack.team_id, by="U0GRACE")

    assert CANCELLING == await asyncio.wait_for(told, 20)


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
@pytest.mark.parametrize("is_asked", [True, False])
async def test_a_run_that_another_process_took_over_has_not_failed(
    slack: Simulator, store: Store, schedule: Schedule, is_asked: bool
) -> None:
    slack.faults.fail("users.list", slow_seconds=1)
    ticket = schedule.ask(asked_by="U0ADA")[0] if is_asked else None
    if not ticket:
        schedule.want("a test")
    await eventually(lambda: slack.calls("users.list"), of="the first page asked for")

    async with store.transaction() as tx:
        ours = await tx.runs.find_running(slack.team_id)
        assert ours is not None
        await tx.runs.take_over(ours, instance="another process")
    await eventually(lambda: schedule.ticket and schedule.ticket.elsewhere, of="the run, as another one's")
    async with store.transaction() as tx:
        await tx.runs.end(ours.run_id, "another process", state=RunState.DONE, at=datetime.now(UTC))

    if ticket:
        assert ours.run_id == (await asyncio.wait_for(ticket.ended, 20)).run.run_id
    await eventually(lambda: schedule.last_state, of="its end")
    assert RunState.DONE is schedule.last_state
    assert schedule.trouble is None
