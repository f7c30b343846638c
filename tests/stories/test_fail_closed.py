"""Fail closed: a pass that met anything unclean hides, removes and marks nobody, and says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.runs.claim import Order, claimed
from bot.runs.patience import PassFailed
from bot.service import Service
from bot.simulator import Simulator
from db import Store
from db.records import RunKind, RunState, State
from tests.support.runs import a_run, last_run, rev_of, state_of, users_of
from tests.support.waiting import eventually

Start = Callable[..., Any]


async def test_an_empty_list_hides_nobody_whom_slack_still_knows(slack: Simulator, store: Store) -> None:
    ada = slack.adds("Ada Lovelace")
    await a_run(slack, store)
    slack.faults.fail("users.list", alter=lambda answer: {**answer, "members": []}, times=None)

    done = await a_run(slack, store)

    assert (RunState.DONE, 3, 0) == (done.run.state, done.run.absent, done.run.missing)
    assert State.ACTIVE is await state_of(store, slack, ada.id)


async def test_an_implausible_shrink_is_held_until_somebody_confirms(store: Store) -> None:
    async with Simulator(crowd=200) as slack:
        await a_run(slack, store)
        gone = [slack.user(user["id"]) for user in slack.users() if not user["is_bot"] and user["id"] != "USLACKBOT"][
            :60
        ]
        for user in gone:
            slack.removes(user)

        held = await a_run(slack, store)

        assert (RunState.HELD, 60, 0) == (held.run.state, held.run.absent, held.run.missing)
        assert "--confirm" in str(held.run.reason)
        assert [] == slack.calls("users.info")
        assert State.MISSING not in {user.state for user in (await users_of(store, slack)).values()}

        lists = len(slack.calls("users.list"))
        confirmed = await a_run(slack, store, Order(is_asked=True, is_confirmed=True))

        assert (RunState.DONE, 60) == (confirmed.run.state, confirmed.run.missing)
        assert len(slack.calls("users.list")) == lists + 1, "it reads afresh, and never acts on the old list"
        for user in gone:
            async with store.reading() as rx:
                row = await rx.users.find_user(slack.team_id, user.id)
            assert row is not None
            assert row.missing_since is not None


@pytest.mark.parametrize(("minutes", "is_kept"), [(29, True), (31, False)])
async def test_what_was_asked_of_a_run_that_ended_before_its_first_page_is_asked_of_the_next(
    slack: Simulator, store: Store, minutes: int, is_kept: bool
) -> None:
    await a_run(slack, store)
    wanted, begun = Order(is_asked=True, asked_by="U0ADA", is_confirmed=True), datetime.now(UTC)
    async with claimed(store, slack.team_id, wanted, instance="one that dies", clock=lambda: begun):
        pass

    later = await a_run(slack, store, clock=lambda: begun + timedelta(minutes=minutes))

    assert later.run.is_confirmed is is_kept
    assert later.run.asked_by == ("U0ADA" if is_kept else None)
    assert later.run.kind is (RunKind.RESYNC if is_kept else RunKind.RECONCILE)


@pytest.mark.parametrize(("gone", "state"), [(50, RunState.DONE), (51, RunState.HELD)])
async def test_fifty_may_leave_at_once_and_fifty_one_are_doubted(store: Store, gone: int, state: RunState) -> None:
    async with Simulator(crowd=120) as slack:
        await a_run(slack, store)
        users = [slack.user(user["id"]) for user in slack.users() if not user["is_bot"] and user["id"] != "USLACKBOT"]
        for user in users[:gone]:
            slack.removes(user)

        assert state is (await a_run(slack, store)).run.state


@pytest.mark.parametrize("entry", [{"real_name": "Nobody"}, {"id": None}, {"id": "ada?"}, {"id": 5}, None, "U1", []])
async def test_an_entry_without_a_readable_id_marks_nobody_missing(
    slack: Simulator, store: Store, entry: object
) -> None:
    ada, grace = slack.adds("Ada Lovelace"), slack.adds("Grace Hopper")
    await a_run(slack, store)
    slack.changes(ada, title="Countess", quietly=True)
    slack.removes(grace)
    slack.faults.fail("users.list", alter=lambda answer: {**answer, "members": [entry, *answer["members"]]}, times=None)

    done = await a_run(slack, store)

    assert (RunState.DONE, 1, 0) == (done.run.state, done.run.nameless, done.run.missing)
    assert "no readable id" in str(done.run.reason)
    assert State.ACTIVE is await state_of(store, slack, grace.id)
    assert "Countess" == (await users_of(store, slack))[ada.id].title


FAULTS: list[dict[str, Any]] = [
    {"http_status": 500}, {"http_status": 502, "html": True}, {"html": True}, {"truncated": True}, {"drop": True},
    {"error": "internal_error"}, {"error": "something_new"}, {"alter": lambda answer: [answer]},
    {"alter": lambda _: {"ok": True}}, {"alter": lambda a: {**a, "response_metadata": {"next_cursor": 5}}},
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=range(len(FAULTS)))
async def test_a_page_that_stays_unclean_fails_the_run_and_touches_nobody(
    slack: Simulator, store: Store, fault: dict[str, Any]
) -> None:
    slack.page_limit = 2
    people = [slack.adds(f"Ada {number}") for number in range(4)]
    await a_run(slack, store)
    slack.removes(people[0])
    rev, calls = await rev_of(store, slack), len(slack.calls("users.list"))
    slack.faults.fail("users.list", after=1, times=None, **fault)

    with pytest.raises(PassFailed) as failed:
        await a_run(slack, store)

    run = await last_run(store, slack)
    assert run is not None
    assert (RunState.FAILED, str(failed.value)) == (run.state, run.reason)
    assert len(slack.calls("users.list")) - calls >= 1 + 6
    assert rev == await rev_of(store, slack)
    assert State.ACTIVE is await state_of(store, slack, people[0].id)


async def test_where_slack_forgot_the_cursor_the_list_is_read_from_its_beginning(
    slack: Simulator, store: Store
) -> None:
    slack.page_limit = 10
    for number in range(35):
        slack.adds(f"Ada {number}")
    slack.faults.fail("users.list", after=2, error="invalid_cursor", times=1)

    done = await a_run(slack, store)

    assert (RunState.DONE, 37, 0) == (done.run.state, done.run.seen, done.run.missing)


async def test_whoever_joins_or_speaks_while_a_run_works_is_never_missed(slack: Simulator, service: Service) -> None:
    slack.page_limit = 1
    grace = slack.joins("Grace Hopper")
    await slack.eventually_acked()
    without = lambda answer: {**answer, "members": [m for m in answer["members"] if m["id"] != grace.id]}  # noqa: E731
    slack.faults.fail("users.list", alter=without, times=None)
    slack.faults.fail("users.info", error="user_not_found", times=None)
    done = service.runs.finished
    ticket, is_new = service.runs.ask()
    assert is_new
    await eventually(lambda: ticket.progress is not None and ticket.progress.seen >= 1, of="the first page")
    slack.changes(grace, title="Admiral")
    await slack.eventually_acked()
    await eventually(lambda: service.runs.finished > done, of="the run")

    async with service.store.reading() as rx:
        user = await rx.users.find_user(slack.team_id, grace.id)
    assert user is not None
    assert State.ACTIVE is user.state


async def test_a_failed_run_is_tried_again_by_itself_and_told_meanwhile(slack: Simulator, start: Start) -> None:
    slack.faults.fail("users.list", http_status=500, times=12)
    service: Service = await start()

    trouble = await eventually(lambda: service.runs.trouble, within_s=40, of="the trouble")
    await eventually(lambda: service.runs.finished, within_s=40, of="a run that ends")

    assert "internal_error" in str(trouble)
    assert service.runs.trouble is None
    async with service.store.reading() as rx:
        states = [run.state for run in await rx.runs.list_runs(10)]
    assert [RunState.DONE, RunState.FAILED, RunState.FAILED] == states


async def test_the_words_of_a_held_run_tell_the_active_from_the_rest(store: Store) -> None:
    async with Simulator() as slack:
        slack.adds("Ada Lovelace")
        gone = [slack.adds(f"Gone {number}") for number in range(60)]
        for user in gone[3:]:
            slack.deactivates(user, quietly=True)
        await a_run(slack, store)
        for user in gone:
            slack.removes(user)

        held = await a_run(slack, store)

    assert "60 users are no longer in Slack's list, among them 3 of the 6 active." in str(held.run.reason)


async def test_a_long_retry_after_is_waited_out_before_the_next_run(slack: Simulator, start: Start) -> None:
    slack.faults.fail("users.list", ratelimited=900, times=1)
    service: Service = await start()
    ticket_or_none = await eventually(lambda: service.runs.trouble, within_s=40, of="the trouble")

    assert "900 seconds" in str(ticket_or_none)
    assert service.runs.next_in_s > 800
