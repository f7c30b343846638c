"""The questions about users: one order on every engine, everybody exactly once."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from db import Store
from db.errors import BadCursor
from db.filters import UserFilter
from db.records import Kind, State, User
from db.tables import users
from tests.support.factories import TEAM, an_observation
from tests.support.memory import find_user, install, keep, keep_people

EVERYBODY = UserFilter(kinds=frozenset(), states=frozenset())
OTHER = "T0OTHER001"
NAMES = [
    "", None, "ada", "Ada", "ADA", "Ada Lovelace", "Ada-Lovelace", "ada lovelace ", "Ádám", "Zoë", "zoe", "Å", "Ä",
    "ß", "ss", "山田", "山", "김", "🦆", "🏳️‍🌈 Flag", "𝒜da", "ﬁ", "fi", "0", "00", "10", "9", "_", "%", "\\", "'", '"',
    "x" * 199 + " y", "x" * 199, "x" * 8_000, "Ζεύς", "Жук", "أحمد", "ไทย", "\u202eevil", "a\u0301", "\U0002f800",
    "\uffff",
]  # fmt: skip


async def walk(store: Store, user_filter: UserFilter = EVERYBODY, limit: int = 7) -> list[User]:
    """Read page by page to the end."""
    found: list[User] = []
    after: str | None = None
    while True:
        async with store.reading() as rx:
            page = await rx.users.list_users(user_filter, after=after, limit=limit)
        found += page.users
        assert len(found) <= 500, "the pages go round in circles"
        if page.next_cursor is None:
            return found
        assert limit == len(page.users)
        after = page.next_cursor


async def crowd(store: Store) -> dict[str, str | None]:
    """People with tricky names, inserted in no order."""
    people = {f"U{number:03}": name for number, name in enumerate(NAMES * 2)}
    shuffled = list(people)
    random.Random(7).shuffle(shuffled)
    await keep_people(store, {user_id: people[user_id] for user_id in shuffled})
    return people


async def test_pages_of_any_length_show_everybody_exactly_once(memory: Store) -> None:
    people = await crowd(memory)
    shown = {limit: [user.id for user in await walk(memory, limit=limit)] for limit in (1, 7, 500)}

    assert dict.fromkeys(shown, sorted(people)) == {limit: sorted(ids) for limit, ids in shown.items()}
    assert shown[1] == shown[7] == shown[500]


async def test_the_order_is_by_folded_name_by_code_point_on_every_engine(memory: Store) -> None:
    await crowd(memory)
    shown = [(user.sort_key, user.team_id, user.id) for user in await walk(memory)]

    assert sorted(shown) == shown


async def test_names_that_share_a_key_are_told_apart_by_workspace_and_id(memory: Store) -> None:
    await install(memory, OTHER)
    for team_id in (TEAM, OTHER):
        await keep_people(memory, dict.fromkeys(("U2", "U1", "U3"), "Ada"), team_id)

    assert [(team_id, user_id) for team_id in (OTHER, TEAM) for user_id in ("U1", "U2", "U3")] == [
        (user.team_id, user.id) for user in await walk(memory, limit=2)
    ]


async def test_people_who_come_and_go_between_pages_hide_nobody_else(memory: Store) -> None:
    await keep_people(memory, {f"U{number:02}": f"Name {number:02}" for number in range(20)})
    async with memory.reading() as rx:
        first = await rx.users.list_users(EVERYBODY, limit=10)
    await keep(memory, an_observation("U00", real_name="Zoe", updated=200))  # from before the cursor to behind it
    await keep(memory, an_observation("U15", real_name="Aaron", updated=200))  # and the other way round
    await keep(memory, an_observation("U99", real_name="Aaron II"))
    await keep(memory, an_observation(first.users[-1].id, is_forgotten=True, updated=200))  # the cursor's own row
    async with memory.reading() as rx:
        rest = await rx.users.list_users(EVERYBODY, after=first.next_cursor, limit=50)

    stayed = {f"U{number:02}" for number in range(20)} - {"U00", "U15", first.users[-1].id}
    shown = [user.id for user in (*first.users, *rest.users)]

    assert stayed <= set(shown)
    assert all(1 == shown.count(user_id) for user_id in stayed)


async def test_a_full_last_page_has_no_next_one(memory: Store) -> None:
    await keep_people(memory, {"U1": "Ada", "U2": "Grace"})
    async with memory.reading() as rx:
        page = await rx.users.list_users(EVERYBODY, limit=2)

    assert 2 == len(page.users)
    assert page.next_cursor is None


async def test_a_page_of_nobody_is_empty(store: Store) -> None:
    assert [] == await walk(store)


async def test_a_cursor_that_is_not_ours_is_refused(memory: Store) -> None:
    async with memory.reading() as rx:
        with pytest.raises(BadCursor):
            await rx.users.list_users(EVERYBODY, after="nonsense")


async def test_a_user_without_a_name_stands_under_the_id(memory: Store) -> None:
    await keep_people(memory, {"U1": None, "U2": ""})

    assert ["U1", "U2"] == [user.shown_name for user in await walk(memory)]


async def test_only_the_very_id_finds_a_user(memory: Store) -> None:
    await keep_people(memory, {"U1": "Ada"})
    others = ["U2", "u1", "U1 ", " U1", "", "U1%", "U_", "Ú1"]

    assert [None] * len(others) == [await find_user(memory, user_id) for user_id in others]
    assert await find_user(memory, "U1") is not None


async def test_users_of_several_workspaces_are_fetched_at_once(memory: Store) -> None:
    await install(memory, OTHER)
    await keep_people(memory, {"U1": "Ada", "U2": "Grace"})
    await keep_people(memory, {"U1": "Ada there"}, OTHER)
    wanted = [(TEAM, "U1"), (OTHER, "U1"), (OTHER, "U2"), ("T0NOBODY01", "U1")]
    async with memory.reading() as rx:
        found = await rx.users.get_users(wanted)
        nobody = await rx.users.get_users([])

    assert {(TEAM, "U1"): "Ada", (OTHER, "U1"): "Ada there"} == {key: user.real_name for key, user in found.items()}
    assert {} == nobody


async def motley(store: Store) -> None:
    await keep(
        store,
        an_observation("U1", real_name="Ada"),
        an_observation("U2", real_name="Ada gone", deleted=True),
        an_observation("U3", real_name="Ada guest", is_restricted=True),
        an_observation("U4", real_name="Ada bot", is_bot=True),
        an_observation("U5", real_name="Ada elsewhere", home_team_id=OTHER),
        an_observation("U6", is_forgotten=True, deleted=True),
        an_observation("U7", real_name="Grace"),
    )


OURS = frozenset({TEAM})
FILTERS = [
    (UserFilter(team_ids=OURS), {"U1", "U3", "U7"}),
    (UserFilter(q="ada", team_ids=OURS), {"U1", "U3"}),
    (replace(EVERYBODY, team_ids=OURS), {"U1", "U2", "U3", "U4", "U5", "U6", "U7"}),
    (UserFilter(kinds=frozenset({Kind.BOT, Kind.EXTERNAL})), {"U4", "U5"}),
    (UserFilter(states=frozenset({State.DEACTIVATED})), {"U2"}),
    (UserFilter(states=frozenset({State.MISSING})), set()),
    (UserFilter(kinds=frozenset({Kind.ERASED}), states=frozenset()), {"U6"}),
    (UserFilter(team_ids=frozenset({OTHER})), {"U1", "U8"}),
    (UserFilter(team_ids=OURS | {OTHER}), {"U1", "U3", "U7", "U8"}),
    (UserFilter(), {"U1", "U3", "U7", "U8"}),
]


async def test_filters_add_up_within_a_group_and_narrow_between_groups(memory: Store) -> None:
    await motley(memory)
    await install(memory, OTHER)
    await keep_people(memory, {"U1": "Ada abroad", "U8": "Grace abroad"}, OTHER)
    shown = [await walk(memory, user_filter) for user_filter, _ in FILTERS]
    async with memory.reading() as rx:
        counts = [await rx.users.count_users(user_filter) for user_filter, _ in FILTERS]

    assert [ids for _, ids in FILTERS] == [{user.id for user in users} for users in shown]
    assert [len(users) for users in shown] == [each.total for each in counts]


async def test_counts_tell_what_each_value_of_a_group_would_find(memory: Store) -> None:
    await motley(memory)
    async with memory.reading() as rx:
        counts = await rx.users.count_users(UserFilter())
        of_ada = await rx.users.count_users(UserFilter(q="ada"))

    assert {Kind.MEMBER: 2, Kind.GUEST: 1, Kind.EXTERNAL: 1, Kind.BOT: 1, Kind.ERASED: 0} == counts.kinds
    assert {State.ACTIVE: 3, State.DEACTIVATED: 1, State.MISSING: 0} == counts.states
    assert {Kind.MEMBER: 1, Kind.GUEST: 1, Kind.EXTERNAL: 1, Kind.BOT: 1, Kind.ERASED: 0} == of_ada.kinds
    assert 2 == of_ada.total


async def test_a_reader_sees_one_moment(memory: Store) -> None:
    await keep_people(memory, {"U1": "Ada"})
    async with memory.reading() as rx:
        before = await rx.workspaces.find_position()
        await keep(memory, an_observation(real_name="Ada Lovelace", updated=200))
        seen = await rx.users.find_user(TEAM, "U1")
        after = await rx.workspaces.find_position()

    assert seen is not None
    assert "Ada" == seen.real_name
    assert before == after


async def test_people_are_found_by_address_in_any_case_and_by_their_very_handle(memory: Store) -> None:
    await keep(
        memory,
        an_observation("U1", name="ada", email="Ada@Meridian.example", real_name="Ada"),
        an_observation("U2", name="ada.k", email="ada@meridian.example", real_name="Ada King"),
        an_observation("U3", name="grace", real_name="Grace"),
    )

    async def called(name: str) -> list[str]:
        async with memory.reading() as rx:
            return [user.id for user in await rx.users.list_called(name)]

    assert ["U1", "U2"] == await called("ADA@meridian.example")
    assert [["U1"], [], ["U3"], []] == [await called(name) for name in ("ada", "ADA", "grace", "%")]


@pytest.mark.parametrize("count", [1, 3])
async def test_of_rows_that_move_only_the_columns_that_move_are_written(memory: Store, count: int) -> None:
    """An engine writes each index anew of which a column is named, be it to what it was."""
    await keep(memory, *(an_observation(f"U{number}", title="Engineer") for number in range(count)))
    async with memory.transaction() as tx:
        stored = await tx.users.find_users(TEAM, [f"U{number}" for number in range(count)])
        moved = [replace(user, phone="+1 555 0100") for user in stored.values()]
        statements = tx.users.rewriting(moved, stored, rev=7, changed_at={})
        await tx.say(statements)
    indexed = {column.name for index in users.indexes for column in index.columns} - {"team_id", "id"}

    *_, written = [sql for sql, _ in statements if sql.startswith("UPDATE")]
    named = set(re.findall(r"(\w+)\"?\s*=", written.partition(" WHERE ")[0]))
    assert {"phone", "rev", "page_digest"} == named
    assert not named & (indexed | {"search_text"})
    async with memory.reading() as rx:
        assert {user.id: replace(user, rev=7) for user in moved} == await rx.users.find_users(TEAM, list(stored))
