"""The database goes away again and again, in every way, under a stream of events: none that was acked is lost."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.simulator import Simulator
from tests.support.disks import Disk, a_disk_that_fails
from tests.support.lines import Line, a_line
from tests.support.outages import an_eager_slack, done
from tests.support.postgres import PostgresServer
from tests.support.program import Program, running, serve_environment
from tests.support.waiting import eventually
from tests.torture.conftest import Figure

LASTS_S = 75
"""How long the outages go on, for one engine."""
SEED = 20261123
Do = Callable[[], Awaitable[Any] | Any]


@dataclass
class Watch:
    """Looks at /readyz all the time, and notes how late it says that the database went, and came back."""

    url: str
    is_ready: bool = True
    last_words: str = ""
    told_after_s: list[float] = field(default_factory=list)
    back_after_s: list[float] = field(default_factory=list)

    async def run(self) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            while True:
                answer = await client.get(f"{self.url}readyz")
                self.is_ready, self.last_words = answer.status_code == 200, answer.text
                await asyncio.sleep(0.02)

    async def sees(self, *, ready: bool, since: float, within_s: float) -> None:
        """Wait until it says so, and note how long that took."""
        try:
            await eventually(lambda: self.is_ready == ready, within_s=within_s, of=f"/readyz ({ready})")
        except AssertionError:
            raise AssertionError(f"/readyz did not say {ready} within {within_s} s: {self.last_words}") from None
        (self.back_after_s if ready else self.told_after_s).append(time.monotonic() - since)


async def stream(slack: Simulator, joined: dict[str, str], chance: random.Random) -> None:
    """Let people join, a few at a time, without an end."""
    while True:
        for _ in range(chance.randint(1, 8)):
            user = slack.joins(f"Ada {len(joined)}")
            joined[slack.envelopes[-1].key] = user.id
        await asyncio.sleep(chance.uniform(0.02, 0.3))


@contextlib.asynccontextmanager
async def beside(*work: Any) -> AsyncIterator[None]:
    """Do work beside the block; an error of it is the block's."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        yield
        for each in tasks:
            if each.done():
                each.result()
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def torment(
    slack: Simulator, program: Program, faults: dict[str, tuple[Do, Do]], figure: Figure, of: str
) -> set[str]:
    """Let outages come and go under a stream of events; returns the ids of all whose event was acked."""
    chance = random.Random(SEED)
    joined: dict[str, str] = {}
    watch = Watch(re.search(r"http://[\w.:]+/", program.output)[0])  # type: ignore[index]
    ends_at, outages = time.monotonic() + LASTS_S, 0
    async with beside(watch.run(), stream(slack, joined, chance)):
        while time.monotonic() < ends_at:
            for name in chance.sample(sorted(faults), len(faults)):
                begin, end = faults[name]
                await done(begin())
                began = time.monotonic()
                await watch.sees(ready=False, since=began, within_s=30)
                await asyncio.sleep(chance.uniform(0, 4))
                await done(end())
                ended = time.monotonic()
                await watch.sees(ready=True, since=ended, within_s=60)
                outages += 1
                assert program.process.returncode is None, program.output[-2000:]
    await slack.eventually_acked(timeout=120)
    figure("outages", outages, of=of)
    figure("events sent", len(joined), of=of)
    figure("acked", len(slack.acked()), of=of)
    figure("deliveries of one event at most", max(slack.deliveries(each) for each in joined), of=of)
    figure("longest time until /readyz said 503", f"{max(watch.told_after_s):.1f} s", of=of)
    figure("longest time until /readyz said 200 again", f"{max(watch.back_after_s):.1f} s", of=of)
    return {joined[each] for each in slack.acked() if each in joined}


async def it_ends_well(program: Program) -> None:
    program.tell(signal.SIGTERM)
    assert 0 == await program.ended()
    assert "Traceback" not in program.output


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A pretend Slack that sends again soon."""
    async with an_eager_slack() as slack:
        yield slack


async def test_no_acked_event_is_missing_after_outages_of_sqlite(
    slack: Simulator, tmp_path: Path, figure: Figure
) -> None:
    with a_disk_that_fails(32) as disk:
        file = disk.folder / "usersync.sqlite3"
        async with running("serve", env=serve_environment(slack, f"sqlite:///{file}"), cwd=tmp_path) as program:
            await eventually(lambda: "following changes" in program.output, within_s=30, of="the first run")
            with contextlib.closing(
                sqlite3.connect(file, isolation_level=None, timeout=20, check_same_thread=False)
            ) as other:
                acked = await torment(slack, program, _faults_of_sqlite(disk, other), figure, "SQLite away")
            await it_ends_well(program)
        with contextlib.closing(sqlite3.connect(file)) as connection:
            kept = {row[0] for row in connection.execute("SELECT id FROM users")}
    figure("acked and missing", len(acked - kept), of="SQLite away")

    assert set() == acked - kept


def _faults_of_sqlite(disk: Disk, other: sqlite3.Connection) -> dict[str, tuple[Do, Do]]:
    async def hold() -> None:
        await asyncio.to_thread(other.execute, "BEGIN EXCLUSIVE")

    return {
        "held": (hold, other.rollback),
        "full": (disk.fill, disk.free),
        "refuses": (disk.refuse_writes, disk.take_writes),
    }


async def test_no_acked_event_is_missing_after_outages_of_postgresql(
    slack: Simulator, postgres: PostgresServer, tmp_path: Path, figure: Figure
) -> None:
    async with postgres.database() as name, a_line(postgres.port) as line:
        env = serve_environment(slack, postgres.url(name, port=line.port))
        async with running("serve", env=env, cwd=tmp_path) as program:
            await eventually(lambda: "following changes" in program.output, within_s=30, of="the first run")
            acked = await torment(slack, program, _faults_of_postgresql(postgres, line), figure, "PostgreSQL away")
            await it_ends_well(program)
        found = await postgres.say("SELECT coalesce(string_agg(id, ','), '') FROM users", database=name)
    kept = set(found.split(","))
    figure("acked and missing", len(acked - kept), of="PostgreSQL away")

    assert set() == acked - kept


def _faults_of_postgresql(postgres: PostgresServer, line: Line) -> dict[str, tuple[Do, Do]]:
    async def cut_and_down() -> None:
        line.cut()
        await line.down()

    return {
        "stopped": (postgres.stop, postgres.start),
        "crashed": (lambda: postgres.stop("immediate"), postgres.start),
        "read-only": (postgres.refuse_writes, lambda: postgres.refuse_writes(refuses=False)),
        "cut": (cut_and_down, line.mend),
        "silent": (line.silence, line.mend),
    }
