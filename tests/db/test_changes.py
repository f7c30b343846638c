"""The change log is the spine: read in order, from any place, until it is no longer kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db import Store
from db.errors import PositionTooOld
from db.records import Change, Position
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, all_changes, install, keep

OTHER = "T0OTHER001"


async def read(store: Store, position: Position, limit: int = 500) -> tuple[Change, ...]:
    async with store.reading() as rx:
        return await rx.changes.list_changes(position, limit=limit)


async def now_of(store: Store) -> Position:
    async with store.reading() as rx:
        return await rx.workspaces.find_position()


def places(changes: tuple[Change, ...]) -> list[tuple[int, int]]:
    return [(each.rev, each.seq) for each in changes]


def behind(position: Position, changes: tuple[Change, ...]) -> Position:
    return Position({**position.marks, **{each.team_id: (each.rev, each.seq) for each in changes}})


async def test_whoever_has_read_everything_gets_only_what_comes_after(memory: Store) -> None:
    await keep(memory, an_observation(title="A", updated=1))
    position = await now_of(memory)
    await keep(memory, an_observation(title="B", updated=2))

    assert [(2, 0)] == places(await read(memory, position))
    assert () == await read(memory, await now_of(memory))


async def test_a_position_lies_behind_everything_of_its_commit(memory: Store) -> None:
    await keep(memory, *(an_observation(f"U{number}", title="A") for number in range(3)))

    assert () == await read(memory, await now_of(memory))


async def test_a_commit_read_in_parts_is_read_to_its_end(memory: Store) -> None:
    await keep(memory, *(an_observation(f"U{number}", title="A") for number in range(5)))
    position, found = Position({}), []

    while part := await read(memory, position, limit=2):
        found += places(part)
        position = behind(position, part)

    assert [(1, seq) for seq in range(5)] == found


async def test_several_workspaces_are_read_side_by_side(memory: Store) -> None:
    await install(memory, OTHER)
    await keep(memory, an_observation(title="A"))
    await keep(memory, an_observation(title="A", team_id=OTHER))
    await keep(memory, an_observation(title="B", updated=200, team_id=OTHER))
    everything = await all_changes(memory)

    assert {(TEAM, 1), (OTHER, 1), (OTHER, 2)} == {(each.team_id, each.rev) for each in everything}
    assert [(OTHER, 2)] == [
        (each.team_id, each.rev) for each in await read(memory, Position({TEAM: (1, 0), OTHER: (1, 0)}))
    ]
    assert 2 == len(await read(memory, Position({TEAM: (1, 0)})))


async def test_a_limit_holds_for_all_workspaces_together(memory: Store) -> None:
    await install(memory, OTHER)
    for team_id in (TEAM, OTHER):
        await keep(memory, *(an_observation(f"U{number}", title="A", team_id=team_id) for number in range(4)))
    position, found = Position({}), 0

    while part := await read(memory, position, limit=3):
        assert len(part) <= 3
        found += len(part)
        position = behind(position, part)

    assert 8 == found


async def test_a_position_older_than_what_is_kept_is_told_to_start_again(memory: Store) -> None:
    await keep(memory, an_observation(title="A", updated=1))
    at_one = await now_of(memory)
    await keep(memory, an_observation(title="B", updated=2))
    at_two = await now_of(memory)
    await keep(memory, an_observation(title="C", updated=3), now=NOW + timedelta(hours=1))
    async with memory.transaction() as tx:
        newest = await tx.changes.prune(TEAM, before=NOW + timedelta(minutes=1), is_status=False)
        await tx.workspaces.set_kept_from([TEAM], "changes_from_rev", newest or 0)

    assert 2 == newest
    assert [(3, 0)] == places(await read(memory, at_two))
    for old in (at_one, Position({})):
        with pytest.raises(PositionTooOld):
            await read(memory, old)


async def test_a_position_at_the_end_is_never_too_old(memory: Store) -> None:
    await keep(memory, an_observation(title="A", updated=1))
    async with memory.transaction() as tx:
        newest = await tx.changes.prune(TEAM, before=NOW + timedelta(hours=1), is_status=False)
        await tx.workspaces.set_kept_from([TEAM], "changes_from_rev", newest or 0)

    assert () == await read(memory, await now_of(memory))


async def test_pruning_custom_statuses_leaves_the_rest(memory: Store) -> None:
    await keep(memory, an_observation(title="A", status_text="", updated=1))
    await keep(memory, an_observation(title="B", status_text="out", updated=2))
    async with memory.transaction() as tx:
        newest = await tx.changes.prune(TEAM, before=NOW + timedelta(hours=1), is_status=True)
    async with memory.reading() as rx:
        history = await rx.changes.list_history(TEAM, "U1", 10)

    assert 2 == newest
    assert [(2, 0), (1, 0)] == places(history)
    assert [(1, 0), (2, 0)] == places(await all_changes(memory))


async def test_pruning_nothing_moves_nothing(memory: Store) -> None:
    await keep(memory, an_observation(title="A"))
    async with memory.transaction() as tx:
        newest = await tx.changes.prune(TEAM, before=NOW, is_status=False)

    assert newest is None
    assert 1 == len(await all_changes(memory))


async def test_what_is_kept_from_never_moves_back(memory: Store) -> None:
    await keep(memory, an_observation(title="A", updated=1))
    await keep(memory, an_observation(title="B", updated=2))
    async with memory.transaction() as tx:
        await tx.workspaces.set_kept_from([TEAM], "changes_from_rev", 2)
        await tx.workspaces.set_kept_from([TEAM], "changes_from_rev", 1)
    await keep(memory, an_observation(title="C", updated=3))

    with pytest.raises(PositionTooOld):
        await read(memory, Position({TEAM: (1, 0)}))


async def test_the_newest_are_listed_first_and_without_resets(memory: Store) -> None:
    await keep(memory, an_observation("U1", title="A"), is_backfill=True)
    await keep(memory, an_observation("U2", title="A"), an_observation("U3", title="A"))
    await keep(memory, an_observation("U2", status_text="out", updated=200), now=NOW + timedelta(seconds=1))
    async with memory.reading() as rx:
        recent = await rx.changes.list_recent(10)
        first = await rx.changes.list_recent(1)

    assert [(3, 0), (2, 1), (2, 0)] == places(recent)
    assert recent[:1] == first


async def test_a_history_is_one_users_and_holds_no_custom_status(memory: Store) -> None:
    await install(memory, OTHER)
    await keep(memory, an_observation(title="A", updated=1))
    await keep(memory, an_observation(title="B", status_text="at the dentist", updated=2))
    await keep(memory, an_observation("U2", title="B"))
    await keep(memory, an_observation(title="B", team_id=OTHER))
    async with memory.reading() as rx:
        history = await rx.changes.list_history(TEAM, "U1", 10)
        newest = await rx.changes.list_history(TEAM, "U1", 1)

    assert [(2, 0), (1, 0)] == places(history)
    assert [("title",), ("title",)] == [each.fields for each in history]
    assert [False, True] == [each.is_new_user for each in history]
    assert history[:1] == newest


async def test_a_position_from_before_a_backup_was_brought_back_is_told_to_start_again(memory: Store) -> None:
    await keep(memory, an_observation(title="A", updated=1))

    with pytest.raises(PositionTooOld):
        await read(memory, Position({TEAM: (7, 0)}))
