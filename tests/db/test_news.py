"""What is new: who joined, left and moved, and whose years are full; never those whom a first reading found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import astuple, replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from db import Sight, Store, looking, mark_missing, record
from db.changes import is_move
from db.derive import days_kept_on, start_day_of
from db.engine import open_writer, parse_url
from db.latest import Mover
from db.recording import set_hidden
from db.records import Change, Source, User
from db.visibility import Audience, Policy
from tests.support.factories import TEAM, an_observation
from tests.support.memory import install

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SINCE = NOON - timedelta(days=30)
EVERYTHING = Sight()
INDEXES = {"users_by_joining", "users_by_change", "moves_in_time", "changes_of_a_user", "users_by_start_day"}
KEYS = {"sqlite_autoindex_users_1"}


async def said(store: Store, user_id: str, *, ago: float = 0, team_id: str = TEAM, **values: Any) -> None:
    """Record what an event says, `ago` days before noon."""
    at = NOON - timedelta(days=ago)
    options = {"updated": int(at.timestamp()), "moment": int(at.timestamp() * 1_000_000), "team_id": team_id}
    async with store.transaction() as tx:
        await record(tx, team_id, [an_observation(user_id, **options, **values)], now=at)


async def read_at_first(store: Store, user_id: str, *, left: float, ago: float = 0) -> None:
    """Find somebody in a first reading, who had left so many days before noon."""
    at = NOON - timedelta(days=ago)
    seen = an_observation(
        user_id, updated=int((NOON - timedelta(days=left)).timestamp()), source=Source.RUN, deleted=True
    )
    async with store.transaction() as tx:
        await record(tx, TEAM, [seen], now=at, is_backfill=True)


def ids(users: Iterable[User]) -> list[str]:
    return [each.id for each in users]


async def joined(store: Store, sight: Sight = EVERYTHING, limit: int = 50) -> list[str]:
    async with looking(store, sight) as seen:
        return ids(await seen.latest.joined(SINCE, limit=limit))


async def left(store: Store, sight: Sight = EVERYTHING, limit: int = 50) -> list[str]:
    async with looking(store, sight) as seen:
        return ids(await seen.latest.left(SINCE, limit=limit))


async def moved(
    store: Store, sight: Sight = EVERYTHING, limit: int = 50, fields: Sequence[str] = ("Xf1",)
) -> tuple[Mover, ...]:
    async with looking(store, sight) as seen:
        return await seen.latest.moved(SINCE, limit=limit, field_ids=fields)


async def started(store: Store, on: date, sight: Sight = EVERYTHING) -> list[str]:
    async with looking(store, sight) as seen:
        return ids(await seen.latest.started_on(on, limit=50))


async def test_who_joined_is_listed_newest_first_and_nobody_who_was_there_before(memory: Store) -> None:
    await said(memory, "UEARLY", ago=31, joined=True)
    await said(memory, "UTHERE", ago=3)
    await said(memory, "UFIRST", ago=20, joined=True)
    await said(memory, "UGUEST", ago=2, joined=True, is_restricted=True)
    await said(memory, "UBOT", ago=1, joined=True, is_bot=True)
    await said(memory, "UEXTERN", ago=1, joined=True, is_stranger=True)
    await said(memory, "UGONE", ago=5, joined=True)
    await said(memory, "UGONE", ago=1, deleted=True)
    async with looking(memory, EVERYTHING) as seen:
        count = await seen.latest.count_joined(SINCE)

    assert ["UGUEST", "UFIRST"] == await joined(memory)
    assert ["UGUEST"] == await joined(memory, limit=1)
    assert 2 == count


async def test_who_left_is_listed_and_nobody_who_had_left_before_us(memory: Store) -> None:
    await read_at_first(memory, "UBEFORE", left=200)
    await read_at_first(memory, "UJUSTBEFORE", left=2)
    await said(memory, "UOLD", ago=60)
    await said(memory, "UOLD", ago=40, deleted=True)
    for user_id in ("ULEFT", "UGONE", "UBACK", "UBOT"):
        await said(memory, user_id, ago=40, is_bot=user_id == "UBOT")
    for user_id in ("ULEFT", "UBACK", "UBOT"):
        await said(memory, user_id, ago=9, deleted=True)
    await said(memory, "UBACK", ago=8, deleted=False)
    at = NOON - timedelta(days=4)
    async with memory.transaction() as tx:
        await mark_missing(tx, TEAM, ["UGONE"], since=at, now=at)

    assert ["UGONE", "ULEFT"] == await left(memory)
    assert ["UGONE"] == await left(memory, limit=1)


async def test_a_change_of_somebody_who_is_gone_is_no_second_leaving(memory: Store) -> None:
    await said(memory, "U1", ago=90)
    await said(memory, "U1", ago=80, deleted=True)
    await said(memory, "U1", ago=3, title="Emeritus")

    assert [] == await left(memory)


async def test_who_moved_is_listed_with_what_changed_from_first_to_last(memory: Store) -> None:
    await said(memory, "U1", ago=90, title="Analyst", phone="1")
    await said(memory, "U1", ago=40, title="Senior Analyst")
    await said(memory, "U1", ago=20, title="Lead")
    await said(memory, "U1", ago=10, phone="2")
    await said(memory, "U1", ago=5, title="Head")
    await said(memory, "U2", ago=90, fields={"Xf1": {"value": "Sales", "alt": ""}})
    await said(memory, "U2", ago=1, fields={"Xf1": {"value": "Support", "alt": ""}})
    await said(memory, "U3", ago=3, title="New here", joined=True)
    found = await moved(memory)

    assert ["U2", "U1"] == ids(each.user for each in found)
    assert [("Xf1", "Sales", "Support")] == [each[:3] for each in map(astuple, found[0].steps)]
    assert [("title", "Senior Analyst", "Head", NOON - timedelta(days=5))] == [*map(astuple, found[1].steps)]
    assert ["U2"] == ids(each.user for each in await moved(memory, limit=1))


async def test_a_move_is_found_behind_any_changes_that_are_none(memory: Store) -> None:
    """Of an unmarked field, of one that is hidden, there and back again, and of case alone."""
    crowd = [f"U{number:02}" for number in range(60)]
    for user_id in ("UMOVED", *crowd):
        await said(memory, user_id, ago=90, title="Analyst", fields={"Xf1": {"value": "A"}, "Xf2": {"value": "A"}})
    await said(memory, "UMOVED", ago=20, title="Head")
    for user_id in crowd:
        await said(memory, user_id, ago=15, fields={"Xf1": {"value": "A"}, "Xf2": {"value": "B"}})
        await said(memory, user_id, ago=14, title="Temp")
        await said(memory, user_id, ago=13, title="ANALYST")
        await said(memory, user_id, ago=12, title="analyst")

    assert ["UMOVED"] == ids(each.user for each in await moved(memory, limit=5))
    assert ["UMOVED"] == ids(
        each.user for each in await moved(memory, Sight(hidden=frozenset({"Xf2"})), limit=5, fields=("Xf1", "Xf2"))
    )
    assert 61 == len(await moved(memory, limit=100, fields=("Xf1", "Xf2")))


async def test_what_is_hidden_tells_of_no_move_no_day_and_nobody(memory: Store) -> None:
    for user_id in ("UHIDDEN", "USEEN"):
        await said(memory, user_id, ago=20, joined=True, title="A", start_date="2020-11-23")
        await said(memory, user_id, ago=10, title="B")
    async with memory.transaction() as tx:
        await set_hidden(tx, TEAM, "UHIDDEN", is_hidden=True, now=NOON)
    policy = Policy({"title": Audience.NOBODY, "start_date": Audience.NOBODY})
    blind = Sight(hidden=policy.hidden_from(Audience.EVERYONE))

    assert ["USEEN"] == await joined(memory) == ids(each.user for each in await moved(memory))
    assert ["USEEN"] == await started(memory, NOON.date())
    assert () == await moved(memory, blind)
    assert [] == await started(memory, NOON.date(), blind)


async def test_each_workspace_has_its_own_news(memory: Store) -> None:
    await install(memory, "T2")
    for team_id in (TEAM, "T2"):
        await said(memory, f"U{team_id}", team_id=team_id, ago=20, joined=True, title="A", start_date="2020-11-23")
        await said(memory, f"U{team_id}", team_id=team_id, ago=10, title="B")
    only = Sight(team_ids=frozenset({"T2"}))

    assert 2 == len(await joined(memory)) == len(await moved(memory))
    assert ["UT2"] == await joined(memory, only) == ids(each.user for each in await moved(memory, only))
    assert ["UT2"] == await started(memory, NOON.date(), only)


async def test_years_are_full_on_the_day_and_from_the_first_year_on(memory: Store) -> None:
    days = {"UTODAY": "2021-11-23", "UNEXT": "2021-11-24", "UNEW": "2026-11-23", "UODD": "23 November 2021"}
    for user_id, text in days.items():
        await said(memory, user_id, start_date=text)
    await said(memory, "ULEFT", start_date="2019-11-23", deleted=True)
    await said(memory, "ULEAP", start_date="2024-02-29")

    assert ["UTODAY"] == await started(memory, NOON.date())
    assert ["ULEAP"] == await started(memory, date(2027, 2, 28))
    assert [] == await started(memory, date(2028, 2, 28))
    assert ["ULEAP"] == await started(memory, date(2028, 2, 29))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2020-02-29", 229), ("2021-02-29", None), ("2021-12-01", 1201), ("", None), (None, None), ("2021-1-1", None),
        ("20210101", None), ("2021-W01-1", None), ("٢٠٢١-٠١-٠١", None), ("0000-01-01", None),
    ],
)  # fmt: skip
def test_only_a_date_has_a_day(text: str | None, day: int | None) -> None:
    assert day == start_day_of(text)


def test_every_first_day_is_kept_once_a_year() -> None:
    for year in (2027, 2028):
        begin = date(year, 1, 1)
        kept = [
            day for number in range(366) if (on := begin + timedelta(number)).year == year for day in days_kept_on(on)
        ]
        assert 366 == len(set(kept)) == len(kept), year


async def test_a_log_from_before_is_marked_by_the_migration(memory: Store, database_url: str) -> None:
    """The migration's own steps, over rows that an older usersync has written."""
    revision = import_module("db.migrations.versions.0008_what_is_new")
    await said(memory, "U1", ago=20, title="A", start_date="2020-11-23")
    for ago in range(19, 0, -1):
        await said(memory, "U1", ago=ago, title=f"Title {ago}", phone=str(ago))
        await said(memory, "U1", ago=ago - 0.5, phone=f"{ago} again")
    before = [each.steps for each in await moved(memory)]
    engine = open_writer(parse_url(database_url))
    async with engine.begin() as connection:
        await connection.execute(sa.text("UPDATE changes SET is_move = NULL"))
        await connection.execute(sa.text("UPDATE users SET start_day = NULL"))
    assert () == await moved(memory)
    revision._SLICE, kept = 4, revision._SLICE
    try:
        async with engine.begin() as connection:
            await connection.run_sync(revision._tell_days)
            await connection.run_sync(revision._tell_moves)
    finally:
        revision._SLICE = kept
        await engine.dispose()

    assert before == [each.steps for each in await moved(memory)]
    assert ["U1"] == await started(memory, NOON.date())


def test_somebody_new_has_not_moved() -> None:
    change = Change(TEAM, 1, 0, "U1", {"title": "A"}, {"title": "B"}, Source.EVENT, NOON)
    assert is_move(change)
    assert not is_move(replace(change, before={}))
    assert not is_move(replace(change, before={"phone": "1"}, after={"phone": "2"}))


async def test_each_question_is_answered_from_its_index(tmp_path: Path) -> None:
    """On SQLite, which plans without figures and would take whatever index is named most often."""
    store = await Store.open(f"sqlite:///{tmp_path / 'users.db'}")
    await install(store, TEAM)
    await said(store, "U1", ago=20, title="A")
    await said(store, "U1", ago=10, title="B")
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        for sight in (EVERYTHING, Sight(team_ids=frozenset({TEAM}))):
            await joined(store, sight)
            await left(store, sight)
            await moved(store, sight)
            await started(store, NOON.date(), sight)
            async with looking(store, sight) as seen:
                await seen.latest.count_joined(SINCE)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    await store.close()
    with closing(sqlite3.connect(tmp_path / "users.db")) as connection:
        plans = [
            row[3]
            for statement, parameters in asked
            if statement.startswith("SELECT")
            for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            if " users" in row[3] or " changes" in row[3]
        ]

    used = {name for plan in plans for name in INDEXES if f"{name} " in plan}
    assert INDEXES == used, plans
    assert [] == [
        plan for plan in plans if plan.startswith("SCAN") or not any(f"{name} " in plan for name in INDEXES | KEYS)
    ]
