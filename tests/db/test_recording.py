"""The one write path: lock, read, merge, write; the same on every engine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Store, drop_contact, record, set_hidden
from db.errors import RowRefused, StoreUnavailable, UnknownWorkspace
from db.merge import merge
from db.records import SLACK_FIELDS, Change, Mark, Observation, Source, User
from db.tables import changes, users, workspaces
from tests.support.factories import TEAM, an_observation
from tests.support.memory import (
    NOW,
    a_letter,
    all_changes,
    find_user,
    get_user,
    install,
    keep,
    put_aside,
    rev_of,
    stored_bytes,
)

LATER = NOW + timedelta(hours=3)


def told(change: Change) -> tuple[int, int, str | None, dict[str, object], dict[str, object], bool]:
    return change.rev, change.seq, change.user_id, dict(change.before), dict(change.after), change.is_status


async def test_a_new_user_is_a_row_and_a_change(memory: Store) -> None:
    done = await keep(memory, an_observation("U1", real_name="Ada", updated=100, moment=7))
    user = await get_user(memory)

    assert (1, 0, 0, 1) == (done.inserted, done.updated, done.watermarks, done.seen)
    assert ("Ada", 100, 7, 1, NOW, NOW) == (
        user.real_name, user.updated, user.moment, user.rev, user.changed_at, user.first_seen_at,
    )  # fmt: skip
    assert [(1, 0, "U1", {}, {"real_name": "Ada"}, False)] == [told(each) for each in await all_changes(memory)]
    assert 1 == await rev_of(memory)


async def test_a_changed_user_is_told_with_before_and_after(memory: Store) -> None:
    await keep(memory, an_observation(real_name="Ada", title="Analyst", updated=100))
    done = await keep(memory, an_observation(real_name="Ada", title="Director", updated=200), now=LATER)
    user = await get_user(memory)

    assert (0, 1, 0) == (done.inserted, done.updated, done.watermarks)
    assert ("Director", 2, LATER, NOW) == (user.title, user.rev, user.changed_at, user.first_seen_at)
    assert (2, 0, "U1", {"title": "Analyst"}, {"title": "Director"}, False) == told((await all_changes(memory))[-1])
    assert done.changes == (await all_changes(memory))[-1:]


async def test_noise_moves_the_watermark_and_nothing_else(memory: Store) -> None:
    await keep(memory, an_observation(real_name="Ada", updated=100))
    before = await get_user(memory)
    bell = memory.bell.generation

    done = await keep(memory, an_observation(real_name="Ada", updated=200, moment=9), now=LATER)
    after = await get_user(memory)

    assert (0, 0, 1) == (done.inserted, done.updated, done.watermarks)
    assert () == done.changes
    assert (200, 9) == (after.updated, after.moment)
    assert (before.rev, before.changed_at) == (after.rev, after.changed_at)
    assert 1 == await rev_of(memory) == len(await all_changes(memory))
    assert bell == memory.bell.generation


async def test_an_equal_page_leaves_every_byte_as_it_was(memory: Store) -> None:
    page = [
        an_observation("U1", real_name="Ada", tz=None, enterprise_teams=("T1", "T2"), updated=100, source=Source.RUN),
        an_observation("U2", real_name="Grace", status_text="", updated=0, source=Source.RUN),
    ]
    await keep(memory, *page)
    before = [await stored_bytes(memory, table) for table in (users, workspaces, changes)]

    later = [Observation(TEAM, each.id, each.values, each.updated, 99, Source.RUN) for each in page]
    done = await keep(memory, *later, now=LATER)

    assert (0, 0, 0, 2) == (done.inserted, done.updated, done.watermarks, done.seen)
    assert before == [await stored_bytes(memory, table) for table in (users, workspaces, changes)]


async def test_redelivery_changes_nothing(memory: Store) -> None:
    event = an_observation(real_name="Ada", email=None, updated=100, moment=5)
    await keep(memory, event)
    before = [await stored_bytes(memory, table) for table in (users, workspaces, changes)]

    done = await keep(memory, event, event, now=LATER)

    assert (0, 0, 0) == (done.inserted, done.updated, done.watermarks)
    assert before == [await stored_bytes(memory, table) for table in (users, workspaces, changes)]


async def test_a_join_that_says_nothing_else_new_still_dates_the_joining(memory: Store) -> None:
    await keep(memory, an_observation(real_name="Ada", updated=100, moment=5_000_000))
    await keep(memory, an_observation(real_name="Ada", updated=100, moment=4_000_000, joined=True), now=LATER)
    await keep(memory, an_observation(real_name="Ada", updated=100, moment=6_000_000, joined=True), now=LATER)
    user, joined_at = await get_user(memory), datetime.fromtimestamp(4, UTC)

    assert (joined_at, 2, LATER) == (user.joined_at, user.rev, user.changed_at)
    assert [(2, 0, "U1", {"joined_at": None}, {"joined_at": joined_at.isoformat()}, False)] == [
        told(each) for each in (await all_changes(memory))[1:]
    ]


async def test_what_is_not_for_everybody_moves_rev_and_not_when_somebody_last_changed(memory: Store) -> None:
    await keep(memory, an_observation(real_name="Ada", has_2fa=False, email="a@x.example", updated=100))
    seen = []
    for at, values in enumerate(({"has_2fa": True}, {"is_email_confirmed": True}, {"status_text": "out"}), start=1):
        await keep(memory, an_observation(updated=100 + at, **values), now=LATER)
        seen.append(await get_user(memory))
    for is_hidden in (True, False):
        async with memory.transaction() as tx:
            await set_hidden(tx, TEAM, "U1", is_hidden=is_hidden, now=LATER)
        seen.append(await get_user(memory))
    await keep(memory, an_observation(updated=200, deleted=True))
    await keep(memory, an_observation(updated=300, email="b@x.example"), now=LATER)
    seen.append(await get_user(memory))
    async with memory.transaction() as tx:
        await drop_contact(tx, TEAM, ["U1"], left_before=LATER, now=LATER)
    seen.append(await get_user(memory))

    assert {NOW} == {user.changed_at for user in seen}
    assert [2, 3, 4, 5, 6, 8, 9] == [user.rev for user in seen]


async def test_a_join_that_comes_again_changes_nothing(memory: Store) -> None:
    event = an_observation(real_name="Ada", updated=100, moment=5_000_000, joined=True)
    await keep(memory, event)
    before = [await stored_bytes(memory, table) for table in (users, workspaces, changes)]
    done = await keep(memory, event, now=LATER)

    assert (0, 0, 0) == (done.inserted, done.updated, done.watermarks)
    assert before == [await stored_bytes(memory, table) for table in (users, workspaces, changes)]


async def test_observations_of_one_user_in_one_batch_are_merged_in_turn(memory: Store) -> None:
    done = await keep(
        memory,
        an_observation(title="A", updated=100),
        an_observation(title="B", updated=200),
        an_observation(title="too late", updated=150),
        an_observation(title="A", updated=300),
    )

    assert (1, 0, 0, 4) == (done.inserted, done.updated, done.watermarks, done.seen)
    assert ("A", 300, 1) == (lambda user: (user.title, user.updated, user.rev))(await get_user(memory))
    assert [
        (1, 0, "U1", {}, {"title": "A"}, False),
        (1, 1, "U1", {"title": "A"}, {"title": "B"}, False),
        (1, 2, "U1", {"title": "B"}, {"title": "A"}, False),
    ] == [told(each) for each in await all_changes(memory)]


async def test_changes_are_numbered_by_commit_and_by_place_in_it(memory: Store) -> None:
    await keep(memory, an_observation("U2", name="b"), an_observation("U1", name="a"))
    await keep(memory, an_observation("U1", name="aa", updated=200), an_observation("U2", name="bb", updated=200))

    assert [(1, 0, "U2"), (1, 1, "U1"), (2, 0, "U1"), (2, 1, "U2")] == [
        (each.rev, each.seq, each.user_id) for each in await all_changes(memory)
    ]


async def test_a_custom_status_is_told_apart_from_what_lasts(memory: Store) -> None:
    await keep(memory, an_observation(title="A", status_text="", updated=100))
    await keep(memory, an_observation(title="B", status_text="out", updated=200))
    await keep(memory, an_observation(title="B", status_text="in", updated=300))

    assert [
        (1, 0, "U1", {}, {"title": "A"}, False),
        (2, 0, "U1", {"title": "A"}, {"title": "B"}, False),
        (2, 1, "U1", {"status_text": ""}, {"status_text": "out"}, True),
        (3, 0, "U1", {"status_text": "out"}, {"status_text": "in"}, True),
    ] == [told(each) for each in await all_changes(memory)]


async def test_the_custom_status_of_a_new_user_enters_no_history(memory: Store) -> None:
    await keep(memory, an_observation(status_text="at the dentist", status_emoji=":tooth:"))

    assert [(1, 0, "U1", {}, {}, False)] == [told(each) for each in await all_changes(memory)]


async def test_a_backfill_tells_one_reset(memory: Store) -> None:
    people = [an_observation(f"U{number}", name=f"n{number}", source=Source.RUN) for number in range(5)]
    done = await keep(memory, *people, is_backfill=True)

    assert 5 == done.inserted
    assert [(1, 0, None, {}, {}, False)] == [told(each) for each in await all_changes(memory)]
    assert (await all_changes(memory))[0].is_reset


async def test_a_backfill_that_finds_nothing_new_tells_nothing(memory: Store) -> None:
    person = an_observation(name="ada", source=Source.RUN)
    await keep(memory, person)

    assert () == (await keep(memory, person, is_backfill=True)).changes
    assert 1 == await rev_of(memory)


async def test_an_erased_user_vanishes_from_history_and_dead_letters(memory: Store) -> None:
    await keep(memory, an_observation("U1", real_name="Ada", updated=100), an_observation("U2", real_name="Grace"))
    await keep(memory, an_observation("U1", real_name="Ada L.", updated=200))
    await put_aside(memory, a_letter("a", user_id="U1", payload="Ada"), a_letter("b", user_id="U2", payload="Grace"))

    await keep(memory, an_observation("U1", is_forgotten=True, updated=300))

    kept = [told(each) for each in await all_changes(memory)]
    async with memory.reading() as rx:
        letters = await rx.dead_letters.list_newest(10)
    everything = [await stored_bytes(memory, table) for table in (users, changes)]

    assert [
        (1, 1, "U2", {}, {"real_name": "Grace"}, False),
        (3, 0, "U1", {"is_forgotten": None}, {"is_forgotten": True}, False),
    ] == kept
    assert ["b"] == [each.key for each in letters]
    assert "Ada" not in str(everything)
    assert "ada" not in str(everything)


async def test_somebody_erased_within_the_batch_that_brought_them_leaves_no_trace(memory: Store) -> None:
    await keep(
        memory,
        an_observation("U1", real_name="Ada", updated=100),
        an_observation("U1", is_forgotten=True, updated=200),
        an_observation("U1", real_name="Ada", updated=300),
    )

    assert "Ada" not in str(await all_changes(memory))
    assert (await get_user(memory)).real_name is None


async def test_somebody_first_seen_erased_leaves_no_dead_letters_either(memory: Store) -> None:
    await put_aside(memory, a_letter("a", user_id="U1", payload="Ada"))

    await keep(memory, an_observation("U1", is_forgotten=True, updated=300))

    async with memory.reading() as rx:
        letters = await rx.dead_letters.count_letters()

    assert 0 == letters


async def test_a_workspace_that_has_not_installed_us_is_refused(store: Store) -> None:
    with pytest.raises(UnknownWorkspace, match=TEAM):
        await keep(store, an_observation(name="ada"))


async def test_what_fails_midway_leaves_nothing_behind(memory: Store) -> None:
    bell = memory.bell.generation

    async def stumble() -> None:
        async with memory.transaction() as tx:
            await record(tx, TEAM, [an_observation(name="ada")], now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await stumble()

    assert await find_user(memory) is None
    assert 0 == await rev_of(memory)
    assert () == await all_changes(memory)
    assert bell == memory.bell.generation


async def test_a_value_no_column_can_hold_is_a_refusal_of_the_row(memory: Store) -> None:
    with pytest.raises(RowRefused):
        await keep(memory, an_observation(tz_offset=10**30))

    assert await find_user(memory) is None


async def test_the_bell_rings_once_for_a_commit_that_changed_something(memory: Store) -> None:
    bell = memory.bell.generation

    await keep(memory, an_observation("U1", name="a"), an_observation("U2", name="b"))

    assert bell + 1 == memory.bell.generation


async def test_two_writers_of_one_workspace_take_turns(memory: Store, database_url: str) -> None:
    other = await Store.open(database_url)
    try:
        await asyncio.gather(
            *(
                keep(writer, an_observation("U1", title=f"title {number}", updated=number, moment=number))
                for number in range(1, 13)
                for writer in (memory, other)
            )
        )
    finally:
        await other.close()
    log = await all_changes(memory)

    assert "title 12" == (await get_user(memory)).title
    assert list(range(1, len(log) + 1)) == [each.rev for each in log]
    assert len(log) == await rev_of(memory)
    assert all(earlier.after == later.before for earlier, later in pairwise(log[1:]))


async def test_a_writer_that_finds_the_workspace_taken_gives_up_in_time(memory: Store, database_url: str) -> None:
    other = await Store.open(database_url)
    loop = asyncio.get_running_loop()
    try:
        async with memory.transaction() as tx:
            await tx.workspaces.lock(TEAM)
            began = loop.time()
            with pytest.raises(StoreUnavailable):
                await keep(other, an_observation(name="ada"))
            waited = loop.time() - began
    finally:
        await other.close()

    assert waited < 4
    assert await find_user(memory) is None


async def test_workspaces_do_not_wait_for_each_other_where_the_engine_can(memory: Store, database_url: str) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer for the whole file")
    await install(memory, "T0OTHER001")
    async with memory.transaction() as tx:
        await tx.workspaces.lock(TEAM)
        await keep(memory, an_observation(name="ada", team_id="T0OTHER001"))

    assert (await get_user(memory, team_id="T0OTHER001")).name == "ada"


async def test_one_id_in_two_workspaces_is_two_users(memory: Store) -> None:
    await install(memory, "T0OTHER001")
    await keep(memory, an_observation("USLACKBOT", name="here"))
    await keep(memory, an_observation("USLACKBOT", name="there", team_id="T0OTHER001"))

    assert "here" == (await get_user(memory, "USLACKBOT")).name
    assert "there" == (await get_user(memory, "USLACKBOT", team_id="T0OTHER001")).name


EVERY_FIELD = User(
    home_team_id=TEAM, name="ada", deleted=False, color="9f69e7", real_name="Ada 🏳️‍🌈 Lovelace", display_name="",
    first_name="Ada", last_name="Lovelace", title="Zahlen & \"Worte\" \\ '", email="ada@x", phone="+44 1",
    pronouns="she",
    start_date="2026-01-01", tz="Europe/London", tz_label="GMT", tz_offset=-(2**63), locale="en-GB", status_text="山田",
    status_emoji=":train:", status_expiration=2**63 - 1, status_emoji_url="u", avatar_hash="g",
    image_72="a", image_192="b", image_512="c",
    image_1024="d", image_original="e", is_custom_image=True, is_admin=False, is_owner=False, is_primary_owner=False,
    is_restricted=False, is_ultra_restricted=False, is_bot=False, is_app_user=True, is_workflow_bot=False,
    is_connector_bot=False, is_invited_user=True, is_email_confirmed=True, is_external=False, is_stranger=False,
    is_forgotten=False, has_2fa=True, who_can_share_contact_card="EVERYONE", bot_id="B1", api_app_id="A1",
    guest_invited_by="U2", guest_expiration_ts=5, enterprise_id="E1", enterprise_user_id="W1",
    enterprise_teams=("T1", "T2"), fields={"Xf1": {"value": "é", "alt": ""}},
)  # fmt: skip


async def test_every_field_comes_back_as_it_went_in(memory: Store) -> None:
    values = {name: getattr(EVERY_FIELD, name) for name in SLACK_FIELDS}
    await keep(memory, an_observation(**values))
    user = await get_user(memory)

    assert values == {name: getattr(user, name) for name in SLACK_FIELDS}
    assert None not in values.values()


async def test_the_longest_texts_fit_on_every_engine(memory: Store) -> None:
    longest = "🦆" * 8_000
    await keep(memory, an_observation(real_name=longest, title=longest, fields={"Xf1": {"value": longest}}))

    assert longest == (await get_user(memory)).title


_text = st.sampled_from([None, "", "A", "B"])
_observation = st.builds(
    Observation,
    team_id=st.just(TEAM),
    id=st.sampled_from(["U1", "U2"]),
    values=st.fixed_dictionaries(
        {},
        optional={
            "name": _text, "title": _text, "status_text": _text, "deleted": st.sampled_from([None, False, True]),
            "enterprise_teams": st.sampled_from([None, (), ("T1",)]), "is_forgotten": st.sampled_from([None, False]),
        },
    ),
    updated=st.one_of(st.integers(0, 3), st.none()),
    moment=st.integers(0, 3),
    source=st.sampled_from(Source),
    joined=st.booleans(),
)  # fmt: skip
_batches = st.lists(st.lists(_observation, min_size=1, max_size=4), min_size=1, max_size=4)


def in_memory(batches: Sequence[Sequence[Observation]]) -> dict[str, User]:
    rows: dict[str, User] = {}
    for batch in batches:
        for each in batch:
            rows[each.id] = merge(rows.get(each.id), each).user
    return rows


def comparable(user: User) -> dict[str, object]:
    ours = ("updated", "moment", "field_marks", "kind", "state", "sort_key", "search_text", "joined_at")
    return {name: getattr(user, name) for name in (*SLACK_FIELDS, *ours)}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=_batches)
async def test_interleaved_batches_end_in_the_rows_that_merge_alone_would_make(
    memory: Store, batches: list[list[Observation]], request: pytest.FixtureRequest
) -> None:
    """Each example plays in a workspace of its own, for the database outlives the examples."""
    number = getattr(request.node, "examples", 0) + 1
    request.node.examples = number
    team_id = f"T{number:09}"
    await install(memory, team_id)
    own = [
        [Observation(team_id, o.id, o.values, o.updated, o.moment, o.source, o.joined) for o in batch]
        for batch in batches
    ]

    for batch in own:
        await keep(memory, *batch)

    expected = {user_id: comparable(user) for user_id, user in in_memory(own).items()}
    async with memory.reading() as rx:
        found = await rx.users.find_users(team_id, ["U1", "U2"])
        log = [each for each in await rx.changes.list_recent(1_000) if each.team_id == team_id]

    assert expected == {user_id: comparable(user) for user_id, user in found.items()}
    assert max((each.rev for each in log), default=0) == max((user.rev for user in found.values()), default=0)
    assert sorted({each.rev for each in log}) == list(range(1, len({each.rev for each in log}) + 1))


async def test_an_acked_commit_is_on_the_disk(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path / 'usersync.sqlite3'}")
    try:
        async with store._writer.begin() as connection:
            synchronous = (await connection.exec_driver_sql("PRAGMA synchronous")).scalar()
            journal = (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar()
    finally:
        await store.close()

    assert (2, "wal") == (synchronous, journal)


def test_a_mark_orders_by_slacks_clock_before_the_moment() -> None:
    assert Mark(1, 9) < Mark(2, 0) < Mark(2, 1)
