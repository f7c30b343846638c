"""API tokens: good until their end, what is stored opens nothing, and uses are noted once a minute."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from db import Store
from db.api_tokens import NOTED_EVERY, is_use_due
from db.engine import open_writer, parse_url
from db.records import ApiToken, TokenScope
from tests.support.factories import TEAM
from tests.support.memory import NOW

BLINK = timedelta(microseconds=1)
DAY = timedelta(days=1)
READS = frozenset({TokenScope.USERS, TokenScope.CHANGES})


async def make(store: Store, name: str = "HR", **options: Any) -> str:
    async with store.transaction() as tx:
        return await tx.api_tokens.make(name, options.pop("scopes", READS), now=NOW, **options)


async def find(store: Store, text: str, now: datetime = NOW) -> ApiToken | None:
    async with store.reading() as rx:
        return await rx.api_tokens.find(text, now=now)


async def revoke(store: Store, token_id: int) -> bool:
    async with store.transaction() as tx:
        return await tx.api_tokens.revoke(token_id, now=NOW)


async def note_used(store: Store, now: datetime) -> bool:
    async with store.transaction() as tx:
        return await tx.api_tokens.note_used(1, now=now)


@pytest.mark.parametrize("text", ["", "x", "usersync_", "\ud800", "é" * 5000, "' OR 1=1 --", "\x00", "%", "_" * 52])
async def test_a_text_that_nobody_made_is_no_token(store: Store, text: str) -> None:
    await make(store)

    assert await find(store, text) is None


async def test_a_token_is_good_until_its_last_moment(store: Store) -> None:
    text = await make(store, lifetime=DAY)

    assert await find(store, text, NOW + DAY - BLINK)
    assert await find(store, text, NOW + DAY) is None


async def test_a_revoked_token_is_good_no_more_and_its_neighbour_still_is(store: Store) -> None:
    revoked, other = await make(store), await make(store)

    assert [True, False, False] == [await revoke(store, 1), await revoke(store, 1), await revoke(store, 7)]
    assert await find(store, revoked) is None
    assert await find(store, other)


async def test_the_digest_itself_opens_nothing(store: Store) -> None:
    text = await make(store)

    assert await find(store, hashlib.sha256(text.encode()).hexdigest()) is None
    assert await find(store, text.upper()) is None
    assert await find(store, f"{text} ") is None


async def test_a_token_is_found_with_all_that_it_may(store: Store) -> None:
    text = await make(store, "HR", team_id=TEAM, lifetime=DAY, scopes={TokenScope.USERS})

    assert ApiToken(1, "HR", frozenset({TokenScope.USERS}), TEAM, NOW, NOW + DAY) == await find(store, text)


async def test_all_are_listed_the_revoked_ones_included(store: Store) -> None:
    await make(store, "first")
    await make(store, "second", scopes=set(TokenScope))
    await revoke(store, 1)

    async with store.reading() as rx:
        found = await rx.api_tokens.list_tokens()

    assert [("first", NOW), ("second", None)] == [(each.name, each.revoked_at) for each in found]
    assert frozenset(TokenScope) == found[1].scopes


async def test_what_is_stored_is_a_digest_of_a_text_that_scanners_know(store: Store, database_url: str) -> None:
    text = await make(store)
    engine = open_writer(parse_url(database_url))
    async with engine.begin() as connection:
        (row,) = await connection.execute(sa.text("SELECT * FROM api_tokens"))
    await engine.dispose()

    assert hashlib.sha256(text.encode()).hexdigest() == row.digest
    assert text not in str(row)
    assert text.startswith("usersync_")
    assert len(text) >= len("usersync_") + 43


async def test_uses_are_noted_once_a_minute(store: Store) -> None:
    text = await make(store)

    noted = [await note_used(store, NOW + pause) for pause in (timedelta(), NOTED_EVERY - BLINK, NOTED_EVERY)]
    token = await find(store, text)

    assert [True, False, True] == noted
    assert token
    assert NOW + NOTED_EVERY == token.last_used_at
    assert [False, True] == [is_use_due(token, now=NOW + NOTED_EVERY * times) for times in (1, 2)]
