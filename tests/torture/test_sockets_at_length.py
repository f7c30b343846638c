"""Connections cut, silenced and recycled by the dice for minutes: found out in time, and no event is missing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from bot.simulator import Simulator
from tests.support.program import running, serve_environment
from tests.support.storm import Books
from tests.support.waiting import eventually

SEED, ROUNDS, FOUND_WITHIN_S = 20_261_124, 12, 30


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A pretend Slack that sends again within seconds."""
    async with Simulator(retry_delays=(0.0, 3.0, 6.0, 9.0, 12.0, 15.0)) as simulator:
        yield simulator


async def test_connections_harmed_by_the_dice_are_found_out_and_nothing_is_missing(
    slack: Simulator, tmp_path: Path, figure: Callable[..., None]
) -> None:
    file, dice, now = tmp_path / "usersync.sqlite3", random.Random(SEED), asyncio.get_running_loop().time
    joined: list[str] = []
    found_after, replaced_after = dict.fromkeys(HARMS, 0.0), dict.fromkeys(HARMS, 0.0)
    async with (
        running("serve", env=serve_environment(slack, f"sqlite:///{file}"), cwd=tmp_path) as program,
        httpx.AsyncClient(trust_env=False, base_url=await program.url()) as client,
    ):
        for _ in range(ROUNDS):
            await eventually(lambda: tells_of(client, 2), within_s=60, of="two connections")
            harm, count, hellos, began = dice.choice(HARMS), dice.choice([1, 2]), slack.hellos, now()
            harmed = HARM[harm](slack, count)
            joined += [slack.joins().id for _ in range(10)]
            await eventually(
                lambda seen=hellos: slack.hellos > seen or tells_of(client, 0, 1),
                within_s=FOUND_WITHIN_S,
                of=f"{harmed} {harm}",
            )
            found_after[harm] = max(found_after[harm], now() - began)
            await slack.until(lambda seen=hellos + harmed: slack.hellos >= seen, timeout=90)
            replaced_after[harm] = max(replaced_after[harm], now() - began)
            await eventually(lambda: slack.sockets == slack.listening == 2, within_s=30, of="two connections again")
        await slack.eventually_acked(timeout=120)

    kept = {user_id for (user_id,) in Books(file).rows("SELECT id FROM users")}
    of = f"{ROUNDS} rounds of harm, seed {SEED}"
    for harm in HARMS:
        figure(f"longest until it was found that some were {harm} (s)", f"{found_after[harm]:.1f}", of=of)
        figure(f"longest until all that were {harm} were replaced (s)", f"{replaced_after[harm]:.1f}", of=of)
    figure("events sent", len(joined), of=of)
    figure("events missing", len(set(joined) - kept), of=of)
    assert set() == set(joined) - kept


async def tells_of(client: httpx.AsyncClient, *counts: int) -> bool:
    """Say whether the service tells of so many open connections."""
    return (await client.get("/readyz")).json()["sockets"] in counts


def cut(slack: Simulator, count: int) -> int:
    slack.drops_sockets(count)
    return count


def silence(slack: Simulator, count: int) -> int:
    slack.goes_deaf(count)
    return count


def recycle(slack: Simulator, count: int) -> int:
    slack.disconnects("refresh_requested", closes_after=5)
    return slack.listening


HARM = {"cut": cut, "silenced": silence, "recycled": recycle}
HARMS = tuple(HARM)
