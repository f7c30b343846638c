"""What must not be kept for ever goes; what must stay, stays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.housekeeping import COPIES_KEEP, EVERY_S, LETTERS_KEEP, STATUS_KEEP, drop_old_copies, keep_house, prune
from db import Store
from db.copies import drop_copies, keep_copy
from db.errors import PositionTooOld
from db.records import Position
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, a_letter, all_changes, get_user, install, keep, put_aside

YEAR = timedelta(days=365)
BLINK = timedelta(seconds=1)


async def a_lively_day(store: Store) -> None:
    """A new user, a title and a status in one commit, a status alone."""
    await keep(store, an_observation(title="A", status_text="", updated=1))
    await keep(store, an_observation(title="B", status_text="out", updated=2))
    await keep(store, an_observation(title="B", status_text="in", updated=3))


async def test_a_custom_status_is_forgotten_after_an_hour(memory: Store) -> None:
    await a_lively_day(memory)

    await prune(memory, now=NOW + STATUS_KEEP + BLINK, history_keep=YEAR)

    async with memory.reading() as rx:
        history = await rx.changes.list_history(TEAM, "U1", 10)
        recent = await rx.changes.list_recent(10)

    assert 2 == len(history)
    assert not [each for each in recent if each.is_status]
    assert "in" == (await get_user(memory)).status_text


async def test_within_the_hour_nothing_goes(memory: Store) -> None:
    await a_lively_day(memory)

    await prune(memory, now=NOW + STATUS_KEEP, history_keep=YEAR)

    assert 4 == len(await all_changes(memory))


async def test_whoever_has_not_read_a_pruned_status_is_told_to_start_again(memory: Store) -> None:
    await a_lively_day(memory)
    await prune(memory, now=NOW + STATUS_KEEP + BLINK, history_keep=YEAR)
    await keep(memory, an_observation(title="C", updated=4))

    with pytest.raises(PositionTooOld):
        await all_changes(memory, {TEAM: (2, 1)})
    assert 1 == len(await all_changes(memory, {TEAM: (3, 0)}))


async def test_changes_are_kept_as_long_as_they_were_asked_to_be(memory: Store) -> None:
    await a_lively_day(memory)

    await prune(memory, now=NOW + YEAR, history_keep=YEAR)
    async with memory.reading() as rx:
        kept = await rx.changes.list_history(TEAM, "U1", 10)
    await prune(memory, now=NOW + YEAR + BLINK, history_keep=YEAR)
    async with memory.reading() as rx:
        left = await rx.changes.list_history(TEAM, "U1", 10)

    assert 2 == len(kept)
    assert () == left


async def test_every_workspace_is_kept_tidy(memory: Store) -> None:
    await install(memory, "T0OTHER001")
    for team_id in (TEAM, "T0OTHER001"):
        await keep(memory, an_observation(title="A", team_id=team_id))

    await prune(memory, now=NOW + YEAR + BLINK, history_keep=YEAR)

    async with memory.reading() as rx:
        recent = await rx.changes.list_recent(10)
        position = await rx.workspaces.find_position()

    assert () == recent
    assert {TEAM: 1, "T0OTHER001": 1} == {team_id: rev for team_id, (rev, _) in position.marks.items()}


async def test_old_dead_letters_go(memory: Store) -> None:
    await put_aside(memory, a_letter("old", put_aside_at=NOW - LETTERS_KEEP - BLINK), a_letter("new"))

    await prune(memory, now=NOW, history_keep=YEAR)

    async with memory.reading() as rx:
        letters = await rx.dead_letters.list_newest(10)

    assert ["new"] == [each.key for each in letters]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_copies_of_the_file_are_kept_for_as_long_as_one_may_want_to_go_back(
    memory: Store, database_url: str
) -> None:
    file = Path(database_url.removeprefix("sqlite:///"))
    keep_copy(file, "0004", now=NOW - COPIES_KEEP - BLINK)
    kept = keep_copy(file, "0005", now=NOW - COPIES_KEEP)
    aside = file.with_name(f"{file.name}.newer")
    aside.touch()

    _, sleep = asleep_after(1)
    with pytest.raises(InterruptedError):
        await keep_house(memory, clock=lambda: NOW, history_keep=lambda: YEAR, contact_keep=lambda: YEAR, sleep=sleep)

    assert aside.exists()
    assert [kept] == drop_copies(file)


async def test_a_server_has_no_copies_of_ours(store: Store) -> None:
    await drop_old_copies(store, now=NOW)


async def test_an_empty_house_is_kept_in_order_too(store: Store) -> None:
    await prune(store, now=NOW, history_keep=YEAR)

    async with store.reading() as rx:
        assert () == await rx.changes.list_changes(Position({}))


def asleep_after(rounds: int) -> tuple[list[float], Callable[[float], Awaitable[None]]]:
    """A sleep that takes no time, and ends the task after so many."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == rounds:
            raise InterruptedError

    return slept, sleep


async def test_the_house_is_kept_every_ten_minutes(memory: Store) -> None:
    await a_lively_day(memory)
    hours = iter((NOW, NOW + STATUS_KEEP + BLINK))
    slept, sleep = asleep_after(2)

    with pytest.raises(InterruptedError):
        await keep_house(
            memory, clock=lambda: next(hours), history_keep=lambda: YEAR, contact_keep=lambda: YEAR, sleep=sleep
        )

    assert [EVERY_S, EVERY_S] == slept
    async with memory.reading() as rx:
        assert not [each for each in await rx.changes.list_recent(10) if each.is_status]


async def test_a_database_that_is_away_is_tried_again_next_time(database_url: str) -> None:
    store = Store(database_url)  # never migrated: whatever is asked of it fails
    slept, sleep = asleep_after(2)

    try:
        with pytest.raises(InterruptedError):
            await keep_house(
                store, clock=lambda: NOW, history_keep=lambda: YEAR, contact_keep=lambda: YEAR, sleep=sleep
            )
    finally:
        await store.close()

    assert 2 == len(slept)
