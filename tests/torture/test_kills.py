"""Dozens of kills on each engine, in the middle of events and of runs; TORTURE_SEED chooses other moments."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from bot.simulator import Simulator
from db.records import Run
from tests.support.killing import KILLED, Talk, ages, catch_up, cursors, killed, missing, run_left, serving
from tests.support.program import Program
from tests.support.waiting import eventually
from tests.torture.conftest import Figure

SEED = int(os.environ.get("TORTURE_SEED", "20261123"))
KILLS = 30
PEOPLE, PAGE = 240, 4
SILENCE = timedelta(seconds=16)

on_both = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
seeded = pytest.mark.parametrize("seed", [SEED])


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A pretend Slack that is quick to send again, and takes a moment for each page."""
    async with Simulator(ack_deadline=1, retry_delays=(0, 0.5, 2)) as simulator:
        simulator.page_limit = PAGE
        simulator.faults.fail("users.list", slow_seconds=0.03, times=None)
        yield simulator


@dataclass
class Toll:
    """What dozens of kills have cost."""

    kills: int = 0
    in_flight: int = 0
    """Events that a kill found sent and not yet acked."""
    missing: list[str] = field(default_factory=list)
    left: int = 0
    """Runs that a kill cut short after a checkpoint."""
    resumed: int = 0
    """Of those, how many went on from their checkpoint."""


@on_both
@seeded
async def test_no_acked_event_is_missing_after_dozens_of_kills(
    slack: Simulator, database_url: str, tmp_path: Path, seed: int, figure: Figure
) -> None:
    dice, toll = random.Random(seed), Toll()
    talk = Talk(slack, dice)
    async with talk.never_ending():
        for _ in range(KILLS):
            async with serving(slack, database_url, tmp_path) as program:
                is_up = dice.random() < 0.75
                if is_up:
                    await slack.connected(1, timeout=30)
                await kill(program, talk, toll, after_s=dice.uniform(0, 0.6 if is_up else 1.5))
            toll.missing += await missing(talk, slack, database_url)
            await ages(database_url, "heartbeat_at", by=SILENCE)
    await catch_up(slack, database_url)
    toll.missing += await missing(talk, slack, database_url)
    tell(toll, talk, slack, figure, of=f"{engine_of(database_url)}, events, seed {seed}")

    assert [] == toll.missing
    assert toll.in_flight > 0


@on_both
@seeded
async def test_every_run_goes_on_after_dozens_of_kills(
    slack: Simulator, database_url: str, tmp_path: Path, seed: int, figure: Figure
) -> None:
    dice, toll = random.Random(seed), Toll()
    talk = Talk(slack, dice)
    talk.adds(PEOPLE)
    left: Run | None = None
    async with talk.never_ending():
        for _ in range(KILLS):
            talk.goes_on_quietly(5)
            before = len(slack.calls("users.list"))
            async with serving(slack, database_url, tmp_path) as program:
                await eventually(lambda: len(slack.calls("users.list")) > before, within_s=30, of="a page asked for")  # noqa: B023
                await kill(program, talk, toll, after_s=dice.uniform(0, 0.7))
            asked = cursors(slack.calls("users.list")[before:])
            assert {1} == set(Counter(asked).values()), "a page is asked for once in a life"
            toll.resumed += left is not None and asked[0] == left.next_cursor
            left = await run_left(slack, database_url)
            left = left if left and left.checkpoint_at and not left.is_listed else None
            toll.left += left is not None
            toll.missing += await missing(talk, slack, database_url)
            await ages(database_url, "heartbeat_at", by=SILENCE)
    before = len(slack.calls("users.list"))
    await catch_up(slack, database_url)
    toll.resumed += left is not None and cursors(slack.calls("users.list")[before:])[0] == left.next_cursor
    toll.missing += await missing(talk, slack, database_url)
    tell(toll, talk, slack, figure, of=f"{engine_of(database_url)}, runs, seed {seed}")

    assert [] == toll.missing
    assert toll.left == toll.resumed
    assert toll.left > KILLS / 2


async def kill(program: Program, talk: Talk, toll: Toll, *, after_s: float) -> None:
    """Kill it in the middle of whatever it does."""
    assert KILLED == await killed(program, after_s=after_s)
    toll.kills += 1
    toll.in_flight += talk.in_flight()


def tell(toll: Toll, talk: Talk, slack: Simulator, figure: Figure, *, of: str) -> None:
    """Print the figures."""
    figure("kills survived", toll.kills, of=of)
    figure("events sent", len(talk.told), of=of)
    figure("events in flight at a kill", toll.in_flight, of=of)
    figure("events acked", len(talk.told.keys() & set(slack.acked())), of=of)
    figure("acked events missing", len(toll.missing), of=of)
    figure("runs cut short / gone on with", f"{toll.left} / {toll.resumed}", of=of)


def engine_of(url: str) -> str:
    """Name the engine of a database URL."""
    return url.partition(":")[0]
