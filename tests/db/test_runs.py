"""Runs in the memory: one claim a workspace, alive by its heartbeat, and nothing written by who lost it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.runs.claim import AlreadyRunning, ClaimLost, Order, claimed
from db import Store, mark_missing, set_hidden
from db.records import Kind, Run, RunKind, RunState, State
from db.runs import COUNTED
from db.tables import runs
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, get_user, install, keep, keep_people
from tests.support.plans import listening
from tests.support.waiting import eventually

OTHER = "T0OTHER"
LATER = datetime.fromtimestamp(1_000, UTC)


def clock() -> datetime:
    return NOW


async def begin(store: Store, *, instance: str = "one", **values: Any) -> Run:
    """Insert a run as a process does that has nobody beside it."""
    filled: dict[str, Any] = {"kind": RunKind.RESYNC, "asked_by": None, "is_confirmed": False, "expected": None}
    async with store.transaction() as tx:
        return await tx.runs.begin(TEAM, instance=instance, at=NOW, **filled | values)


async def ages(store: Store, run: Run, **columns: timedelta) -> None:
    """Let a run look as if things had happened so long ago."""
    now = datetime.now(UTC)
    async with store.transaction() as tx:
        for name, age in columns.items():
            statement = runs.update().where(runs.c.run_id == run.run_id).values({name: now - age})
            await tx.runs._connection.execute(statement)


async def keep_page(store: Store, run: Run, ids: Sequence[str], *, instance: str = "one", number: int = 0) -> bool:
    async with store.transaction() as tx:
        return await tx.runs.checkpoint(
            run.run_id, instance, number=number, ids=ids, values={"next_cursor": "c=", "is_listed": False, "since": 5}
        )


async def test_a_run_is_kept_as_it_was_begun(memory: Store) -> None:
    run = await begin(memory, asked_by="U1", expected=12, is_confirmed=True)

    async with memory.reading() as rx:
        assert run == await rx.runs.find_running(TEAM)
        assert run == await rx.runs.find_run(run.run_id)
        assert await rx.runs.find_running(OTHER) is None
    assert ("U1", 12, True, NOW, RunState.RUNNING) == (
        run.asked_by, run.expected, run.is_confirmed, run.started_at, run.state,
    )  # fmt: skip


async def test_pages_are_gathered_and_dropped_at_the_end(memory: Store) -> None:
    run = await begin(memory)
    assert await keep_page(memory, run, ["U1", "U2"])
    assert await keep_page(memory, run, [], number=1)
    assert await keep_page(memory, run, ["U3"], number=2)

    async with memory.transaction() as tx:
        listed = await tx.runs.gather_listed(run.run_id)
        assert ["U1", "U2", "U3"] == [each for each in ("U0", "U1", "U2", "U3", "U4") if each in listed]
        assert 3 == await tx.runs.count_pages(run.run_id)
        assert await tx.runs.end(run.run_id, "one", state=RunState.DONE, at=NOW, counts={"seen": 3})
        ended = await tx.runs.find_last_ended(TEAM)
        assert "U1" not in await tx.runs.gather_listed(run.run_id)
    assert ended is not None
    assert (RunState.DONE, 3, NOW, 5) == (ended.state, ended.seen, ended.ended_at, ended.since)


async def test_who_does_not_hold_a_run_writes_nothing_of_it(memory: Store) -> None:
    run = await begin(memory)

    assert not await keep_page(memory, run, ["U1"], instance="two")
    async with memory.transaction() as tx:
        assert not await tx.runs.beat(run.run_id, "two", {"seen": 9})
        assert not await tx.runs.end(run.run_id, "two", state=RunState.DONE, at=NOW)
        await tx.runs.let_go(run.run_id, "two")
        assert run == await tx.runs.find_run(run.run_id)


async def test_a_claim_is_silent_after_ten_seconds_or_once_let_go(memory: Store) -> None:
    run = await begin(memory)

    async def is_silent() -> bool:
        async with memory.transaction() as tx:
            found = await tx.runs.find_run(run.run_id)
            assert found is not None
            return await tx.runs.is_silent(found)

    assert not await is_silent()
    await ages(memory, run, heartbeat_at=timedelta(seconds=8))
    assert not await is_silent()
    await ages(memory, run, heartbeat_at=timedelta(seconds=11))
    assert await is_silent()
    async with memory.transaction() as tx:
        assert await tx.runs.beat(run.run_id, "one", {})
    assert not await is_silent()
    async with memory.transaction() as tx:
        await tx.runs.let_go(run.run_id, "one")
    assert await is_silent()


async def test_of_two_who_want_to_run_one_is_told_who_runs(memory: Store) -> None:
    async with claimed(memory, TEAM, Order(), instance="one", clock=clock) as first:
        with pytest.raises(AlreadyRunning) as other:
            async with claimed(memory, TEAM, Order(), instance="two", clock=clock):
                pass

    assert other.value.run is not None
    assert ("one", first.run.run_id) == (other.value.run.instance, other.value.run.run_id)


async def test_what_a_process_could_not_let_go_of_it_goes_on_with_itself(memory: Store) -> None:
    run = await begin(memory)
    await keep_page(memory, run, ["U1"])

    async with claimed(memory, TEAM, Order(), instance="one", clock=clock) as again:
        assert (run.run_id, True) == (again.run.run_id, again.is_resumed)


async def test_the_last_that_read_everybody_is_told_whatever_failed_since(memory: Store) -> None:
    ended = []
    for state in (RunState.DONE, RunState.HELD, RunState.FAILED):
        run = await begin(memory)
        async with memory.transaction() as tx:
            await tx.runs.end(run.run_id, "one", state=state, at=NOW)
        ended.append(run.run_id)
    await begin(memory)

    async with memory.reading() as rx:
        read, last = await rx.runs.find_last_read(TEAM), await rx.runs.find_last_ended(TEAM)
        assert await rx.runs.find_last_read(OTHER) is None
    assert read is not None
    assert last is not None
    assert ended[1:] == [read.run_id, last.run_id]


async def test_a_run_is_told_who_wishes_its_end_by_its_ticket_or_its_number_and_the_first_counts(
    memory: Store,
) -> None:
    run = await begin(memory, ticket_id="a ticket")

    async def wishes(by: str, **which: Any) -> bool:
        async with memory.transaction() as tx:
            return await tx.runs.ask_to_cancel(TEAM, by=by, **which)

    assert not await wishes("U1", ticket_id="another ticket")
    assert not await wishes("U1", run_id=run.run_id + 1)
    assert await wishes("U1", ticket_id="a ticket")
    assert await wishes("U2", run_id=run.run_id)
    async with memory.transaction() as tx:
        assert "U1" == await tx.runs.find_wish(run.run_id)
        await tx.runs.end(run.run_id, "one", state=RunState.FAILED, at=NOW)
        assert await tx.runs.find_wish(run.run_id) is None
    assert not await wishes("U1", ticket_id="a ticket")


IS_HELD_UP = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'",
    # What runs there at all waits; innodb_trx is read anew only where nobody asked it for a while.
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'UPDATE%' AND db = DATABASE()",
}


@pytest.mark.runs_on("postgresql", "mariadb", because="in a file one writes after the other")
async def test_a_wish_that_comes_while_a_run_is_ended_is_told_that_it_is_over(memory: Store) -> None:
    run = await begin(memory)

    async def wishes() -> bool:
        async with memory.transaction() as tx:
            return await tx.runs.ask_to_cancel(TEAM, by="U1", run_id=run.run_id)

    async def is_held_up() -> bool:
        async with memory.reading() as rx:
            connection = rx.runs._connection
            return bool(await connection.scalar(sa.text(IS_HELD_UP[connection.dialect.name])))

    async with memory.transaction() as tx:
        await tx.runs.end(run.run_id, "one", state=RunState.DONE, at=NOW)
        wish = asyncio.create_task(wishes())
        await eventually(is_held_up, of="the wish that waits for the end")

    assert not await wish
    async with memory.transaction() as tx:
        assert await tx.runs.find_wish(run.run_id) is None


BARE: dict[str, Any] = dict.fromkeys(COUNTED, 0) | {
    "team_id": TEAM, "kind": "reconcile", "is_confirmed": False, "is_listed": True, "heartbeat_at": NOW,
}  # fmt: skip
ANALYZE = {"sqlite": "ANALYZE", "postgresql": "ANALYZE runs, workspaces", "mariadb": "ANALYZE TABLE runs, workspaces"}


async def test_where_nobody_is_at_a_run_it_is_told_by_an_index(memory: Store) -> None:
    """Every process looks about once a second, and there are a run for each quarter of an hour of a year."""
    async with memory.transaction() as tx:
        many = [{**BARE, "started_at": NOW, "ended_at": NOW, "state": "done"} for _ in range(2_000)]
        await tx.runs._connection.execute(sa.insert(runs), many)
    async with memory._writer.connect() as connection:
        await connection.exec_driver_sql(ANALYZE[connection.dialect.name])
    with listening(memory) as asked:
        async with memory.reading() as rx:
            assert (await rx.glance.take()).run is None

    (question,) = (each for each in asked if "FROM runs" in each.sql)
    async with memory._reader.connect() as connection:
        plan = f"EXPLAIN {'QUERY PLAN ' * (connection.dialect.name == 'sqlite')}{question.sql}"
        told = str((await connection.exec_driver_sql(plan, question.parameters)).all())
    assert "runs_of_a_workspace" in told


async def test_workspaces_do_not_stand_in_each_others_way(memory: Store) -> None:
    await install(memory, OTHER)
    async with (
        claimed(memory, TEAM, Order(), instance="one", clock=clock),
        claimed(memory, OTHER, Order(), instance="two", clock=clock) as second,
    ):
        assert OTHER == second.run.team_id


async def test_what_was_let_go_is_gone_on_with_at_once(memory: Store) -> None:
    async with claimed(memory, TEAM, Order(), instance="one", clock=clock) as first, memory.transaction() as tx:
        await first.checkpoint(tx, ["U1"], next_cursor="c=", counts={"seen": 1})
    async with claimed(memory, TEAM, Order(), instance="two", clock=clock) as second:
        assert (first.run.run_id, True, "c=", 1) == (
            second.run.run_id, second.is_resumed, second.run.next_cursor, second.run.seen,
        )  # fmt: skip
        async with memory.transaction() as tx:
            with pytest.raises(ClaimLost):
                await first.checkpoint(tx, ["U2"], next_cursor=None, counts={})


@pytest.mark.parametrize("age", [timedelta(minutes=31), None])
async def test_a_place_in_the_list_that_is_too_old_is_dropped(memory: Store, age: timedelta | None) -> None:
    async with claimed(memory, TEAM, Order(), instance="one", clock=clock) as first:
        if age:
            async with memory.transaction() as tx:
                await first.checkpoint(tx, ["U1"], next_cursor="c=", counts={"seen": 1})
    if age:
        await ages(memory, first.run, checkpoint_at=age)

    async with claimed(memory, TEAM, Order(), instance="two", clock=clock) as second:
        assert (False, None, 0) == (second.is_resumed, second.run.next_cursor, second.run.seen)
    async with memory.reading() as rx:
        left = await rx.runs.find_run(first.run.run_id)
    assert left is not None
    assert RunState.FAILED is left.state
    assert "interrupted" in str(left.reason)


async def test_a_confirmed_run_begins_afresh(memory: Store) -> None:
    async with claimed(memory, TEAM, Order(), instance="one", clock=clock) as first, memory.transaction() as tx:
        await first.checkpoint(tx, ["U1"], next_cursor="c=", counts={})

    confirmed = Order(is_asked=True, is_confirmed=True)
    async with claimed(memory, TEAM, confirmed, instance="two", clock=clock) as second:
        assert (True, False) == (second.run.is_confirmed, second.is_resumed)


async def test_a_holder_that_was_taken_for_dead_ends_nothing(memory: Store) -> None:
    async with claimed(memory, TEAM, Order(), instance="one", clock=clock) as first:
        async with memory.transaction() as tx:
            run = await tx.runs.find_run(first.run.run_id)
            assert run is not None
            await tx.runs.take_over(run, instance="two")
        with pytest.raises(ClaimLost):
            await first.end(RunState.DONE, at=NOW, counts={}, is_read=True)
    async with memory.reading() as rx:
        assert await rx.runs.find_running(TEAM) is not None


async def test_the_first_run_is_a_backfill_and_the_next_is_what_was_ordered(memory: Store) -> None:
    kinds = []
    for order in (Order(is_asked=True), Order(), Order(is_asked=True)):
        async with claimed(memory, TEAM, order, instance="one", clock=clock) as claim:
            ended = await claim.end(RunState.DONE, at=NOW, counts={}, is_read=True)
            kinds.append(ended.kind)

    assert [RunKind.BACKFILL, RunKind.RECONCILE, RunKind.RESYNC] == kinds


async def test_old_runs_are_pruned(memory: Store) -> None:
    run = await begin(memory)
    async with memory.transaction() as tx:
        await tx.runs.end(run.run_id, "one", state=RunState.DONE, at=NOW)
        await tx.runs.prune(before=NOW)
        assert await tx.runs.find_run(run.run_id) is not None
        await tx.runs.prune(before=NOW + timedelta(seconds=1))
        assert await tx.runs.find_run(run.run_id) is None


async def test_the_unseen_are_those_of_whom_nothing_was_heard_since(memory: Store) -> None:
    await keep(
        memory,
        an_observation("U1", moment=10, real_name="Ada"),
        an_observation("U2", moment=10, real_name="Grace"),
        an_observation("U3", moment=20, real_name="Alan"),
        an_observation("U4", moment=10, is_stranger=True),
        an_observation("U5", moment=10, is_forgotten=True),
        an_observation("U6", moment=10, deleted=True),
    )

    async with memory.reading() as rx:
        assert (["U1", "U6"], None) == await rx.users.list_unseen(TEAM, since=20, listed={"U2"})
        assert (["U1"], "U3") == await rx.users.list_unseen(TEAM, since=20, listed={"U2"}, limit=3)
        assert (["U6"], "U6") == await rx.users.list_unseen(TEAM, since=20, listed={"U2"}, after="U3", limit=3)
        assert ([], None) == await rx.users.list_unseen(TEAM, since=20, listed={"U2"}, after="U6", limit=3)


async def test_a_tally_counts_by_kind_and_state(memory: Store) -> None:
    await keep(memory, an_observation("U1"), an_observation("U2", deleted=True), an_observation("U3", is_bot=True))

    async with memory.reading() as rx:
        tally = await rx.users.tally(TEAM)
    assert {
        (Kind.MEMBER, State.ACTIVE): 1, (Kind.MEMBER, State.DEACTIVATED): 1, (Kind.BOT, State.ACTIVE): 1,
    } == tally  # fmt: skip


@pytest.mark.parametrize("crowd", [0, 3])
async def test_a_crowd_is_tallied_as_a_few_are_without_the_hidden_and_other_workspaces(
    memory: Store, crowd: int
) -> None:
    await keep_people(memory, {f"U{number}": f"Ada {number}" for number in range(4)})
    await install(memory, "T0OTHER001")
    async with memory.transaction() as tx:
        await set_hidden(tx, TEAM, "U3", is_hidden=True, now=NOW)

    async with memory.reading() as rx:
        assert {(Kind.MEMBER, State.ACTIVE): 4} == await rx.users.tally(TEAM, crowd=crowd)
        assert {(Kind.MEMBER, State.ACTIVE): 3} == await rx.users.tally(TEAM, but_hidden=True, crowd=crowd)
        assert {} == await rx.users.tally("T0OTHER001", crowd=crowd)


@pytest.mark.runs_on("sqlite", because="the others do not tell what an index covers")
async def test_a_crowd_is_tallied_without_reading_a_row(memory: Store) -> None:
    await keep_people(memory, {"U1": "Ada", "U2": "Grace"})

    async with memory.reading() as rx:
        with listening(memory) as asked:
            await rx.users.tally(TEAM, but_hidden=True, crowd=1)
        explained = f"EXPLAIN QUERY PLAN {asked[-1].sql}"
        plan = (await rx.users._connection.exec_driver_sql(explained, asked[-1].parameters)).all()

    assert "COVERING INDEX" in str(plan)
    assert "TEMP B-TREE" not in str(plan)


async def test_the_missing_are_marked_with_a_change_unless_they_spoke_meanwhile(memory: Store) -> None:
    await keep_people(memory, {"U1": "Ada", "U2": "Grace"})
    await keep(memory, an_observation("U2", updated=200, moment=1_000_000_000, title="Admiral"))

    async with memory.transaction() as tx:
        changes = await mark_missing(tx, TEAM, ["U1", "U2", "U9"], since=LATER, now=NOW)

    assert [("U1", {"missing_since": None}, {"missing_since": LATER})] == [
        (change.user_id, change.before, change.after) for change in changes
    ]
    ada, grace = await get_user(memory, "U1"), await get_user(memory, "U2")
    assert (State.MISSING, LATER, changes[0].rev) == (ada.state, ada.missing_since, ada.rev)
    assert State.ACTIVE is grace.state
    async with memory.transaction() as tx:
        assert () == await mark_missing(tx, TEAM, ["U1"], since=LATER, now=NOW)
