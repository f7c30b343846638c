"""`usersync dead-letters`: what was put aside is listed with its reason, shown, replayed and dropped."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from db import Store
from tests.support.engines import WHOLE
from tests.support.factories import TEAM, a_user_payload, an_event
from tests.support.memory import a_letter, find_user, install, put_aside
from tests.support.program import NOWHERE, environment, running

pytestmark = pytest.mark.runs_on(*WHOLE, because="these are programs on a database; tests/db has its contract")


@pytest.fixture
async def kept(database_url: str) -> AsyncIterator[Store]:
    """A store with one letter that today's usersync can read (1), and one that it cannot (2)."""
    store = await Store.open(database_url)
    await install(store, TEAM)
    readable = json.dumps(an_event(a_user_payload("U1", title="Countess")))
    await put_aside(store, a_letter("event:Ev1", reason="its title is not text", payload=readable))
    await put_aside(store, a_letter("event:Ev2", user_id=None, payload='{"event":{"user":null}}'))
    yield store
    await store.close()


async def told(database_url: str, *words: str) -> tuple[int, str]:
    """Run the verb, and tell its exit code and what it printed."""
    env = environment(DATABASE_URL=database_url)
    async with running("dead-letters", *words, env=env, cwd=NOWHERE) as program:
        return await program.ended(), program.output


async def test_letters_are_listed_with_when_who_and_why(kept: Store, database_url: str) -> None:
    code, output = await told(database_url)

    assert 0 == code
    assert "2026-11-23 16:42 UTC" in output
    assert "1  2026-11-23 16:42 UTC  T0SIM00001/U1  from an event: its title is not text" in output
    assert "2 dead letters." in output
    assert output.index("\n1  ") > output.index("2  2026")


async def test_none_is_said_in_words(database_url: str) -> None:
    assert (0, "No dead letters: everything that Slack said was applied.\n") == await told(database_url)


async def test_only_as_many_are_listed_as_wanted(kept: Store, database_url: str) -> None:
    _, output = await told(database_url, "--limit", "1")

    assert "… and 1 older" in output
    assert "Countess" not in output


async def test_one_is_shown_with_its_payload(kept: Store, database_url: str) -> None:
    code, output = await told(database_url, "show", "1")

    assert 0 == code
    assert '"title": "Countess"' in output


async def test_replaying_all_applies_what_can_be_read_and_tells_what_stays(kept: Store, database_url: str) -> None:
    code, output = await told(database_url, "replay", "--all")

    assert 1 == code
    assert "1 (U1): applied; is new" in output
    assert "2 (no user): stays: it names no workspace" in output
    assert "1 applied, 1 stay." in output
    assert await find_user(kept, "U1") is not None
    assert "1 dead letter." in (await told(database_url))[1]


async def test_one_is_replayed_by_its_number(kept: Store, database_url: str) -> None:
    assert 0 == (await told(database_url, "replay", "1"))[0]
    assert (2, "There is no dead letter 1. `usersync dead-letters` lists those that are there.\n") == await told(
        database_url, "replay", "1"
    )


async def test_one_is_dropped_and_not_applied(kept: Store, database_url: str) -> None:
    code, output = await told(database_url, "drop", "1", "2")

    assert (0, "1: dropped, and not applied\n2: dropped, and not applied\n") == (code, output)
    assert await find_user(kept, "U1") is None


@pytest.mark.parametrize("words", [["replay"], ["replay", "--all", "1"], ["replay", "x"], ["--limit", "0"], ["drop"]])
async def test_words_that_say_nothing_clear_touch_nothing(kept: Store, database_url: str, words: list[str]) -> None:
    assert 2 == (await told(database_url, *words))[0]
    assert "2 dead letters." in (await told(database_url))[1]
