"""Runs: everybody is read, whoever Slack no longer knows is missing, and one that was cut short is gone on with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.runs.claim import AlreadyRunning, ClaimLost, Order
from bot.runs.halt import RunCancelled
from bot.runs.pacing import Pacer
from bot.runs.patience import PassFailed
from bot.runs.progress import Progress
from bot.runs.runner import Finished, RunPace
from bot.runs.ticket import Ticket
from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from db import Store
from db.records import Kind, RunKind, State, User
from tests.conftest import QUICK, settings_for
from tests.support.engines import ENGINES
from tests.support.locks import held
from tests.support.runs import ALWAYS_THERE, a_run, a_runner, last_run, rev_of, state_of, users_of
from tests.support.waiting import eventually

Start = Callable[..., Any]


@pytest.mark.parametrize("people", [0, 1, 199, 200, 201, 999, 1000, 1001])
async def test_everybody_is_read_whatever_their_number(store: Store, people: int) -> None:
    async with Simulator(crowd=people) as slack:
        first = await a_run(slack, store)
        rev = await rev_of(store, slack)
        second = await a_run(slack, store)

        known = await users_of(store, slack)
        assert {user["id"] for user in slack.users()} == set(known)
        assert State.MISSING not in {user.state for user in known.values()}
        assert people + ALWAYS_THERE == first.run.seen == second.run.seen
        assert (RunKind.BACKFILL, RunKind.RECONCILE) == (first.run.kind, second.run.kind)
        assert 1 + (people + ALWAYS_THERE) // 1000 == first.run.calls
        assert (rev, 0, 0, 0) == (await rev_of(store, slack), second.run.inserted, second.run.updated, second.run.drift)


@pytest.mark.runs_on(*ENGINES, because="what a run finds must not depend on the engine")
async def test_a_run_does_the_same_on_every_engine(slack: Simulator, database_url: str) -> None:
    store = await Store.open(database_url)
    slack.page_limit = 3
    people = [slack.adds(f"Ada {number}") for number in range(8)]
    slack.forgets(people[7], quietly=True)
    first = await a_run(slack, store)
    before = await users_of(store, slack)
    again = await a_run(slack, store)
    assert before == await users_of(store, slack), "a quiet workspace writes nothing, not even a watermark"
    slack.changes(people[0], title="Countess", quietly=True)
    slack.removes(people[1])
    last = await a_run(slack, store)
    states = [await state_of(store, slack, user.id) for user in people[:2]]
    await store.close()

    assert (10, 10, 0) == (first.run.seen, first.run.inserted, again.run.updated)
    assert (1, 1) == (last.run.updated, last.run.missing)
    assert [State.ACTIVE, State.MISSING] == states


@pytest.mark.slow
async def test_thirty_thousand_are_read(store: Store) -> None:
    async with Simulator(crowd=30_000) as slack:
        done = await a_run(slack, store)

        async with store.reading() as rx:
            tally = await rx.users.tally(slack.team_id)
        assert 30_000 + ALWAYS_THERE == done.run.seen == sum(tally.values())
        assert 31 == done.run.calls


async def test_whoever_slack_does_not_know_any_more_is_missing_and_comes_back(slack: Simulator, store: Store) -> None:
    ada, grace = slack.adds("Ada Lovelace"), slack.adds("Grace Hopper")
    await a_run(slack, store)
    payload = grace.payload()
    slack.removes(grace)

    done = await a_run(slack, store)

    assert (1, 1) == (done.run.absent, done.run.missing)
    assert [grace.id] == [call.args["user"] for call in slack.calls("users.info")]
    assert State.MISSING is await state_of(store, slack, grace.id)
    assert State.ACTIVE is await state_of(store, slack, ada.id)

    again = await a_run(slack, store)
    assert (0, 1) == (again.run.absent, len(slack.calls("users.info"))), "who is missing already is not missed again"

    slack.faults.fail(
        "users.list", alter=lambda answer: {**answer, "members": [*answer["members"], payload]}, times=None
    )
    await a_run(slack, store)
    assert State.ACTIVE is await state_of(store, slack, grace.id)


async def test_whoever_is_only_not_listed_is_merged_as_slack_answers(slack: Simulator, store: Store) -> None:
    ada = slack.adds("Ada Lovelace", title="Analyst")
    await a_run(slack, store)
    slack.changes(ada, title="Countess", quietly=True)
    without_ada = lambda answer: {**answer, "members": [m for m in answer["members"] if m["id"] != ada.id]}  # noqa: E731
    slack.faults.fail("users.list", alter=without_ada, times=None)

    done = await a_run(slack, store)

    assert (1, 0) == (done.run.absent, done.run.missing)
    async with store.reading() as rx:
        user = await rx.users.find_user(slack.team_id, ada.id)
    assert user is not None
    assert (State.ACTIVE, "Countess") == (user.state, user.title)


async def test_external_people_are_never_missed(slack: Simulator, store: Store) -> None:
    ada = slack.adds("Ada Lovelace", team_id="T0ELSEWHERE")
    await a_run(slack, store)
    slack.removes(ada)

    done = await a_run(slack, store)

    assert 0 == done.run.absent
    async with store.reading() as rx:
        user = await rx.users.find_user(slack.team_id, ada.id)
    assert user is not None
    assert (Kind.EXTERNAL, State.ACTIVE) == (user.kind, user.state)


async def test_the_first_five_tries_come_within_thirty_seconds(slack: Simulator, store: Store) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    slack.faults.fail("users.list", http_status=503, times=None)
    with pytest.raises(PassFailed):
        await a_run(slack, store, pace=RunPace(), sleep=sleep)

    assert 5 == len(pauses)
    assert sum(pauses[:4]) <= 30
    assert all(0 < pause <= 10 for pause in pauses)


async def test_retry_after_is_obeyed_to_the_second(slack: Simulator, store: Store) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    for seconds in (17, 1, 250):
        slack.faults.fail("users.list", ratelimited=seconds, times=1)

    done = await a_run(slack, store, sleep=sleep)

    assert [17, 1, 250] == pauses
    assert 1 == done.run.calls


async def test_pages_get_smaller_where_slack_cannot_make_them_so_large(store: Store) -> None:
    async with Simulator(crowd=600) as slack:
        slack.faults.fail("users.list", error="limit_required", times=1)
        slack.faults.fail("users.list", http_status=500, times=1)

        done = await a_run(slack, store)

        limits = [int(call.args["limit"]) for call in slack.calls("users.list")]
        assert [999, 500, 200] == limits[:3]
        assert 600 + ALWAYS_THERE == done.run.seen


async def test_slack_is_called_at_the_pace_that_it_grants(store: Store) -> None:
    async with Simulator(crowd=50, rate_limits=True) as slack:
        slack.page_limit = 2
        waited: list[float] = []

        async def sleep(seconds: float) -> None:
            waited.append(seconds)
            slack.limits.is_on = False  # its minute has passed

        await a_run(slack, store, pace=RunPace(), sleep=sleep)

        assert [] == [call for call in slack.calls("users.list") if call.outcome == "ratelimited"]
        assert 26 == len(slack.calls("users.list"))
        assert 50 < waited[0] <= 61


async def test_what_no_event_had_told_is_drift_unless_its_event_may_still_come(slack: Simulator, store: Store) -> None:
    old, young = slack.adds("Ada Lovelace"), slack.adds("Grace Hopper")
    await a_run(slack, store)
    slack.changes(old, title="Countess", quietly=True)
    slack.changes(young, title="Admiral", quietly=True)

    def long_ago(answer: Any) -> Any:
        return {
            **answer,
            "members": [_aged(member) if member["id"] == old.id else member for member in answer["members"]],
        }

    def _aged(member: Any) -> Any:
        return {**member, "updated": int(datetime.now(UTC).timestamp()) - 61}

    async with store.transaction() as tx:
        rows = await tx.users.find_users(slack.team_id, [old.id])
        await tx.users.move_watermarks([_earlier(rows[old.id])])
    slack.faults.fail("users.list", alter=long_ago, times=None)
    done = await a_run(slack, store)

    assert (2, 1) == (done.run.updated, done.run.drift)


def _earlier(user: User) -> User:

    return replace(user, updated=user.updated - 3600, field_marks=None)


async def test_a_run_that_a_dead_process_left_is_gone_on_with_and_then_followed_by_another(
    slack: Simulator, store: Store
) -> None:
    slack.page_limit = 10
    for number in range(35):
        slack.adds(f"Ada {number}")
    slack.faults.fail("users.list", after=2, slow_seconds=60, times=None)
    async with a_runner(slack, store) as runner:
        dying = asyncio.create_task(runner.run(slack.team_id, Order(), on_start=lambda _: None))
        await eventually(lambda: _checkpoints(store, slack, 2), of="two pages written")
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
    slack.faults.clear()
    before = len(slack.calls("users.list"))

    done = await a_run(slack, store)

    assert done.is_resumed
    assert (RunKind.BACKFILL, 37) == (done.run.kind, done.run.seen)
    assert 2 == len(slack.calls("users.list")) - before
    assert 37 == len(await users_of(store, slack))


async def _checkpoints(store: Store, slack: Simulator, pages: int) -> bool:
    async with store.transaction() as tx:
        run = await tx.runs.find_running(slack.team_id)
        return run is not None and await tx.runs.count_pages(run.run_id) >= pages


async def test_on_an_empty_table_the_backfill_is_the_pass_and_no_second_follows(
    slack: Simulator, service: Service
) -> None:
    await slack.connected(2)
    await eventually(lambda: service.runs.progress is None, of="an idle schedule")

    async with service.store.reading() as rx:
        runs = await rx.runs.list_runs(10)
    assert [RunKind.BACKFILL] == [run.kind for run in runs]


async def test_the_first_run_is_asked_for_after_a_socket_said_hello(slack: Simulator, start: Start) -> None:
    slack.adds("Ada Lovelace")
    slack.refuses_sockets()
    service: Service = await start()
    await eventually(lambda: service.sockets.status.trouble, within_s=40, of="no connection")

    assert [] == slack.calls("users.list")
    slack.accepts_sockets()
    await eventually(lambda: service.runs.finished, within_s=40, of="the run after the hello")


async def test_a_reconcile_comes_by_the_clock(slack: Simulator, settings: Settings, start: Start) -> None:
    service: Service = await start(settings.model_copy(update={"reconcile_every": 1}))

    await eventually(lambda: service.runs.finished >= 2, within_s=40, of="the second run")

    async with service.store.reading() as rx:
        runs = await rx.runs.list_runs(1)
    assert RunKind.RECONCILE is runs[0].kind


async def test_a_second_ask_joins_the_run_under_way(slack: Simulator, service: Service) -> None:
    slack.faults.fail("users.list", slow_seconds=0.5, times=1)
    first, is_first_new = service.runs.ask()
    await eventually(lambda: first.progress is not None, of="its progress")
    second, is_second_new = service.runs.ask()

    assert (True, False, True) == (is_first_new, is_second_new, first is second)
    finished = await asyncio.wait_for(first.ended, 10)
    assert RunKind.RESYNC is finished.run.kind


def test_the_time_left_is_told_once_there_is_something_to_go_by() -> None:
    begun = datetime(2026, 11, 23, 16, tzinfo=UTC)
    progress = Progress("T1", RunKind.RESYNC, begun, expected=1000, seen=250)

    assert timedelta(seconds=30) == progress.left(begun + timedelta(seconds=10))
    progress.seen = 5
    assert progress.left(begun + timedelta(seconds=10)) is None


def test_the_time_left_is_never_less_than_slacks_pace_allows() -> None:
    begun = datetime(2026, 11, 23, 16, tzinfo=UTC)
    progress = Progress("T1", RunKind.RESYNC, begun, expected=30_000, seen=20_000)
    asked: list[int] = []

    def paced(pages: int) -> float:
        asked.append(pages)
        return 45.0

    progress.paced = paced

    assert timedelta(seconds=45) == progress.left(begun + timedelta(seconds=10))
    assert [11] == asked
    progress.absent, progress.asked, progress.paced_asks = 300, 100, lambda people: people * 0.6
    assert timedelta(seconds=120) == progress.left(begun + timedelta(seconds=10))


async def test_who_waits_is_told_that_slacks_pace_is_the_reason() -> None:
    now, told = [0.0], []

    async def sleep(seconds: float) -> None:
        told.append(f"slept {seconds:g}")
        now[0] += seconds

    pacer = Pacer(2, within_s=60, monotonic=lambda: now[0], sleep=sleep)
    left = [pacer.left_s(calls) for calls in (0, 2, 3, 5)]
    for _ in range(3):
        await pacer.turn(on_wait=told.append)

    assert [0.0, 0.0, 60.0, 120.0] == left
    assert ["Slack grants 2 calls a minute, so it goes on in 60 s.", "slept 60", ""] == told
    assert 60.0 == pacer.left_s(2)


async def test_a_run_that_was_cut_short_is_told_although_an_earlier_one_had_ended_well(
    slack: Simulator, settings: Settings, database_url: str
) -> None:
    async with Service(settings, pace=QUICK) as first:
        await eventually(lambda: first.runs.finished, of="a run of an earlier process")
    slack.faults.fail("users.list", slow_seconds=5, times=None)
    patient = replace(QUICK, rhythm=replace(QUICK.rhythm, retry_s=60))
    async with Service(settings, pace=patient) as service:
        await eventually(lambda: service.runs.progress, within_s=40, of="a run under way")
        async with held(database_url) as other:
            told = await eventually(lambda: service.runs.trouble, within_s=40, of="the trouble")
            await service.runs._look_for_others()

            assert "cut short" in told
            assert told == service.runs.trouble
            other.rollback()


async def test_a_run_that_is_ended_in_the_middle_of_a_page_holds_up_nobody(store: Store) -> None:
    async with Simulator(crowd=900) as slack, a_runner(slack, store) as runner:
        for pause_s in (0.02, 0.05, 0.08, 0.11, 0.14, 0.17):
            working = asyncio.create_task(runner.run(slack.team_id, Order(), on_start=lambda _: None))
            await asyncio.wait([working], timeout=pause_s)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            async with store.transaction() as tx:
                await tx.workspaces.lock(slack.team_id)


async def test_what_a_run_counts_is_the_same_whether_or_not_it_was_cut_short(store: Store) -> None:
    async with Simulator(crowd=1400) as slack:
        for _ in range(4):
            async with a_runner(slack, store) as runner:
                working = asyncio.create_task(runner.run(slack.team_id, Order(), on_start=lambda _: None))
                await asyncio.wait([working], timeout=0.4)
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)

        done = await a_run(slack, store)

        assert 1402 == done.run.seen
        async with store.reading() as rx:
            assert 1402 == sum(run.inserted for run in await rx.runs.list_runs(10)), "each is counted once, in one run"


async def test_who_asks_gets_a_whole_run_also_where_one_was_left_in_the_middle(
    slack: Simulator, settings: Settings, start: Start, store: Store
) -> None:
    slack.page_limit = 10
    for number in range(25):
        slack.adds(f"Ada {number}")
    slack.faults.fail("users.list", after=1, slow_seconds=60, times=None)
    async with a_runner(slack, store) as runner:
        dying = asyncio.create_task(runner.run(slack.team_id, Order(), on_start=lambda _: None))
        await eventually(lambda: _checkpoints(store, slack, 1), of="a page written")
        slack.refuses_sockets()
        service: Service = await start()
        await eventually(lambda: service.introduction.known_team_id, of="the workspace")
        ticket, _ = service.runs.ask()
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        slack.faults.clear()
        finished = await asyncio.wait_for(_ended(service, ticket), 15)

    assert (RunKind.RESYNC, False, 27) == (finished.run.kind, finished.is_resumed, finished.run.seen)


async def _ended(service: Service, ticket: Ticket) -> Finished:
    """Wait for the end; while the other one is still at it, ask again."""
    while True:
        try:
            return await ticket.ended
        except AlreadyRunning:
            ticket, _ = service.runs.ask()


async def test_whoever_lost_the_run_while_asking_for_the_absent_marks_nobody(slack: Simulator, store: Store) -> None:
    ada = slack.adds("Ada Lovelace")
    await a_run(slack, store)
    slack.removes(ada)
    slack.faults.fail("users.info", slow_seconds=1, error="user_not_found")

    async with a_runner(slack, store) as runner:
        running = asyncio.create_task(runner.run(slack.team_id, Order(), on_start=lambda _: None))
        await eventually(lambda: slack.calls("users.info"), within_s=40, of="the question")
        async with store.transaction() as tx:
            left = await tx.runs.find_running(slack.team_id)
            assert left is not None
            await tx.runs.take_over(left, instance="another process")
        with pytest.raises(ClaimLost):
            await running

    assert State.ACTIVE is await state_of(store, slack, ada.id)


async def test_a_wish_to_cancel_that_came_a_moment_before_the_marks_marks_nobody(
    slack: Simulator, store: Store
) -> None:
    ada = slack.adds("Ada Lovelace")
    await a_run(slack, store)
    slack.removes(ada)
    slack.faults.fail("users.info", slow_seconds=0.5, error="user_not_found")

    async with a_runner(slack, store) as runner:
        running = asyncio.create_task(runner.run(slack.team_id, Order(), on_start=lambda _: None))
        await eventually(lambda: slack.calls("users.info"), within_s=40, of="the question")
        async with store.transaction() as tx:  # far from the next heartbeat
            run = await tx.runs.find_running(slack.team_id)
            assert run is not None
            assert await tx.runs.ask_to_cancel(slack.team_id, by="U0GRACE", run_id=run.run_id)
        with pytest.raises(RunCancelled):
            await running

    assert State.ACTIVE is await state_of(store, slack, ada.id)
    ended = await last_run(store, slack)
    assert ended is not None
    assert ("U0GRACE", 0) == (ended.cancelled_by, ended.missing)


async def test_the_outcome_of_another_process_replaces_what_ours_had_told(
    settings: Settings, start: Start, tmp_path: Path
) -> None:
    async with Simulator(crowd=120) as slack:
        service: Service = await start(settings_for(slack, settings.database_url.get_secret_value()))
        await eventually(lambda: service.runs.finished, of="the first run")
        users = [slack.user(user["id"]) for user in slack.users() if not user["is_bot"] and user["id"] != "USLACKBOT"]
        for user in users[:70]:
            slack.removes(user)
        service.runs.ask()
        await eventually(lambda: "held" in (service.runs.trouble or ""), of="the held run")
        walked_at = service.status().walked_at

        async with a_runner(slack, service.store) as runner:
            order = Order(is_asked=True, is_confirmed=True)
            await runner.run(slack.team_id, order, on_start=lambda _: None)

        await eventually(lambda: service.status().trouble is None, of="no trouble any more")
        await eventually(lambda: service.status().walked_at != walked_at, of="when everybody was last read")


async def test_a_connection_that_is_back_ends_a_long_pause(slack: Simulator, settings: Settings) -> None:
    pace = replace(QUICK, rhythm=replace(QUICK.rhythm, retry_s=900))
    async with Service(settings, pace=pace) as service:
        await eventually(lambda: service.runs.finished, of="the first run")
        slack.faults.fail("users.list", error="fatal_error", times=6)
        service.runs.want("a test")
        await eventually(lambda: service.runs.next_in_s > 800, of="the long pause")

        slack.refuses_sockets()
        slack.drops_sockets()
        await eventually(lambda: service.status().sockets == 0, within_s=40, of="the loss")
        slack.accepts_sockets()

        await eventually(lambda: service.runs.finished > 1, within_s=30, of="a run once Slack is back")


async def test_who_asks_and_asks_puts_nothing_off(slack: Simulator, settings: Settings) -> None:
    pace = replace(QUICK, rhythm=replace(QUICK.rhythm, retry_s=900))
    async with Service(settings, pace=pace) as service:
        await eventually(lambda: service.runs.finished, of="the first run")
        slack.faults.fail("users.list", error="fatal_error", times=18)
        left_s = []
        for _ in range(3):
            ticket, _ = service.runs.ask()
            with pytest.raises(PassFailed):
                await ticket.ended
            left_s.append(service.runs.next_in_s)

    assert 900 >= left_s[0] > left_s[1] > left_s[2]
