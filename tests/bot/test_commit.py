"""A commit and what it keeps of what it cannot apply."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from bot.commit import commit_entries
from bot.entries import entry_of
from db import Store, record
from db.errors import RowRefused
from db.tables import dead_letters
from tests.support.factories import TEAM, a_user_payload, an_event, an_observation
from tests.support.memory import NOW, install, keep


async def test_a_letter_that_comes_while_its_user_is_erased_keeps_no_word_of_them(store: Store) -> None:
    await install(store, TEAM)
    await keep(store, an_observation("U1", real_name="Ada"))
    unreadable = entry_of(an_event({**a_user_payload("U1"), "profile": "Ada"}), now_s=NOW.timestamp())
    assert unreadable.reason is not None

    async with store.transaction() as tx:
        await record(tx, TEAM, [an_observation("U1", is_forgotten=True, updated=900)], now=NOW)
        keeping = asyncio.create_task(commit_entries(store, [unreadable], now=NOW))
        done, _ = await asyncio.wait({keeping}, timeout=0.3)
    await keeping

    async with store.reading() as rx:
        (letter,) = await rx.dead_letters.list_newest(5)
    assert not done
    assert "" == letter.payload


async def keep_twice(store: Store, key: str) -> None:
    insert = sa.insert(dead_letters).values(key=key, reason="", payload="{}", source="event", put_aside_at=NOW, times=1)
    async with store.transaction() as tx:
        for _ in range(2):
            await tx.users._connection.execute(insert)


async def test_what_a_driver_says_of_a_refused_row_is_not_repeated(store: Store) -> None:
    """It may quote the row."""
    with pytest.raises(RowRefused) as refusal:
        await keep_twice(store, "Lovelace")

    assert "Lovelace" not in str(refusal.value)
    assert "Error" in str(refusal.value)
