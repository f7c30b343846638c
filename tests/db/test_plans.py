"""No question of the pages, the API or Slack walks through everybody: every statement begins at an index."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from db import Seen, Store, looking
from db.filters import FieldValue, Lack, Sort, UserFilter
from db.records import Kind, Position, State
from db.sight import Sight
from db.tables import users
from tests.support.crowds import gather, multiply
from tests.support.engines import Migrated, a_database
from tests.support.factories import TEAM
from tests.support.memory import NOW, install
from tests.support.plans import Asked, listening, walks

MANY = 12_000
"""More than is counted."""
OTHER = "T0OTHER001"
LONG_AGO = NOW - timedelta(days=30)
SIGHTS = (Sight(), Sight(team_ids=frozenset({TEAM}), hidden=frozenset({"phone"})))
Question = Callable[[Seen], Awaitable[Any]]
EVERY = UserFilter(kinds=frozenset(), states=frozenset())
HERE = UserFilter(kinds=frozenset({Kind.MEMBER, Kind.GUEST}), states=frozenset({State.ACTIVE}))
FILTERS = {
    "here": HERE,
    "everybody": EVERY,
    "of one workspace": replace(HERE, team_ids=frozenset({TEAM})),
    "bots": replace(EVERY, kinds=frozenset({Kind.BOT})),
    "no e-mail": replace(HERE, lacks=frozenset({Lack.EMAIL})),
    "no e-mail, picture": replace(HERE, lacks=frozenset({Lack.EMAIL, Lack.PICTURE})),
    "title": replace(HERE, titles=frozenset({"engineer"})),
    "titles": replace(EVERY, titles=frozenset({"engineer", "analyst"})),
    "zone": replace(HERE, zones=frozenset({"Asia/Tokyo"})),
    "title, zone": replace(HERE, titles=frozenset({"engineer"}), zones=frozenset({"Asia/Tokyo"})),
    "joined": replace(HERE, joined_since=LONG_AGO.date()),
    "joined lately": replace(HERE, joined_since=NOW.date()),
    "joined, title": replace(HERE, joined_since=LONG_AGO.date(), titles=frozenset({"engineer"})),
    "field": replace(HERE, fields=frozenset({FieldValue("Xf1", "design")})),
    "fields": replace(HERE, fields=frozenset({FieldValue("Xf1", "design"), FieldValue("Xf2", "lisbon")})),
    "field, title": replace(HERE, fields=frozenset({FieldValue("Xf1", "sales")}), titles=frozenset({"analyst"})),
    "rare": replace(HERE, q="quincunx77"),
    "one in four": replace(HERE, q="ada"),
    "two words": replace(HERE, q="ada engineer"),
    "one letter": replace(HERE, q="a"),
    "one letter of nobody": replace(HERE, q="w"),
    "two letters": replace(HERE, q="gr"),
    "a slip": replace(HERE, q="gracr"),
    "a slip beside others": replace(HERE, q="adda engineer"),
    "a slip in a word of others": replace(HERE, q="grace lovelace"),
    "nobody": replace(HERE, q="xyzzyx"),
    "an address": replace(HERE, q="u017@x.example"),
    "found and narrowed": replace(HERE, q="ada", titles=frozenset({"engineer"}), lacks=frozenset({Lack.PHONE})),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def many_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated: Migrated
) -> Iterator[str]:
    """Many people, made of sixty; with a log as long. Made once, for it takes seconds and nobody here writes."""
    with asyncio.Runner() as runner:
        database = a_database(request.param, tmp_path_factory.mktemp("many"), migrated)
        url = runner.run(enter(database))
        runner.run(fill(url))
        yield url
        runner.run(leave(database))


async def enter(database: AbstractAsyncContextManager[str]) -> str:
    return await database.__aenter__()


async def leave(database: AbstractAsyncContextManager[str]) -> None:
    await database.__aexit__(None, None, None)


async def fill(url: str) -> None:
    store = await Store.open(url)
    await install(store, TEAM, OTHER)
    await gather(store, TEAM)
    await multiply(store, TEAM, many=MANY)
    await store.close()


@pytest.fixture
async def many(many_url: str) -> AsyncIterator[Store]:
    """The store that they are in."""
    store = await Store.open(many_url)
    yield store
    await store.close()


async def walks_of(store: Store, questions: Mapping[str, Question]) -> dict[str, list[str]]:
    """Ask each as each reader would, and tell which of its statements walk."""
    found: dict[str, list[str]] = {}
    known: set[str] = set()
    for name, question in questions.items():
        for sight in SIGHTS:
            with listening(store) as asked:
                async with looking(store, sight) as seen:
                    await question(seen)
            assert asked
            new = [each for each in asked if each.sql not in known]
            known |= {each.sql for each in new}
            if walked := await walking(store, new):
                found[name] = walked
    return found


async def walking(store: Store, asked: Iterable[Asked]) -> list[str]:
    once = {each.sql: each for each in asked}.values()
    return [f"{line}\n    {each.sql}" for each in once for line in await walks(store, each)]


@pytest.mark.slow
async def test_lists_begin_at_an_index(many: Store) -> None:
    async def pages(seen: Seen, wanted: UserFilter) -> None:
        page = await seen.list_users(wanted, limit=9)
        if page.next_cursor:
            await seen.list_users(wanted, after=page.next_cursor, limit=9)

    questions = {
        f"{name} by {sort}": partial(pages, wanted=replace(each, sort=sort))
        for name, each in FILTERS.items()
        for sort in Sort
    }

    assert {} == await walks_of(many, questions)


@pytest.mark.slow
async def test_counts_begin_at_an_index(many: Store) -> None:
    async def counts(seen: Seen, wanted: UserFilter, longer: str) -> None:
        days = tuple((NOW - timedelta(days=many)).date() for many in (7, 30))
        await seen.count_users(wanted, field_ids=["Xf1", "Xf2"], longer=longer, days=days)

    questions = {
        f"{name} {longer}": partial(counts, wanted=each, longer=longer)
        for name, each in FILTERS.items()
        for longer in ("", "titles")
    }

    assert {} == await walks_of(many, questions)


async def test_all_else_begins_at_an_index(many: Store) -> None:
    async def follow(seen: Seen) -> None:
        position = await seen.find_position()
        marks = {team_id: (max(rev - 2, 0), 0) for team_id, (rev, _) in position.marks.items()}
        await seen.follow(Position(marks), limit=500)

    questions: dict[str, Question] = {
        "a person": lambda seen: seen.find_user(TEAM, "U017"),
        "a history": lambda seen: seen.list_history(TEAM, "U017", 20),
        "the newest changes": lambda seen: seen.list_recent(9),
        "who joined": lambda seen: seen.latest.joined(LONG_AGO, limit=9),
        "how many joined": lambda seen: seen.latest.count_joined(LONG_AGO),
        "who left": lambda seen: seen.latest.left(LONG_AGO, limit=9),
        "who moved": lambda seen: seen.latest.moved(LONG_AGO, limit=9),
        "whose years are full": lambda seen: seen.latest.started_on(NOW.date(), limit=9),
        "a stream": follow,
    }

    assert {} == await walks_of(many, questions)


async def test_who_is_called_so_is_found_by_an_index(many: Store) -> None:
    with listening(many) as asked:
        async with many.reading() as rx:
            await rx.users.list_called("ada")
            await rx.users.list_called("u017@x.example")

    assert [] == await walking(many, asked)


async def test_that_nobody_left_long_ago_is_told_by_an_index_of_those_who_left(many: Store) -> None:
    """It is asked every ten minutes, and the key would lead through everybody to find nobody."""
    with listening(many) as asked:
        async with many.reading() as rx:
            assert [] == await rx.users.list_left(TEAM, before=datetime.fromtimestamp(0, UTC), after="", limit=9)

    assert [False] == ["ORDER BY" in each.sql for each in asked], "whoever goes in an order goes along the key"
    assert [] == await walking(many, asked)


async def test_a_walk_is_seen(many: Store) -> None:
    """A test that cannot fail proves nothing."""
    with listening(many) as asked:
        async with many.reading() as rx:
            await rx.users._connection.execute(sa.select(users.c.id).where(users.c.locale == "en"))

    assert 1 == len(await walking(many, asked))
