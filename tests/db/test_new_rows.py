"""New rows come in many at once, whatever each of them says, and whatever became of those before them."""

from __future__ import annotations

import pytest

from db import Store, record
from db.filters import UserFilter
from db.records import Kind, Observation, Source, State, User
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, find_user, get_user, keep


def a_page(*users: dict[str, object]) -> list[Observation]:
    return [an_observation(str(user.pop("id")), source=Source.RUN, **user) for user in users]


class GivenUpError(Exception):
    """Ends a transaction before it is committed."""


async def give_up_after(store: Store, page: list[Observation]) -> None:
    async with store.transaction() as tx:
        await record(tx, TEAM, page, now=NOW, is_backfill=True)
        raise GivenUpError


async def names_found(store: Store, typed: str) -> list[str | None]:
    async with store.reading() as rx:
        page = await rx.users.list_users(UserFilter(q=typed), limit=10)
    return [user.real_name for user in page.users]


def test_a_user_made_at_once_is_the_same_as_one_made_value_by_value() -> None:
    said = {"team_id": TEAM, "id": "U1", "real_name": "Ada", "title": None, "updated": 7, "kind": Kind.BOT}

    assert User(**said) == User.of(said)  # type: ignore[arg-type]
    assert User() == User.of({})
    assert hash(User()) == hash(User.of({}))


async def test_what_nobody_of_a_slice_has_is_unknown_and_others_have_it(memory: Store) -> None:
    bare = a_page({"id": "U1", "real_name": "Ada"}, {"id": "U2", "real_name": "Grace"})
    rich = a_page(
        {"id": "U3", "real_name": "Alan", "title": "Engineer", "enterprise_teams": ("T1", "T2"), "is_admin": False},
        {"id": "U4", "title": None, "fields": {"Xf1": {"value": "Berlin"}}, "deleted": True},
    )

    await keep(memory, *bare, is_backfill=True)
    await keep(memory, *rich, is_backfill=True)
    await keep(memory, *a_page({"id": "U5"}), is_backfill=True)

    ada, alan, nameless, last = [await get_user(memory, each) for each in ("U1", "U3", "U4", "U5")]
    assert (None, None, None) == (ada.title, ada.is_admin, ada.enterprise_teams)
    assert ("Engineer", False, ("T1", "T2")) == (alan.title, alan.is_admin, alan.enterprise_teams)
    assert {"title": (100, 0)} == nameless.field_marks
    assert ({"Xf1": {"value": "Berlin"}}, State.DEACTIVATED) == (nameless.fields, nameless.state)
    assert ("U5", None, NOW) == (last.id, last.real_name, last.first_seen_at)
    assert ["Alan"] == await names_found(memory, "engineer")


async def test_rows_that_were_taken_back_leave_nothing_to_those_that_follow(memory: Store) -> None:
    with pytest.raises(GivenUpError):
        await give_up_after(memory, a_page({"id": "U1", "real_name": "Ada"}))

    await keep(memory, *a_page({"id": "U2", "real_name": "Grace"}), is_backfill=True)

    assert await find_user(memory, "U1") is None
    assert ([], ["Grace"]) == (await names_found(memory, "ada"), await names_found(memory, "grace"))


@pytest.mark.parametrize("typed", ["d", "da", "dag", "dagm", "dagma", "dagmar", "dagmark", "dagmarkathe", "dagmar kat"])
async def test_a_beginning_of_any_length_finds(memory: Store, typed: str) -> None:
    told = ({"id": "U1", "real_name": "Dagmar Katherine"}, {"id": "U2", "real_name": "Edgar Poe"})
    await keep(memory, *a_page(*told), is_backfill=True)

    found = await names_found(memory, typed)

    assert ["Dagmar Katherine"] == found
