"""Whom the operator means: by id, by workspace and id, by address, by handle; what is not clear is asked back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.operator import NobodyMeant, NotLetIn, SeveralMeant, refuse_whom_the_door_refuses, whom
from db import Store
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, install, keep

OTHER = "T0OTHER001"


@pytest.fixture
async def people(store: Store) -> Store:
    """Two workspaces; the first has been read."""
    await install(store, TEAM, OTHER)
    await keep(
        store,
        an_observation("U1", name="ada", email="ada@meridian.example"),
        an_observation("U2", name="grace", email="shared@meridian.example", deleted=True),
        an_observation("U3", name="grace.h", email="shared@meridian.example"),
        an_observation("U4", name="twin"),
    )
    await keep(store, *(an_observation(each, name="twin", team_id=OTHER) for each in ("U4", "U5")))
    async with store.transaction() as tx:
        await tx.workspaces.mark_walked(TEAM, at=NOW)
    return store


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("U1", (TEAM, "U1")), ("U5", (OTHER, "U5")), (f"{OTHER}/U4", (OTHER, "U4")), ("ada", (TEAM, "U1")),
        ("@ada", (TEAM, "U1")), ("ADA@meridian.example", (TEAM, "U1")), ("grace", (TEAM, "U2")),
        ("shared@meridian.example", (TEAM, "U3")), (f"{OTHER}/U9", (OTHER, "U9")),
    ],
)  # fmt: skip
async def test_a_word_means_one_user(people: Store, word: str, key: tuple[str, str]) -> None:
    assert key == await whom(people, word)


@pytest.mark.parametrize("word", ["U9", f"{TEAM}/U9", "T0NOWHERE1/U1", "nobody", "@", "", "%", "x@y", f"{TEAM}/"])
async def test_a_word_that_means_nobody_is_told(people: Store, word: str) -> None:
    with pytest.raises(NobodyMeant):
        await whom(people, word)


@pytest.mark.parametrize("word", ["U4", "twin"])
async def test_a_word_that_means_several_lists_them(people: Store, word: str) -> None:
    with pytest.raises(SeveralMeant, match=f"{OTHER}/U4") as question:
        await whom(people, word)

    assert f"{TEAM}/U4" in str(question.value)


async def test_before_anything_was_read_an_id_is_taken_at_its_word(store: Store) -> None:
    with pytest.raises(NobodyMeant, match="No workspace is known yet") as refusal:
        await whom(store, "U1")
    assert store.place in str(refusal.value)
    await install(store, TEAM)

    assert (TEAM, "U1") == await whom(store, "U1")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"deleted": True}, "deactivated"), ({"is_bot": True}, "a bot"), ({"is_restricted": True}, "a guest"),
        ({"is_stranger": True}, "another company"), ({"is_forgotten": True}, "deactivated|erased"),
    ],
)  # fmt: skip
async def test_for_whom_the_door_refuses_no_link_is_made(store: Store, values: dict[str, bool], words: str) -> None:
    await install(store, TEAM)
    await keep(store, an_observation("U1", **values))

    with pytest.raises(NotLetIn, match=words):
        await refuse_whom_the_door_refuses(store, TEAM, "U1", guests_may_sign_in=False)


async def test_members_guests_where_they_may_and_whoever_is_unknown_yet_are_not_refused(store: Store) -> None:
    await install(store, TEAM)
    await keep(store, an_observation("U1"), an_observation("U2", is_restricted=True))

    for user_id in ("U1", "U2", "U3"):
        await refuse_whom_the_door_refuses(store, TEAM, user_id, guests_may_sign_in=True)


async def test_a_database_is_named_without_its_user_and_password(tmp_path: Path) -> None:
    server = Store("postgresql://u:hunter2@db.example:5433/people?password=hunter2")
    file = Store(f"sqlite:///{tmp_path / 'people.sqlite3'}")

    assert "postgresql://db.example:5433/people" == server.place
    assert str(tmp_path / "people.sqlite3") == file.place
    await server.close()
    await file.close()
