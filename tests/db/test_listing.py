"""Lists: each order and each filter, page by page, the same as going through everybody; on every engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from db import Store, set_hidden
from db.errors import BadCursor
from db.filters import FieldValue, Lack, Sort, UserFilter
from db.records import Kind, State, User
from db.sight import Sight
from db.tables import users
from tests.support.crowds import found_of, gather, multiply
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, get_user, install, keep

EVERYBODY = UserFilter(kinds=frozenset(), states=frozenset())
OTHER = "T0OTHER001"
FILTERS = [
    UserFilter(),
    EVERYBODY,
    UserFilter(kinds=frozenset({Kind.BOT, Kind.EXTERNAL}), states=frozenset(State)),
    replace(EVERYBODY, lacks=frozenset({Lack.EMAIL})),
    replace(EVERYBODY, lacks=frozenset({Lack.EMAIL, Lack.PICTURE, Lack.ZONE})),
    replace(EVERYBODY, titles=frozenset({"engineer"})),
    replace(EVERYBODY, titles=frozenset({"engineer", "analyst", "nobodys"})),
    replace(EVERYBODY, zones=frozenset({"Europe/Lisbon", "Asia/Tokyo"})),
    replace(EVERYBODY, titles=frozenset({"engineer"}), zones=frozenset({"Asia/Tokyo"})),
    replace(EVERYBODY, joined_since=NOW.date() - timedelta(days=30)),
    replace(EVERYBODY, fields=frozenset({FieldValue("Xf1", "design")})),
    replace(EVERYBODY, fields=frozenset({FieldValue("Xf1", "design"), FieldValue("Xf1", "ops")})),
    replace(EVERYBODY, fields=frozenset({FieldValue("Xf1", "design"), FieldValue("Xf2", "lisbon")})),
    replace(EVERYBODY, fields=frozenset({FieldValue("Xf1", "ops")}), lacks=frozenset({Lack.PHONE})),
    replace(UserFilter(), titles=frozenset({"engineer"}), joined_since=date(2026, 10, 1), team_ids=frozenset({OTHER})),
]


async def everybody(store: Store) -> list[User]:
    async with store.reading() as rx:
        keys = (await rx.users._connection.execute(sa.select(users.c.team_id, users.c.id))).all()
        return list((await rx.users.get_users((row[0], row[1]) for row in keys)).values())


async def walk(store: Store, wanted: UserFilter, *, limit: int = 3, sight: Sight | None = None) -> list[User]:
    found: list[User] = []
    after: str | None = None
    while True:
        async with store.reading() as rx:
            page = await rx.users.list_users(
                wanted, after=after, limit=limit, sight=sight or Sight(sees_contact_of_gone=True)
            )
        found += page.users
        assert len(found) <= 12_100, "the pages go round in circles"
        if page.next_cursor is None:
            return found
        after = page.next_cursor


MANY_FILTERS = [
    replace(EVERYBODY, titles=frozenset({"engineer"}), zones=frozenset({"Asia/Tokyo"})),
    replace(EVERYBODY, titles=frozenset({"engineer", "analyst"}), joined_since=NOW.date() - timedelta(days=90)),
    replace(EVERYBODY, zones=frozenset({"Asia/Tokyo"}), fields=frozenset({FieldValue("Xf1", "design")})),
    replace(EVERYBODY, fields=frozenset({FieldValue("Xf1", "design"), FieldValue("Xf2", "lisbon")})),
    replace(EVERYBODY, titles=frozenset({"engineer"}), lacks=frozenset({Lack.PHONE})),
]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(MANY_FILTERS)))
async def test_of_thousands_each_order_is_the_same_as_going_through_everybody(memory: Store, number: int) -> None:
    """So many that no group of the filter is sorted whole."""
    await gather(memory, TEAM)
    await multiply(memory, TEAM, many=12_000)
    people = await everybody(memory)
    for sort in (Sort.NAME, Sort.NEWEST, Sort.CHANGED):
        wanted = replace(MANY_FILTERS[number], sort=sort)
        expected = [user.id for user in found_of(people, wanted)]
        shown = [user.id for user in await walk(memory, wanted, limit=400)]

        assert 200 < len(expected)
        assert expected == shown, sort


async def test_each_order_of_each_filter_is_the_same_as_going_through_everybody(memory: Store) -> None:
    await install(memory, OTHER)
    for team_id in (TEAM, OTHER):
        await gather(memory, team_id)
    async with memory.transaction() as tx:
        await tx.users._connection.execute(
            sa.update(users).where(users.c.id < "U015").values(first_seen_at=None, changed_at=None)
        )
        await set_hidden(tx, TEAM, "U020", is_hidden=True, now=NOW)
    people = await everybody(memory)
    wanted = [replace(each, sort=sort) for each in FILTERS for sort in Sort]

    expected = [[(user.team_id, user.id) for user in found_of(people, each)] for each in wanted]
    shown = [[(user.team_id, user.id) for user in await walk(memory, each, limit=9)] for each in wanted]

    assert expected == shown
    assert 7 < sum(map(bool, expected)) / len(Sort), "filters that find nobody prove nothing"


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.CHANGED])
async def test_whoever_changes_between_two_pages_hides_nobody_else(memory: Store, sort: Sort) -> None:
    await gather(memory, TEAM, many=30)
    wanted = replace(EVERYBODY, sort=sort)
    async with memory.reading() as rx:
        first = await rx.users.list_users(wanted, limit=10)
    moved = {first.users[-1].id, first.users[0].id, "U001"}
    later = NOW + timedelta(days=1)
    await keep(memory, *(an_observation(user_id, updated=500, real_name="New") for user_id in moved), now=later)
    await keep(memory, an_observation("U900", updated=500, real_name="Newer"), now=later)
    async with memory.reading() as rx:
        rest = await rx.users.list_users(wanted, after=first.next_cursor, limit=50)

    shown = [user.id for user in (*first.users, *rest.users)]
    stayed = {f"U{number:03}" for number in range(30)} - moved
    assert stayed <= set(shown)
    assert all(1 == shown.count(user_id) for user_id in stayed)


async def test_a_cursor_of_another_order_or_of_no_time_is_refused(memory: Store) -> None:
    await gather(memory, TEAM, many=8)
    async with memory.reading() as rx:
        by_name = (await rx.users.list_users(EVERYBODY, limit=2)).next_cursor
        by_age = (await rx.users.list_users(replace(EVERYBODY, sort=Sort.NEWEST), limit=2)).next_cursor
        for sort, cursor in ((Sort.NEWEST, by_name), (Sort.CHANGED, by_age), (Sort.NAME, by_age), (Sort.NAME, "W10")):
            with pytest.raises(BadCursor):
                await rx.users.list_users(replace(EVERYBODY, sort=sort), after=cursor, limit=2)


async def test_a_custom_status_alone_makes_nobody_recently_changed(memory: Store) -> None:
    await keep(memory, an_observation("U1", title="Analyst"))
    before = await get_user(memory)
    later = NOW + timedelta(hours=1)
    await keep(memory, an_observation("U1", updated=200, status_text="At the dentist"), now=later)
    after = await get_user(memory)
    await keep(memory, an_observation("U1", updated=300, status_text="", title="Head"), now=later)

    assert (before.changed_at, before.rev + 1) == (after.changed_at, after.rev)
    assert later == (await get_user(memory)).changed_at


@pytest.mark.parametrize(
    ("hidden", "asked"),
    [
        ({"title"}, {"titles": frozenset({"engineer"})}),
        ({"title"}, {"lacks": frozenset({Lack.TITLE})}),
        ({"tz"}, {"zones": frozenset({"Asia/Tokyo"})}),
        ({"tz"}, {"lacks": frozenset({Lack.ZONE})}),
        ({"email"}, {"lacks": frozenset({Lack.EMAIL})}),
        ({"phone"}, {"lacks": frozenset({Lack.PHONE})}),
        ({"is_custom_image"}, {"lacks": frozenset({Lack.PICTURE})}),
        ({"Xf1"}, {"fields": frozenset({FieldValue("Xf1", "design")})}),
        ({"fields"}, {"fields": frozenset({FieldValue("Xf1", "design")})}),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_filter_by_what_is_hidden_finds_what_it_would_find_without(
    memory: Store, hidden: set[str], asked: dict[str, frozenset[object]]
) -> None:
    await gather(memory, TEAM)
    sight = Sight(hidden=frozenset(hidden), sees_contact_of_gone=True)
    wanted = replace(EVERYBODY, **asked)  # type: ignore[arg-type]

    whole, narrow = await walk(memory, EVERYBODY, limit=90), await walk(memory, wanted, limit=90)
    blind = await walk(memory, wanted, limit=90, sight=sight)
    async with memory.reading() as rx:
        counts = await rx.users.count_users(wanted, field_ids=["Xf1"], sight=sight)
        without = await rx.users.count_users(EVERYBODY, field_ids=["Xf1"], sight=sight)

    assert whole == blind
    assert narrow != blind
    assert without == counts


async def test_who_left_lacks_contact_data_for_whoever_may_not_see_it(memory: Store) -> None:
    await keep(
        memory,
        an_observation("U1", email="a@x.example", deleted=True),
        an_observation("U2", email="", deleted=True),
        an_observation("U3", email="c@x.example"),
        an_observation("U4", email=""),
    )
    wanted = replace(EVERYBODY, lacks=frozenset({Lack.EMAIL}))
    admin, member = Sight(sees_contact_of_gone=True), Sight()
    async with memory.reading() as rx:
        counts = [await rx.users.count_users(wanted, sight=sight) for sight in (admin, member)]

    assert ["U2", "U4"] == [user.id for user in await walk(memory, wanted, sight=admin)]
    assert ["U1", "U2", "U4"] == [user.id for user in await walk(memory, wanted, sight=member)]
    assert [2, 3] == [each.total for each in counts]
    assert [1, 2] == [each.states[State.DEACTIVATED] for each in counts]


@pytest.mark.parametrize("sort", Sort)
async def test_a_list_that_shows_some_columns_tells_them_and_the_same_people(memory: Store, sort: Sort) -> None:
    await gather(memory, TEAM, many=30)
    wanted, sight = replace(EVERYBODY, kinds=frozenset({Kind.MEMBER}), sort=sort), Sight(sees_contact_of_gone=True)
    async with memory.reading() as rx:
        whole = await rx.users.list_users(wanted, limit=9, sight=sight)
        some = await rx.users.list_users(wanted, limit=9, sight=sight, showing=("title", "tz", "joined_at"))

    told = [(each.team_id, each.id, each.kind, each.state, each.title, each.tz, each.joined_at) for each in whole.users]
    assert told == [(u.team_id, u.id, u.kind, u.state, u.title, u.tz, u.joined_at) for u in some.users]
    assert whole.next_cursor == some.next_cursor
    assert {user.real_name for user in some.users} == {None}, "what is not shown is not read"
