"""A list of the newest is as long as it can be: what its reader may not see takes nobody's place."""

from __future__ import annotations

from db import Sight, Store, set_hidden
from db.records import Workspace
from db.seen import STRETCH, STRETCHES, looking
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, a_letter, keep, put_aside

BLIND = Sight(hidden=frozenset({"phone"}))


async def a_title_and_then_phones(store: Store, many: int) -> None:
    """Change what is seen twice, and then only what is not; each in a commit of its own."""
    await keep(store, an_observation(title="A", updated=1, deleted=False))
    await keep(store, an_observation(title="B", updated=2))
    for number in range(many):
        await keep(store, an_observation(phone=str(number), updated=3 + number))


async def test_changes_of_hidden_fields_crowd_out_nothing(memory: Store) -> None:
    await a_title_and_then_phones(memory, STRETCH + 5)

    async with looking(memory, BLIND) as seen:
        history, recent = await seen.list_history(TEAM, "U1", 1), await seen.list_recent(2)

    assert ["B"] == [each.after["title"] for each in history]
    assert ["B", "A"] == [each.after["title"] for each in recent]


async def test_changes_of_hidden_people_crowd_out_nothing(memory: Store) -> None:
    await keep(memory, an_observation("U2", title="A", updated=1))
    for number in range(STRETCH + 5):
        await keep(memory, an_observation("U1", title=str(number), updated=number))
    async with memory.transaction() as tx:
        await set_hidden(tx, TEAM, "U1", is_hidden=True, now=NOW)

    async with looking(memory, BLIND) as seen:
        recent = await seen.list_recent(3)

    assert ["U2"] == [each.user_id for each in recent]


async def test_no_page_waits_for_a_whole_log(memory: Store) -> None:
    await a_title_and_then_phones(memory, STRETCH * STRETCHES)

    async with looking(memory, BLIND) as seen:
        assert () == await seen.list_history(TEAM, "U1", 1)


async def test_letters_of_a_workspace_nobody_knows_are_for_whoever_sees_them_all(memory: Store) -> None:
    await put_aside(memory, a_letter("a"), a_letter("b", team_id=None), a_letter("c", team_id="T0UNKNOWN1"))
    found = []
    for sight in (Sight(frozenset({TEAM})), Sight()):
        async with looking(memory, sight) as seen:
            found.append({each.key for each in await seen.list_letters(9)})
    async with memory.transaction() as tx:
        await tx.workspaces.save_workspace(Workspace("T0OTHER001"))
    async with looking(memory, Sight(frozenset({TEAM}))) as seen:
        found.append({each.key for each in await seen.list_letters(9)})

    assert [{"a", "b"}, {"a", "b", "c"}, {"a"}] == found


async def test_as_many_letters_are_counted_as_can_be_listed(memory: Store) -> None:
    await keep(memory, an_observation("U2", real_name="Hidden", updated=1))
    async with memory.transaction() as tx:
        await set_hidden(tx, TEAM, "U2", is_hidden=True, now=NOW)
    await put_aside(memory, a_letter("a"), a_letter("b", team_id=None), a_letter("c", team_id="T0UNKNOWN1"))
    await put_aside(memory, a_letter("d", user_id="U2"), a_letter("e", user_id=None))
    for sight, many in ((Sight(frozenset({TEAM})), 3), (Sight(), 4), (Sight(frozenset({"T0OTHER001"})), 0)):
        async with looking(memory, sight) as seen:
            assert [many, many] == [await seen.count_letters(), len(await seen.list_letters(9))], sight
