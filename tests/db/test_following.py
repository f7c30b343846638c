"""Following the change log through a sight: nothing is told that is not seen, nothing skipped, nothing told twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.housekeeping import STATUS_KEEP, prune
from db import Store, record
from db.errors import PositionTooOld
from db.records import Position, Source
from db.seen import Line, LineKind, Stretch, looking
from db.sight import Sight
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, get_user, install, keep

ALL = Sight()
OTHER = "T0OTHER001"
START = Position({})
YEAR = timedelta(days=365)


async def follow(store: Store, after: Position, *, sight: Sight = ALL, limit: int = 100) -> Stretch:
    async with looking(store, sight) as seen:
        return await seen.follow(after, limit=limit)


async def all_lines(store: Store, *, sight: Sight = ALL, limit: int = 1) -> list[Line]:
    """Read to the end, a few at a time."""
    position, found = START, []
    while True:
        stretch = await follow(store, position, sight=sight, limit=limit)
        position, found = stretch.position, [*found, *stretch.lines]
        if not stretch.has_more:
            return found


async def hide(store: Store, user_id: str) -> None:
    async with store.transaction() as tx:
        known = await tx.users.find_users(TEAM, [user_id])
        await tx.users.update([replace(known[user_id], hidden_at=NOW)])


def told(lines: list[Line]) -> list[tuple[LineKind, str | None, tuple[str, ...]]]:
    return [(each.kind, each.change.user_id, each.change.fields) for each in lines]


async def test_a_protected_user_is_told_nothing_of(memory: Store) -> None:
    await keep(memory, an_observation("U1", title="A"), an_observation("U2", title="A"))
    await hide(memory, "U1")

    assert ["U2"] == [each.change.user_id for each in await all_lines(memory)]


async def test_a_hidden_field_is_told_nothing_of_and_the_position_moves_all_the_same(memory: Store) -> None:
    await keep(memory, an_observation(title="A", phone="1", updated=1))
    await keep(memory, an_observation(phone="2", updated=2), an_observation(title="B", updated=3))
    await keep(memory, an_observation(phone="3", updated=4))

    first = await follow(memory, Position({TEAM: (1, 0)}), sight=Sight(hidden=frozenset({"phone"})), limit=1)
    lines = await all_lines(memory, sight=Sight(hidden=frozenset({"phone"})))

    assert ((), True) == (first.lines, first.has_more)
    assert [(LineKind.JOINED, "U1", ("title",)), (LineKind.CHANGED, "U1", ("title",))] == told(lines)


async def test_a_hidden_custom_field_beside_a_new_one_makes_nobody_new(memory: Store) -> None:
    await keep(memory, an_observation(title="A", fields={"Xf1": {"value": "1"}}, updated=1))
    await keep(memory, an_observation(fields={"Xf1": {"value": "2"}, "Xf2": {"value": "3"}}, updated=2))

    _, line = await all_lines(memory, sight=Sight(hidden=frozenset({"Xf1"})))

    assert (LineKind.CHANGED, {"fields": None}, {"fields": {"Xf2": {"value": "3"}}}) == (
        line.kind,
        line.change.before,
        line.change.after,
    )


async def test_another_workspace_is_told_nothing_of_and_has_no_place_in_the_position(memory: Store) -> None:
    await install(memory, OTHER)
    await keep(memory, an_observation("U1", title="A"))
    await keep(memory, an_observation("U2", title="A", team_id=OTHER))
    sight = Sight(team_ids=frozenset({TEAM}))

    stretch = await follow(memory, Position({OTHER: (9, 9)}), sight=sight)

    assert ["U1"] == [each.change.user_id for each in stretch.lines]
    assert {TEAM} == stretch.position.marks.keys()


async def test_of_the_erased_nothing_is_told_but_that(memory: Store) -> None:
    await keep(memory, an_observation(title="A", updated=1))
    await keep(memory, an_observation(title="B", updated=2))
    await keep(memory, an_observation(is_forgotten=True, deleted=True, updated=3))
    await keep(memory, an_observation(title="C", deleted=False, updated=4))

    assert {(LineKind.ERASED, "U1", ())} == set(told(await all_lines(memory)))


async def test_custom_statuses_are_no_part_of_it_however_long_one_was_away(memory: Store) -> None:
    await keep(memory, an_observation(title="A", status_text="", updated=1))
    await keep(memory, an_observation(title="B", status_text="out", updated=2))
    await keep(memory, an_observation(status_text="in", updated=3))
    before = await all_lines(memory)
    await prune(memory, now=NOW + STATUS_KEEP * 2, history_keep=YEAR)

    assert [(LineKind.JOINED, "U1", ("title",)), (LineKind.CHANGED, "U1", ("title",))] == told(before)
    assert before == await all_lines(memory)
    assert "in" == (await get_user(memory)).status_text


async def test_what_is_no_longer_kept_and_what_lies_ahead_means_start_again(memory: Store) -> None:
    await keep(memory, an_observation(title="A", updated=1))
    await keep(memory, an_observation(title="B", updated=2))
    await prune(memory, now=NOW + YEAR * 2, history_keep=YEAR)

    for position in (START, Position({TEAM: (1, 0)}), Position({TEAM: (3, 0)}), Position({TEAM: (2**62, 0)})):
        with pytest.raises(PositionTooOld):
            await follow(memory, position)
    assert () == (await follow(memory, Position({TEAM: (2, 2**31 - 1)}))).lines


async def test_a_first_reading_is_a_reset(memory: Store) -> None:
    await keep(memory, an_observation("U1"), an_observation("U2"), is_backfill=True)

    assert [(LineKind.RESET, None, ())] == told(await all_lines(memory))


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_commits_are_told_whole_and_once_however_they_are_read(memory: Store, limit: int) -> None:
    await install(memory, OTHER)
    for team_id in (TEAM, OTHER):
        for rev in range(1, 4):
            values: dict[str, Any] = {"title": str(rev), "updated": rev, "team_id": team_id, "source": Source.EVENT}
            async with memory.transaction() as tx:
                await record(tx, team_id, [an_observation(f"U{n}", **values) for n in range(3)], now=NOW)

    lines = await all_lines(memory, limit=limit)
    places = [(each.change.team_id, each.change.rev, each.change.seq) for each in lines]

    assert sorted((team, rev, seq) for team in (TEAM, OTHER) for rev in range(1, 4) for seq in range(3)) == sorted(
        places
    )
    for team_id in (TEAM, OTHER):
        assert sorted(each for each in places if each[0] == team_id) == [each for each in places if each[0] == team_id]


async def test_at_the_end_the_position_is_that_of_the_whole(memory: Store) -> None:
    await keep(memory, an_observation(phone="1"))

    stretch = await follow(memory, START, sight=Sight(hidden=frozenset({"phone"})))

    assert {TEAM: (1, 2**31 - 1)} == stretch.position.marks
    assert not stretch.has_more
