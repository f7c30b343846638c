"""Promises 1 and 6 under kill -9: what was acked is there at the next start, and a run goes on where it was."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bot.service import Service
from bot.simulator import Simulator
from db.records import Run, RunKind, RunState
from tests.conftest import QUICK, settings_for
from tests.support.killing import (
    KILLED,
    Talk,
    ages,
    catch_up,
    cursors,
    killed,
    missing,
    opened,
    runs_of,
    serving,
    unlike_slack,
)
from tests.support.waiting import eventually

SILENCE = timedelta(seconds=16)
"""After it a dead process's claim is free where only its row can tell; on SQLite its lock died with it."""

on_both = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A pretend Slack that is quick to send again."""
    async with Simulator(ack_deadline=1, retry_delays=(0, 0.2, 1)) as simulator:
        yield simulator


@on_both
@pytest.mark.parametrize("seed", [20261123])
async def test_whenever_it_is_killed_no_acked_event_is_missing(
    slack: Simulator, database_url: str, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    talk = Talk(slack, dice)
    async with talk.never_ending():
        for is_up, within_s in ((True, 0.2), (False, 1.5), (True, 0.5)):
            async with serving(slack, database_url, tmp_path) as program:
                if is_up:
                    await slack.connected(1, timeout=60)
                assert KILLED == await killed(program, after_s=dice.uniform(0, within_s))
            assert [] == await missing(talk, slack, database_url), "before anything can heal it"
    await ages(database_url, "heartbeat_at", by=SILENCE)
    await catch_up(slack, database_url)

    assert len(slack.acked()) > 0
    assert [] == await missing(talk, slack, database_url)


async def a_run_is_killed(slack: Simulator, url: str, folder: Path) -> Run:
    """Kill the program in its first run, while it waits for the fourth of nine pages; tell the row that it leaves."""
    slack.page_limit = 4
    for number in range(32):
        slack.adds(f"Ada {number}")
    slack.faults.fail("users.list", after=3, slow_seconds=60, times=None)
    async with serving(slack, url, folder) as program:
        await eventually(lambda: len(slack.calls("users.list")) == 4, within_s=30, of="the fourth page asked for")
        await eventually(lambda: _has_kept(url, pages=3), within_s=40, of="three pages written")
        assert KILLED == await killed(program)
    slack.faults.clear()
    [run] = await runs_of(url)
    return run


async def _has_kept(url: str, *, pages: int) -> bool:
    async with opened(url) as store, store.transaction() as tx:
        return await tx.runs.count_pages(1) == pages


@on_both
async def test_a_run_that_was_killed_goes_on_where_it_was_and_another_follows_after_hello(
    slack: Simulator, database_url: str, tmp_path: Path
) -> None:
    left = await a_run_is_killed(slack, database_url, tmp_path)
    before = len(slack.calls("users.list"))
    async with opened(database_url) as store, AsyncExitStack() as stack:
        with store.run_lock(slack.team_id):
            service = await stack.enter_async_context(Service(settings_for(slack, database_url), pace=QUICK))
            await eventually(lambda: service.status().sockets, within_s=40, of="hello, before the claim is free")
        await ages(database_url, "heartbeat_at", by=SILENCE)
        await eventually(lambda: service.runs.finished >= 2, within_s=40, of="the run that follows")
        connected_at = service.status().connected_since
        unlike = await unlike_slack(slack, service.store)

    calls = slack.calls("users.list")
    resumed, following = cursors(calls[before:])[:6], calls[before + 6 :]
    assert left.next_cursor == resumed[0]
    assert None not in resumed
    assert {1, 2} == set(Counter(cursors(calls)[: before + 6]).values()), "only the page in hand is fetched twice"
    assert set() == unlike
    assert None is following[0].args.get("cursor")
    assert connected_at is not None
    assert following[0].at >= connected_at.timestamp()
    assert [(RunKind.BACKFILL, 34), (RunKind.RECONCILE, 34)] == [
        (run.kind, run.seen) for run in (await runs_of(database_url))[:2]
    ]


@on_both
async def test_a_killed_run_whose_cursor_slack_forgot_is_read_from_its_beginning(
    slack: Simulator, database_url: str, tmp_path: Path
) -> None:
    left = await a_run_is_killed(slack, database_url, tmp_path)
    slack.cursors.expire()
    await ages(database_url, "heartbeat_at", by=SILENCE)
    before = len(slack.calls("users.list"))
    async with Service(settings_for(slack, database_url), pace=QUICK) as service:
        await eventually(lambda: service.runs.finished, within_s=40, of="the run")
        unlike = await unlike_slack(slack, service.store)

    calls = slack.calls("users.list")[before:]
    run = (await runs_of(database_url))[0]
    assert [left.next_cursor, None] == cursors(calls)[:2]
    assert "invalid_cursor" == calls[0].outcome
    assert (left.run_id, RunState.DONE, 34) == (run.run_id, run.state, run.seen)
    assert set() == unlike


@on_both
async def test_a_killed_run_older_than_half_an_hour_is_given_up_and_a_new_one_begins(
    slack: Simulator, database_url: str, tmp_path: Path
) -> None:
    left = await a_run_is_killed(slack, database_url, tmp_path)
    await ages(database_url, "checkpoint_at", by=timedelta(minutes=31))
    await ages(database_url, "heartbeat_at", by=timedelta(minutes=31))
    before = len(slack.calls("users.list"))
    async with Service(settings_for(slack, database_url), pace=QUICK) as service:
        await eventually(lambda: service.runs.finished, within_s=40, of="the new run")
        unlike = await unlike_slack(slack, service.store)

    old, new = (await runs_of(database_url))[:2]
    assert left.next_cursor not in cursors(slack.calls("users.list")[before:])
    assert (left.run_id, RunState.FAILED) == (old.run_id, old.state)
    assert "too long ago" in str(old.reason)
    assert (RunState.DONE, 34) == (new.state, new.seen)
    assert set() == unlike
