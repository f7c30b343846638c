"""Custom fields as rows: as people read them, written with the row, and gone with it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from db import Store, purge, set_hidden
from db.tables import user_fields
from db.user_fields import values_of
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, get_user, keep


async def rows(store: Store) -> list[tuple[Any, ...]]:
    columns = (user_fields.c.id, user_fields.c.field_id, user_fields.c.value_key, user_fields.c.value)
    async with store.reading() as rx:
        found = await rx.users._connection.execute(sa.select(*columns).order_by(*columns))
        return [tuple(row) for row in found]


async def copies(store: Store) -> list[tuple[Any, ...]]:
    columns = [user_fields.c[name] for name in ("kind", "state", "sort_key", "traits")]
    async with store.reading() as rx:
        return [tuple(row) for row in await rx.users._connection.execute(sa.select(*columns))]


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ({"value": " Design "}, ("design", "Design")),
        ({"value": "https://x.example", "alt": "Ops"}, ("ops", "Ops")),
        ({"value": "Ops", "alt": ""}, ("ops", "Ops")),
        ({"value": "a\x00b\ud800c"}, ("abc", "abc")),
        ({"value": "x" * 5000}, ("x" * 200, "x" * 1000)),
        ({"value": "🦆"}, ("🦆", "🦆")),
        ({"value": " \u2003"}, None),
        ({"value": None}, None),
        ({"value": 7}, None),
        ("Design", None),
    ],
)
def test_a_value_is_what_people_read(told: Any, value: tuple[str, str] | None) -> None:
    assert ({"Xf1": value} if value else {}) == values_of({"Xf1": told})


def test_an_id_that_could_be_none_is_no_field() -> None:
    assert {} == values_of({"": {"value": "a"}, "X" * 65: {"value": "a"}, "Xf\x00": {"value": "a"}})


async def test_rows_follow_the_fields(memory: Store) -> None:
    await keep(memory, an_observation("U1", fields={"Xf1": {"value": "Design"}, "Xf2": {"value": "Lisbon"}}))
    await keep(memory, an_observation("U2", fields={"Xf1": {"value": "Sales"}}))
    first = await rows(memory)
    await keep(memory, an_observation("U1", updated=200, fields={"Xf1": {"value": "DESIGN & co"}}))

    assert [("U1", "Xf1", "design", "Design"), ("U1", "Xf2", "lisbon", "Lisbon"), ("U2", "Xf1", "sales", "Sales")] == (
        first
    )
    assert [("U1", "Xf1", "design & co", "DESIGN & co"), ("U2", "Xf1", "sales", "Sales")] == await rows(memory)


async def test_what_lists_are_made_by_stands_beside_a_value_as_in_the_row(memory: Store) -> None:
    async def is_the_same() -> bool:
        user = await get_user(memory)
        return [(user.kind, user.state, user.sort_key, user.traits)] == await copies(memory)

    await keep(memory, an_observation("U1", real_name="Ada", fields={"Xf1": {"value": "Design"}}))
    same = [await is_the_same()]
    for at, values in enumerate(
        ({"real_name": "Zoe"}, {"is_restricted": True}, {"title": "Head"}, {"deleted": True}), start=1
    ):
        await keep(memory, an_observation("U1", updated=100 + at, **values))
        same.append(await is_the_same())
    async with memory.transaction() as tx:
        await set_hidden(tx, TEAM, "U1", is_hidden=True, now=NOW)
    same.append(await is_the_same())

    assert [True] * 6 == same


@pytest.mark.parametrize("by_event", [True, False])
async def test_whoever_is_erased_has_none(memory: Store, by_event: bool) -> None:
    await keep(memory, an_observation("U1", deleted=True, fields={"Xf1": {"value": "Design"}}))
    await keep(memory, an_observation("U2", fields={"Xf1": {"value": "Sales"}}))
    if by_event:
        await keep(memory, an_observation("U1", updated=200, is_forgotten=True))
    else:
        async with memory.transaction() as tx:
            await purge(tx, TEAM, "U1", now=NOW)

    assert ["U2"] == [row[0] for row in await rows(memory)]
