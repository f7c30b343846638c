"""A search page by page, in each order: everybody who is found, once, however many they are and whatever changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from db import Store
from db.filters import Sort, UserFilter
from db.records import User
from db.tables import users
from tests.support.crowds import gather, multiply
from tests.support.engines import Migrated, a_database
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, install, keep

FOUND = UserFilter(q="al", kinds=frozenset(), states=frozenset())
LENGTHS = (60, 9_000)
"""So few that all are put in order at once, and so many that tier after tier is read."""


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path, migrated: Migrated) -> AsyncIterator[Store]:
    async with a_database(request.param, tmp_path, migrated) as url:
        store = await Store.open(url)
        await install(store, TEAM)
        await gather(store, TEAM)
        yield store
        await store.close()


async def walk(store: Store, wanted: UserFilter, *, limit: int) -> list[User]:
    found: list[User] = []
    after: str | None = None
    while True:
        async with store.reading() as rx:
            page = await rx.users.list_users(wanted, after=after, limit=limit)
        found += page.users
        after = page.next_cursor
        if after is None:
            return found
        assert len(found) <= 20_000, "the pages go round in circles"


async def named_so(store: Store) -> set[str]:
    """Go through everybody."""
    async with store.reading() as rx:
        words = await rx.users._connection.execute(sa.select(users.c.id, users.c.search_text))
        return {row[0] for row in words if any(word[2:].startswith("al") for word in row[1].split())}


def place_in(sort: Sort, user: User) -> tuple[object, ...]:
    """Tell where somebody stands; the best match is a matter of tiers."""
    if sort is Sort.NAME:
        return (user.sort_key, user.team_id, user.id)
    time = user.first_seen_at if sort is Sort.NEWEST else user.changed_at
    return (time is not None, time or NOW, user.team_id, user.id)


@pytest.mark.parametrize("many", LENGTHS)
async def test_each_order_shows_everybody_exactly_once(engine: Store, many: int) -> None:
    if many > 60:
        await multiply(engine, TEAM, many=many)
    async with engine.transaction() as tx:
        await tx.users._connection.execute(
            sa.update(users).where(users.c.id < "U015").values(first_seen_at=None, changed_at=None)
        )
    expected = await named_so(engine)

    for sort in Sort:
        shown = await walk(engine, replace(FOUND, sort=sort), limit=max(7, many // 12))
        places = [place_in(sort, user) for user in shown]
        assert sorted(expected) == sorted(user.id for user in shown), sort
        if sort is not Sort.BEST:
            assert sorted(places, reverse=sort is not Sort.NAME) == places, sort


async def test_of_a_crowd_those_with_one_title_are_the_same_in_each_order(engine: Store) -> None:
    await multiply(engine, TEAM, many=9_000)
    async with engine.reading() as rx:
        rows = await rx.users._connection.execute(sa.select(users.c.id).where(users.c.title_key == "analyst"))
        expected = {row[0] for row in rows} & await named_so(engine)

    for sort in Sort:
        wanted = replace(FOUND, q="a", titles=frozenset({"analyst"}), sort=sort)
        shown = [user.id for user in await walk(engine, wanted, limit=600)]
        async with engine.reading() as rx:
            counts = await rx.users.count_users(wanted)
        assert expected <= set(shown), sort
        assert len(set(shown)) == len(shown) == counts.total, sort


@pytest.mark.parametrize("sort", Sort)
async def test_whoever_stays_as_they_are_is_shown_once_while_others_change(engine: Store, sort: Sort) -> None:
    wanted, stay = replace(FOUND, sort=sort), await named_so(engine)
    shown: list[str] = []
    after: str | None = None
    for turn in range(100):
        async with engine.reading() as rx:
            page = await rx.users.list_users(wanted, after=after, limit=4)
        shown += [user.id for user in page.users]
        after = page.next_cursor
        if after is None:
            break
        # One who was shown goes to the end, one who was not comes to the beginning, and one is new.
        moving = [shown[0], next((each for each in sorted(stay) if each not in shown), shown[0])]
        names = ("Alzbeta", "Aaal")
        changed = [
            an_observation(each, updated=10_000 + turn, moment=2 * 10**15 + turn, real_name=f"{name} {turn}")
            for each, name in zip(dict.fromkeys(moving), names, strict=False)
        ]
        new = an_observation(f"UNEW{turn:02}", deleted=False, is_bot=False, real_name=f"Al {turn}")
        await keep(engine, *changed, new, now=NOW + timedelta(hours=turn + 1))
        stay -= {*moving}

    assert after is None
    assert stay <= set(shown)
    assert [] == sorted(each for each in stay if shown.count(each) > 1)
