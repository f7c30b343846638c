"""Dead letters: each payload once, with its reason, bounded in number and age."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from db import Store
from db.records import DeadLetter
from tests.support.memory import NOW, a_letter, put_aside


async def newest(store: Store, limit: int = 10) -> tuple[DeadLetter, ...]:
    async with store.reading() as rx:
        return await rx.dead_letters.list_newest(limit)


async def count(store: Store) -> int:
    async with store.reading() as rx:
        return await rx.dead_letters.count_letters()


async def test_a_letter_comes_back_as_it_was_put_aside(store: Store) -> None:
    letter = a_letter(team_id=None, user_id=None, payload="x" * 64_000)
    await put_aside(store, letter)
    (kept,) = await newest(store)

    assert letter == replace(kept, letter_id=0)
    assert kept.letter_id > 0


async def test_the_same_letter_again_only_counts_up(store: Store) -> None:
    await put_aside(store, a_letter("event:Ev1"), a_letter("event:Ev1"))
    await put_aside(store, a_letter("event:Ev1", reason="worse", put_aside_at=NOW + timedelta(days=1)))
    (kept,) = await newest(store)

    assert (3, "worse", NOW + timedelta(days=1)) == (kept.times, kept.reason, kept.put_aside_at)
    assert 1 == await count(store)


async def test_keys_that_differ_only_in_case_are_two_letters(store: Store) -> None:
    await put_aside(store, a_letter("event:Ev1"), a_letter("event:EV1"))

    assert 2 == await count(store)


async def test_the_newest_are_listed_first(store: Store) -> None:
    await put_aside(store, *(a_letter(f"event:Ev{number}") for number in range(5)))

    assert ["event:Ev4", "event:Ev3"] == [each.key for each in await newest(store, 2)]


async def test_letters_are_dropped_by_age(store: Store) -> None:
    await put_aside(store, a_letter("old", put_aside_at=NOW - timedelta(days=2)), a_letter("new", put_aside_at=NOW))
    async with store.transaction() as tx:
        await tx.dead_letters.prune(before=NOW - timedelta(days=1))

    assert ["new"] == [each.key for each in await newest(store)]


async def test_the_oldest_are_dropped_beyond_a_number(store: Store) -> None:
    await put_aside(store, *(a_letter(f"event:Ev{number}") for number in range(5)))
    async with store.transaction() as tx:
        await tx.dead_letters.prune(before=NOW - timedelta(days=1), keep=2)

    assert ["event:Ev4", "event:Ev3"] == [each.key for each in await newest(store)]


async def test_as_many_as_may_be_kept_are_kept(store: Store) -> None:
    await put_aside(store, *(a_letter(f"event:Ev{number}") for number in range(3)))
    async with store.transaction() as tx:
        await tx.dead_letters.prune(before=NOW - timedelta(days=1), keep=3)

    assert 3 == await count(store)


async def test_a_users_letters_are_dropped_in_their_workspace_alone(store: Store) -> None:
    await put_aside(
        store,
        a_letter("a", team_id="T1", user_id="U1"),
        a_letter("b", team_id="T2", user_id="U1"),
        a_letter("c", team_id="T1", user_id="U2"),
        a_letter("d", team_id="T1", user_id=None),
    )
    async with store.transaction() as tx:
        gone = await tx.traces.forget("T1", "U1", None)

    assert 1 == gone.letters
    assert ["d", "c", "b"] == [each.key for each in await newest(store)]
