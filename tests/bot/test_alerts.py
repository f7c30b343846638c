"""Alerts: one episode for each trouble, from its beginning to its end, whatever happens to database and process."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.alerts import ENDED_KEPT, Alerts
from bot.runs.runner import instance_name
from bot.troubles import Signs
from db import Store
from db.instances import Instance, ProcessRole
from db.posting import AlertPost
from db.records import Alert, AlertKind, RunState
from db.tables import alerts as alerts_table
from db.tables import instances
from tests.support.away import take_database_away
from tests.support.engines import WHOLE
from tests.support.locks import held

on_what_is_taken_away = pytest.mark.runs_on(*WHOLE, because="a database is taken away, or held, by means of its own")

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


def process(store: Store, board: Signboard, *, is_mute: bool = False) -> Alerts:
    """Make what another process would; Slack takes no word of one that is mute."""
    return Alerts(store, signs=board.read, instance=instance_name("a test"), is_mute=lambda: is_mute)


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


@on_what_is_taken_away
async def test_what_goes_wrong_again_and_again_costs_no_episode_that_lasts(database_url: str, board: Signboard) -> None:
    store = await Store.open(database_url)
    alerts = process(store, board)
    await store.close()
    give_back = await take_database_away(database_url)
    board.show(rejected="Refused.")
    await alerts.look()
    for number in range(2 * ENDED_KEPT + 9):
        board.show(rejected="Refused.", not_committed=number % 2 == 0)
        await alerts.look()
    await store.close()  # what was opened in between
    await give_back()
    await alerts.look()
    async with store.reading() as rx:
        kept = await rx.alerts.list_newest(1_000)

    assert 1 == len([each for each in kept if each.until is None and each.kind is AlertKind.TOKEN])
    assert ENDED_KEPT <= len(kept) <= ENDED_KEPT + 2
    await store.close()


@pytest.mark.runs_on("sqlite", because="on a server the earlier process would count as alive")
async def test_what_began_before_the_earlier_process_could_be_asked_goes_on_as_one_episode(
    database_url: str, board: Signboard
) -> None:
    store = await Store.open(database_url)
    board.show(rejected="Refused.")
    await process(store, board).look()
    alerts = process(store, board)
    await store.close()
    give_back = await take_database_away(database_url)
    await alerts.look()
    await store.close()  # what was opened in between
    await give_back()
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


@on_what_is_taken_away
async def test_what_began_and_ended_while_the_database_was_away_is_written_once_it_is_back(
    database_url: str, board: Signboard
) -> None:
    store = await Store.open(database_url)
    alerts = process(store, board)
    async with held(database_url) as other:
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
    assert () == second.own, "it is not told twice before it is known whose it is"
    assert [AlertKind.TOKEN] == [each.kind for each in second.open]
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


async def test_what_several_see_is_one_episode_and_all_know_of_it(store: Store) -> None:
    needs_a_server(store)
    boards = [Signboard() for _ in range(4)]
    several = [process(store, each) for each in boards]
    for number, board in enumerate(boards):
        board.show(rejected=f"Refused, says {number}.")
    await asyncio.gather(*(each.look() for each in several))
    await asyncio.gather(*(each.look() for each in several))

    assert 1 == len(await recorded(store))
    assert [1, 0, 0, 0] == sorted((len(each.own) for each in several), reverse=True)
    assert [{AlertKind.TOKEN}] * 4 == [{alert.kind for alert in each.open} for each in several]

    for board in boards:
        board.show()
    await asyncio.gather(*(each.look() for each in several))

    assert 1 == len([until for *_, until in await recorded(store) if until])
    assert [()] * 4 == [each.open for each in several]


async def test_whoever_does_not_have_the_episode_does_not_end_it(store: Store) -> None:
    needs_a_server(store)
    board, other = Signboard(), Signboard()
    first, second = process(store, board), process(store, other)
    for each in (board, other):
        each.show(rejected="Refused.")
    await first.look()
    await second.look()
    other.show()
    await second.look()

    assert () == second.open
    assert [None] == [until for *_, until in await recorded(store)]


async def test_what_is_over_at_another_and_lasts_here_for_more_than_two_looks_begins_anew(store: Store) -> None:
    needs_a_server(store)
    board, other = Signboard(), Signboard()
    first, second = process(store, board), process(store, other)
    for each in (board, other):
        each.show(rejected="Refused.")
    await first.look()
    await second.look()
    (told,) = first.own
    async with store.transaction() as tx:
        await tx.alert_posts.put(AlertPost(told.alert_id, "T1", "C1", "1.0", "Refused."))
    board.show()
    await first.look()
    for _ in range(2):
        await second.look()
        assert () == second.own
    await second.look()

    assert 2 == len(await recorded(store))
    assert [AlertKind.TOKEN] == [each.kind for each in second.own]
    assert [("C1", "1.0")] == [(post.channel_id, post.ts) for left in second.take_left() for post in left.posts]


async def test_what_another_had_lasts_here_so_it_is_taken_over_with_what_was_told(store: Store) -> None:
    needs_a_server(store)
    board, other = Signboard(), Signboard()
    first, second = process(store, board), process(store, other)
    for each in (board, other):
        each.show(rejected="Refused.")
    await first.look()
    await second.look()
    (told,) = first.own
    await first.leave()
    await second.look()

    assert [(told.alert_id, told.since)] == [(each.alert_id, each.since) for each in second.own]
    assert [told.alert_id] == [left.alert.alert_id for left in second.take_left()]
    assert frozenset() == second.joined


async def test_what_is_gone_with_somebody_does_not_begin_anew(store: Store, board: Signboard, alerts: Alerts) -> None:
    board.show(rejected="Refused.")
    await alerts.look()
    async with store.transaction() as tx:
        await tx.alerts._connection.execute(sa.delete(alerts_table))
    board.show(rejected="Refused.")
    await alerts.look()

    assert [] == await recorded(store)


async def says(store: Store, name: str, *, refusal: str | None = None, role: ProcessRole = ProcessRole.ALL) -> None:
    """Let a process say of itself what it does."""
    async with store.transaction() as tx:
        await tx.instances.beat(name, Instance(name, role, refusal=refusal))


async def test_whoever_slack_refuses_leaves_what_begins_to_one_that_can_tell_it(store: Store) -> None:
    needs_a_server(store)
    board, other = Signboard(), Signboard()
    mute, well = process(store, board, is_mute=True), process(store, other)
    await says(store, well._instance)
    board.show(rejected="Refused.", letters=1, newest_letter_at=NOW)
    for _ in range(9):
        await mute.look()
    before = await recorded(store)
    other.show(rejected_elsewhere="Another is refused.", letters=1, newest_letter_at=NOW)
    await well.look()
    await mute.look()

    assert [] == before
    assert () == mute.own
    assert {AlertKind.TOKEN, AlertKind.DEAD_LETTERS} == {each.kind for each in well.own} == mute.joined


@pytest.mark.parametrize("refusal", [None, "Refused, too."])
async def test_whoever_slack_refuses_has_its_episodes_as_ever_where_nobody_else_can_tell_them(
    store: Store, refusal: str | None
) -> None:
    needs_a_server(store)
    board = Signboard()
    await says(store, "another", refusal=refusal, role=ProcessRole.ALL if refusal else ProcessRole.WEB)
    mute = process(store, board, is_mute=True)
    board.show(rejected="Refused.")
    await mute.look()

    assert [AlertKind.TOKEN] == [each.kind for each in mute.own]


async def test_whoever_slack_begins_to_refuse_hands_over_what_it_has_with_what_was_told(store: Store) -> None:
    needs_a_server(store)
    board, other, muted = Signboard(), Signboard(), asyncio.Event()
    first = Alerts(store, signs=board.read, instance=instance_name("a test"), is_mute=muted.is_set)
    second = process(store, other)
    for each in (board, other):
        each.show(letters=1, newest_letter_at=NOW)
    await says(store, second._instance)
    await first.look()
    await second.look()
    (told,) = first.own
    async with store.transaction() as tx:
        await tx.alert_posts.put(AlertPost(told.alert_id, "T1", "C1", "1.0", "Letters."))
    muted.set()
    await first.look()
    await second.look()
    await first.look()

    assert ((), {AlertKind.DEAD_LETTERS}) == (first.own, first.joined)
    assert [told.alert_id] == [each.alert_id for each in second.own]
    assert [("C1", "1.0")] == [(post.channel_id, post.ts) for left in second.take_left() for post in left.posts]
    assert 1 == len(await recorded(store))


async def test_whoever_slack_refuses_begins_what_was_anothers_once_that_one_is_gone(store: Store) -> None:
    needs_a_server(store)
    board, other = Signboard(), Signboard()
    mute, well = process(store, board, is_mute=True), process(store, other)
    await says(store, well._instance)
    board.show(letters=1, newest_letter_at=NOW)
    await mute.look()
    await is_alive(store, well._instance, for_s=16)
    for _ in range(3):
        await mute.look()

    assert [AlertKind.DEAD_LETTERS] == [each.kind for each in mute.own]
