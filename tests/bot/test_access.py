"""Whoever asks what is held of them gets all of it, also where there is no row (any more)."""

from __future__ import annotations

import json

import pytest

from bot.access import Access
from bot.operator import NobodyMeant
from db import Store
from tests.support.factories import TEAM, an_observation
from tests.support.memory import NOW, a_letter, install, keep, put_aside


@pytest.fixture
async def access(store: Store) -> Access:
    await install(store, TEAM)
    async with store.transaction() as tx:
        await tx.workspaces.mark_walked(TEAM, at=NOW)
    await keep(store, an_observation("U2", real_name="Grace Hopper"))
    return Access(store, clock=lambda: NOW)


@pytest.mark.parametrize("written", ["U1", f"{TEAM}/U1"])
async def test_an_id_without_a_row_that_nothing_speaks_of_is_nobody(access: Access, written: str) -> None:
    with pytest.raises(NobodyMeant, match="nothing here speaks of that id"):
        await access.document(written)


async def test_what_is_held_of_an_id_without_a_row_is_told(access: Access, store: Store) -> None:
    await put_aside(store, a_letter("event:about", user_id="U1"), a_letter("event:other", user_id="U2"))
    async with store.transaction() as tx:
        await tx.signins.make(TEAM, "U1", now=NOW)

    held = json.loads(await access.document("U1"))

    assert held["user"] is None
    assert [(TEAM, "U1")] == [(each["team_id"], each["user_id"]) for each in held["dead_letters"]]
    assert 1 == len(held["signin_links"])
