"""A copy that is kept through the API is right in the end, whatever changes while it is made."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.housekeeping import prune
from db import Store, purge, set_hidden
from db.records import STATUS_FIELDS
from tests.support.programs import Mirror, a_token, bearing
from tests.web.conftest import TEAM, Clock, Slack

YEAR = timedelta(days=365)
NOT_FOLLOWED = STATUS_FIELDS | {"rev", "changed_at", "updated", "left_at"}
"""A custom status is no change, and what else moves with it alone is not told either."""
NAMES = ("Ada", "Bea", "Cleo", "Dora", "Eve", "Fay", "Gus", "Hal")


@pytest.fixture
async def mirror(client: httpx.AsyncClient, store: Store, clock: Clock) -> Mirror:
    client.headers.update(bearing(await a_token(store, now=clock())))
    return Mirror(client)


async def a_lively_day(slack: Slack, clock: Clock, dice: random.Random, *, turns: int) -> None:
    """People come, are renamed, leave, return, and are erased, in no order."""
    for _ in range(turns):
        clock.passes(seconds=1)
        said: list[dict[str, Any]] = [
            {"real_name": dice.choice(NAMES)},
            {"title": str(dice.random()), "status_text": str(dice.random())},
            {"status_text": str(dice.random())},
            {"deleted": dice.choice([True, False])},
            {"is_restricted": dice.choice([True, False])},
        ]
        if dice.random() < 0.03:
            said = [{"is_forgotten": True, "deleted": True}]
        await slack.says(f"U{dice.randrange(12)}", **dice.choice(said))


async def as_it_is(client: httpx.AsyncClient) -> dict[tuple[str, str], dict[str, Any]]:
    """Read everybody anew."""
    fresh = Mirror(client, limit=200)
    await fresh.begin()
    return followed(fresh)


def followed(mirror: Mirror) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        key: {name: value for name, value in user.items() if name not in NOT_FOLLOWED}
        for key, user in mirror.users.items()
    }


@pytest.mark.parametrize("seed", range(4))
async def test_a_copy_made_while_everything_moves_is_right_in_the_end(
    mirror: Mirror, client: httpx.AsyncClient, slack: Slack, clock: Clock, seed: int
) -> None:
    dice = random.Random(seed)
    await a_lively_day(slack, clock, dice, turns=20)
    async with asyncio.TaskGroup() as both:
        day = both.create_task(a_lively_day(slack, clock, dice, turns=60))
        await mirror.begin()
        while not day.done():
            await mirror.catch_up()
    await mirror.catch_up()

    assert await as_it_is(client) == followed(mirror)
    assert 1 == mirror.begun


async def test_an_erased_user_leaves_the_copy(mirror: Mirror, slack: Slack, clock: Clock) -> None:
    await slack.says("U1", real_name="Ada")
    await mirror.begin()
    clock.passes(seconds=1)
    await slack.says("U1", is_forgotten=True)
    await mirror.catch_up()

    assert {} == mirror.users


async def test_a_first_reading_is_followed_by_reading_everybody(
    mirror: Mirror, client: httpx.AsyncClient, slack: Slack
) -> None:
    await mirror.begin()
    await slack.shows({"id": "U1", "real_name": "Ada"}, {"id": "U2", "real_name": "Bea"}, {"id": "U3"})
    await mirror.catch_up()

    assert {(TEAM, "U1"), (TEAM, "U2"), (TEAM, "U3")} == mirror.users.keys()
    assert await as_it_is(client) == followed(mirror)


async def test_who_was_away_for_too_long_starts_again(
    mirror: Mirror, client: httpx.AsyncClient, slack: Slack, store: Store, clock: Clock
) -> None:
    await slack.says("U1", real_name="Ada")
    await mirror.begin()
    for name in ("Bea", "Cleo"):
        clock.passes(days=1)
        await slack.says("U1", real_name=name)
    clock.passes(days=366)
    await prune(store, now=clock(), history_keep=YEAR)
    await mirror.catch_up()

    assert 2 == mirror.begun
    assert await as_it_is(client) == followed(mirror)


async def test_a_copy_begun_again_drops_whoever_was_erased_or_hidden_meanwhile(
    mirror: Mirror, client: httpx.AsyncClient, slack: Slack, store: Store, clock: Clock
) -> None:
    for user_id in ("U1", "U2", "U3"):
        await slack.says(user_id, real_name="Ada")
    await mirror.begin()
    clock.passes(days=1)
    await slack.says("U2", deleted=True)
    async with store.transaction() as tx:
        await purge(tx, TEAM, "U2", now=clock())
        await set_hidden(tx, TEAM, "U3", is_hidden=True, now=clock())
    clock.passes(days=366)
    await prune(store, now=clock(), history_keep=YEAR)
    await mirror.catch_up()

    assert 2 == mirror.begun
    assert {(TEAM, "U1")} == mirror.users.keys()


async def test_hiding_somebody_and_showing_them_again_is_told_as_a_reset(
    mirror: Mirror, slack: Slack, store: Store, clock: Clock
) -> None:
    await slack.says("U1", real_name="Ada")
    await mirror.begin()
    kept = []
    for is_hidden in (True, False):
        async with store.transaction() as tx:
            await set_hidden(tx, TEAM, "U1", is_hidden=is_hidden, now=clock())
        await mirror.catch_up()
        kept.append(len(mirror.users))

    assert ([0, 1], 3) == (kept, mirror.begun)


async def test_statuses_that_come_and_go_for_days_make_nobody_start_again(
    mirror: Mirror, slack: Slack, store: Store, clock: Clock
) -> None:
    await slack.says("U1", real_name="Ada", status_text="")
    await mirror.begin()
    for text in ("lunch", "", "dentist"):
        clock.passes(hours=5)
        await slack.says("U1", status_text=text)
        await prune(store, now=clock(), history_keep=YEAR)
    await mirror.catch_up()

    assert 1 == mirror.begun


async def test_a_change_is_told_with_its_values_and_a_status_never(
    mirror: Mirror, client: httpx.AsyncClient, slack: Slack, clock: Clock
) -> None:
    position = (await client.get("/api/v1/changes")).json()["position"]
    await slack.says("U1", real_name="Ada", status_text="secret lunch")
    clock.passes(seconds=1)
    await slack.says("U1", real_name="Bea", status_text="secret dentist")
    clock.passes(seconds=1)
    await slack.says("U1", status_text="secret walk")

    answer = await client.get("/api/v1/changes", params={"after": position})
    first, second = answer.json()["changes"]

    assert "secret" not in answer.text
    assert ("joined", {}) == (first["kind"], first["before"])
    expected = {
        "kind": "changed", "team_id": TEAM, "user_id": "U1", "rev": 2, "seq": 0, "at": "2026-11-23T16:42:01Z",
        "source": "event", "fields": ["real_name"], "before": {"real_name": "Ada"}, "after": {"real_name": "Bea"},
    }  # fmt: skip
    assert expected == second
    assert not answer.json()["has_more"]


async def test_without_a_position_one_begins_now(mirror: Mirror, client: httpx.AsyncClient, slack: Slack) -> None:
    await slack.says("U1", real_name="Ada")

    told = (await client.get("/api/v1/changes")).json()

    assert ([], False) == (told["changes"], told["has_more"])
    assert [] == (await client.get("/api/v1/changes", params={"after": told["position"]})).json()["changes"]
