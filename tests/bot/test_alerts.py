"""Alerts: one episode for each trouble, from its beginning to its end, whatever happens to database and process."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.alerts import ENDED_KEPT, Alerts
from bot.runs.runner import instance_name
from bot.troubles import Signs
from db import Store
from db.records import Alert, AlertKind, RunState
from db.tables import alerts as alerts_table
from db.tables import instances
from tests.support.away import take_away

NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
WELL = Signs(now=NOW, last_run=RunState.DONE)


class Signboard:
    """Shows the signs that a test puts up; a minute passes between two looks."""

    def __init__(self) -> None:
        self.signs = WELL

    async def read(self) -> Signs:
        shown, self.signs = self.signs, replace(self.signs, now=self.signs.now + timedelta(minutes=1))
        return shown

    def show(self, **values: object) -> None:
        self.signs = replace(WELL, now=self.signs.now, **values)  # type: ignore[arg-type]


def process(store: Store, board: Signboard) -> Alerts:
    """Make what another process would."""
    return Alerts(store, signs=board.read, instance=instance_name("a test"))


@pytest.fixture
def board() -> Signboard:
    return Signboard()


@pytest.fixture
def alerts(store: Store, board: Signboard) -> Alerts:
    return process(store, board)


async def recorded(store: Store) -> list[tuple[AlertKind, str, datetime, datetime | None]]:
    """Read the episodes that were written down, oldest first."""
    async with store.reading() as rx:
        kept: tuple[Alert, ...] = await rx.alerts.list_newest(100)
    return [(each.kind, each.words, each.since, each.until) for each in reversed(kept)]


async def test_an_episode_is_written_as_it_begins_and_as_it_ends(
    store: Store, board: Signboard, alerts: Alerts
) -> None:
    board.show(rejected="Refused.")
    await alerts.look()
    begun = await recorded(store)
    await alerts.look()
    board.show()
    await alerts.look()

    assert [(AlertKind.TOKEN, "Refused.", NOW, None)] == begun
    assert [(AlertKind.TOKEN, "Refused.", NOW, NOW + timedelta(minutes=2))] == await recorded(store)
    assert () == alerts.open


async def test_the_same_trouble_later_is_another_episode(store: Store, board: Signboard, alerts: Alerts) -> None:
    for words in ("Refused.", None, "Refused."):
        board.show(rejected=words)
        await alerts.look()

    assert [NOW + timedelta(minutes=1), None] == [until for *_, until in await recorded(store)]


async def test_an_episode_bears_the_words_that_were_said_last(store: Store, board: Signboard, alerts: Alerts) -> None:
    for count in (1, 2):
        board.show(letters=count, newest_letter_at=NOW)
        await alerts.look()

    (only,) = await recorded(store)
    assert "2 unreadable events" in only[1]


async def test_several_kinds_are_episodes_side_by_side(store: Store, board: Signboard, alerts: Alerts) -> None:
    board.show(rejected="Refused.", runs_trouble="Held.", last_run=RunState.HELD)
    await alerts.look()
    board.show(runs_trouble="Held.", last_run=RunState.HELD)
    await alerts.look()

    assert [AlertKind.RUN_HELD] == [alert.kind for alert in alerts.open]
    assert 2 == len(await recorded(store))


async def test_the_next_process_goes_on_with_what_lasts_and_ends_what_is_over(store: Store, board: Signboard) -> None:
    board.show(rejected="Refused.", crowded="Another.")
    first = process(store, board)
    await first.look()
    await first.leave()

    board.show(rejected="Refused.")
    after_restart = process(store, board)
    await after_restart.look()

    assert {
        (AlertKind.TOKEN, "Refused.", NOW, None),
        (AlertKind.OTHER_INSTANCE, "Another.", NOW, NOW + timedelta(minutes=1)),
    } == set(await recorded(store))


async def test_what_goes_wrong_again_and_again_costs_no_episode_that_lasts(tmp_path: Path, board: Signboard) -> None:
    file = tmp_path / "usersync.sqlite3"
    store = await Store.open(f"sqlite:///{file}")
    alerts = process(store, board)
    give_back = take_away(file)
    await store.close()
    board.show(rejected="Refused.")
    await alerts.look()
    for number in range(2 * ENDED_KEPT + 9):
        board.show(rejected="Refused.", not_committed=number % 2 == 0)
        await alerts.look()
    give_back()
    await alerts.look()
    async with store.reading() as rx:
        kept = await rx.alerts.list_newest(1_000)

    assert 1 == len([each for each in kept if each.until is None and each.kind is AlertKind.TOKEN])
    assert ENDED_KEPT <= len(kept) <= ENDED_KEPT + 2
    await store.close()


async def test_what_began_before_the_earlier_process_could_be_asked_goes_on_as_one_episode(
    tmp_path: Path, board: Signboard
) -> None:
    file = tmp_path / "usersync.sqlite3"
    store = await Store.open(f"sqlite:///{file}")
    board.show(rejected="Refused.")
    await process(store, board).look()
    alerts = process(store, board)
    await store.close()
    give_back = take_away(file)
    await alerts.look()
    give_back()
    await alerts.look()
    board.show()
    await alerts.look()

    assert [(AlertKind.TOKEN, NOW)] == [(kind, since) for kind, _, since, until in await recorded(store) if until]
    assert 1 == len(await recorded(store))
    await store.close()


async def test_two_looks_at_once_are_one_after_the_other(store: Store, board: Signboard, alerts: Alerts) -> None:
    board.show(rejected="Refused.", crowded="Another.")
    await asyncio.gather(alerts.look(), alerts.look(), alerts.look())

    assert 2 == len(await recorded(store))


async def test_of_what_nothing_can_be_told_no_episode_ends(store: Store, board: Signboard, alerts: Alerts) -> None:
    board.show(letters=2, newest_letter_at=NOW, runs_trouble="Failed.", last_run=RunState.FAILED)
    await alerts.look()
    board.show(letters=None, last_run=None)
    await alerts.look()

    assert [None, None] == [until for *_, until in await recorded(store)]


async def test_what_began_and_ended_while_the_database_was_away_is_written_once_it_is_back(
    tmp_path: Path, board: Signboard
) -> None:
    file = tmp_path / "usersync.sqlite3"
    store = await Store.open(f"sqlite:///{file}")
    alerts = process(store, board)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        board.show(database_trouble="It is away.", rejected="Refused.")
        await alerts.look()
        board.show(database_trouble="It is away.")
        await alerts.look()
        assert [] == await recorded(store)
        other.rollback()
    board.show()
    await alerts.look()

    assert {
        (AlertKind.DATABASE, NOW, NOW + timedelta(minutes=2)),
        (AlertKind.TOKEN, NOW, NOW + timedelta(minutes=1)),
    } == {(kind, since, until) for kind, _, since, until in await recorded(store)}
    await store.close()


async def is_alive(store: Store, name: str, *, for_s: float = 0) -> None:
    """Let a process have been heard of so long ago."""
    async with store.transaction() as tx:
        await tx.instances.beat(name)
        before = tx.instances._connection
        then = datetime.now(UTC) - timedelta(seconds=for_s)
        await before.execute(sa.update(instances).where(instances.c.instance == name).values(heartbeat_at=then))


def needs_a_server(store: Store) -> None:
    if store.place.endswith("sqlite3"):
        pytest.skip("a file has one process")


async def test_another_process_leaves_alone_what_lasts_at_a_living_one(store: Store) -> None:
    needs_a_server(store)
    board, well = Signboard(), Signboard()
    first, second = process(store, board), process(store, well)
    board.show(sockets_trouble="None is open.", rejected="Refused.")
    await first.look()
    await second.look()
    await second.look()
    await first.look()

    assert [] == second.take_left()
    assert () == second.open
    assert {None} == {until for *_, until in await recorded(store)}
    assert first.open
    assert 1 == len(await recorded(store))


async def test_what_a_process_left_as_it_ended_is_gone_on_with_at_once(store: Store) -> None:
    board, well = Signboard(), Signboard()
    first, second = process(store, board), process(store, well)
    board.show(rejected="Refused.")
    await first.look()
    await first.leave()
    await second.look()

    assert [AlertKind.TOKEN] == [each.alert.kind for each in second.take_left()]
    assert [] == second.take_left()
    assert [NOW] == [until for *_, until in await recorded(store)]


async def test_what_a_process_left_as_it_was_killed_is_taken_over_once_it_was_silent(store: Store) -> None:
    needs_a_server(store)
    board, other = Signboard(), Signboard()
    first, second = process(store, board), process(store, other)
    for each in (board, other):
        each.show(rejected="Refused.")
    await first.look()
    await second.look()
    assert AlertKind.TOKEN in second.awaited, "it is not told twice before it is known whose it is"
    await is_alive(store, first._instance, for_s=16)
    other.show()
    await second.look()
    await second.look()

    assert {NOW} != {until for *_, until in await recorded(store)}
    assert None not in {until for *_, until in await recorded(store)}
    assert () == second.open


async def test_what_another_took_over_meanwhile_begins_anew_where_it_lasts(store: Store) -> None:
    needs_a_server(store)
    board, well = Signboard(), Signboard()
    first, second = process(store, board), process(store, well)
    board.show(rejected="Refused.")
    await first.look()
    (before,) = first.open
    await is_alive(store, first._instance, for_s=16)
    await second.look()
    board.show(rejected="Refused.")
    await first.look()

    (after,) = first.open
    assert after.alert_id > before.alert_id
    assert [NOW, None] == [until for *_, until in await recorded(store)]


async def test_what_is_gone_with_somebody_does_not_begin_anew(store: Store, board: Signboard, alerts: Alerts) -> None:
    board.show(rejected="Refused.")
    await alerts.look()
    async with store.transaction() as tx:
        await tx.alerts._connection.execute(sa.delete(alerts_table))
    board.show(rejected="Refused.")
    await alerts.look()

    assert [] == await recorded(store)
