"""A commit and what it keeps of what it cannot apply."""

from __future__ import annotations

import asyncio
import random
import string
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.commit import commit_entries
from bot.entries import Entry, entry_of, entry_of_member
from bot.wholesome import MAX_TEXT_CHARS
from db import Store, record
from db.errors import RowRefused
from db.records import SLACK_FIELDS
from db.tables import dead_letters, users
from tests.support.factories import TEAM, a_user_payload, an_event, an_observation
from tests.support.memory import NOW, find_user, get_user, install, keep

LETTERS = {
    "of one byte": string.ascii_letters + string.digits,
    "of four bytes": [chr(n) for n in range(0x20000, 0x2A6D0)],
}


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


def a_text(letters: str, many: int) -> str:
    """Write letters that no engine can press together."""
    return "".join(random.Random(many).choices(LETTERS[letters], k=many))


def an_entry(number: int, *, profile: dict[str, Any] | None = None, **keys: Any) -> Entry:
    user = a_user_payload(f"U{number:03}")
    user = {**user, **keys, "profile": {**user["profile"], **(profile or {})}}
    return entry_of_member(user, team_id=TEAM, moment=1, now_s=NOW.timestamp())


def long_ones(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Put a text in the place of each that Slack may send."""
    names = [name for name in SLACK_FIELDS if isinstance(users.c[name].type, sa.Text)]
    for name in names:
        yield name, {name: text, "profile": {"status_emoji": ":parrot:", name: text}}
    yield "home_team_id", {"team_id": text}
    yield "enterprise_user_id", {"enterprise_user": {"id": text}}
    yield "enterprise_teams", {"enterprise_user": {"teams": [text]}}
    for part in ("value", "alt"):
        yield f"{part} of a custom field", {"profile": {"fields": {"Xf1": {part: text}}}}
    yield "id of a custom field", {"profile": {"fields": {text: {"value": "Sales"}}}}


@pytest.mark.parametrize("letters", LETTERS)
@pytest.mark.parametrize("many", [MAX_TEXT_CHARS, 10_000])
async def test_a_long_text_is_stored_or_put_aside_and_its_neighbours_are_committed(
    store: Store, letters: str, many: int
) -> None:
    await install(store, TEAM)
    told = dict(long_ones(a_text(letters, many)))
    pairs = [(an_entry(number, **keys), an_entry(500 + number)) for number, keys in enumerate(told.values())]
    committed = await commit_entries(store, [each for pair in pairs for each in pair], now=NOW)
    put_aside = {key.partition(":")[0] for key in committed.put_aside}
    async with store.reading() as rx:
        stored = await rx.users.find_users(
            TEAM, [f"U{at + number:03}" for number in range(len(told)) for at in (0, 500)]
        )

    assert not committed.refused
    for number, name in enumerate(told):
        assert f"U{500 + number:03}" in stored, f"beside a long {name}"
        assert (f"U{number:03}" in stored) is not (f"U{number:03}" in put_aside), name
    assert many > MAX_TEXT_CHARS or len(put_aside) < 5


@pytest.mark.parametrize("letters", LETTERS)
async def test_a_value_too_long_for_an_index_is_a_refusal_of_its_row_alone(store: Store, letters: str) -> None:
    """Past the parser, which knows no such zone: an engine that refuses it says so of this row."""
    await install(store, TEAM)
    zoneless = an_entry(2)
    assert zoneless.observation is not None
    zone = {"tz": a_text(letters, 6_000)}
    long = replace(zoneless, observation=replace(zoneless.observation, values=zoneless.observation.values | zone))
    committed = await commit_entries(store, [an_entry(1), long, an_entry(3)], now=NOW)

    assert {"U001", "U003"} == {(await get_user(store, user_id)).id for user_id in ("U001", "U003")}
    assert bool(await find_user(store, "U002")) is not bool(committed.put_aside)
