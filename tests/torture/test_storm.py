"""Slack's hourly cap of events in one go, most of them noise, with the database held for a while in the middle."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.simulator import Simulator
from tests.support.locks import held
from tests.support.program import running, serve_environment
from tests.support.storm import Books, Storm, check_acks, check_rows, check_writes, crowd
from tests.support.waiting import eventually

EVENTS = 30_000
"""Slack delivers no more than this in an hour (docs.slack.dev, Rate limits)."""
PEOPLE = 1_500
ROUNDS = 3
WINDOW = 1_500
"""Unacked at a time: what a process on a busy machine still acks within three seconds."""
FLOOD = 6_000
"""More than may wait for the database, so that some are shed."""
SHED = 500
MAY_GROW_MB = 20
"""From one round to the last: what is in flight is bounded, so only the first may need more room."""
MAY_TAKE_MB = 150
"""More than at rest: 2,000 events in flight, their payloads, and what the allocator keeps."""


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A pretend Slack that remembers all of it, and sends again for as long as it takes."""
    async with Simulator(retry_delays=(0.0, *[2.0] * 30), remembered=10 * EVENTS) as simulator:
        yield simulator


class Memory:
    """The resident memory of a process, megabytes."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self.highest = 0

    def look(self) -> int:
        found = re.search(r"VmRSS:\s+(\d+) kB", self._status.read_text())
        assert found is not None
        now = int(found[1]) // 1024
        self.highest = max(self.highest, now)
        return now


async def test_an_hour_of_events_at_once_is_acked_whole_in_flat_memory(
    slack: Simulator, tmp_path: Path, figure: Callable[..., None]
) -> None:
    url, storm = f"sqlite:///{tmp_path / 'storm.sqlite3'}", Storm(slack, crowd(slack, PEOPLE), seed=20_261_123)
    books = Books(url)
    async with running("serve", env=serve_environment(slack, url), cwd=tmp_path) as program:
        await slack.connected(2, timeout=60)
        await eventually(lambda: "following changes" in program.output, within_s=60, of="the first run")
        await books.count_writes()
        memory = Memory(program.process.pid)
        idle, highest = memory.look(), []
        for number in range(1, ROUNDS + 1):
            began, of = time.monotonic(), f"round {number} of {EVENTS // ROUNDS:,} events"
            await storm.rages(EVENTS // ROUNDS - FLOOD, window=WINDOW, meanwhile=memory.look)
            figure("events a second", round((EVENTS // ROUNDS - FLOOD) / (time.monotonic() - began)), of=of)
            await flood(storm, books, memory)
            highest.append(memory.highest)
            figure("resident memory, highest so far (MB)", memory.highest, of=of)
        await eventually(lambda: memory.look() and len(slack.calls("users.list")) > 1, within_s=60, of="a reconcile")

        of = f"all {storm.raised:,} events"
        figure("resident memory before, highest, after (MB)", (idle, memory.highest, memory.look()), of=of)
        figure("acked at the first delivery", sum(len(each.deliveries) == 1 for each in slack.envelopes), of=of)
        figure("sent again, shed or late", redelivered(slack), of=of)
        figure("never acked", len(slack.unacked()), of=of)
        figure("changes, writes of fields, bare watermarks", counts(books), of=of)
        figure("longest from first delivery to ack (s)", f"{longest(slack):.2f}", of=of)
        assert highest[-1] - highest[0] <= MAY_GROW_MB
        assert highest[-1] - idle <= MAY_TAKE_MB
        check_acks(slack)
        check_rows(storm, books)
        check_writes(storm, books)


async def flood(storm: Storm, books: Books, memory: Memory) -> None:
    """Raise more at once than may wait for the database, while somebody else holds it."""
    slack, so_far = storm.slack, redelivered(storm.slack)
    async with held(books.url):
        flooding = asyncio.create_task(storm.rages(FLOOD, window=FLOOD, meanwhile=memory.look))
        await eventually(lambda: memory.look() and redelivered(slack) - so_far > SHED, within_s=60, of="envelopes shed")
    await flooding


def redelivered(slack: Simulator) -> int:
    return sum(len(each.deliveries) > 1 for each in slack.envelopes)


def counts(books: Books) -> tuple[int, int, int]:
    return (
        books.number("SELECT count(*) FROM changes WHERE user_id IS NOT NULL"),
        books.number("SELECT count(*) FROM storm_writes WHERE fields_moved"),
        books.number("SELECT count(*) FROM storm_writes WHERE NOT fields_moved"),
    )


def longest(slack: Simulator) -> float:
    """Of those that were acked at their first delivery."""
    return max(each.acks[0].at - each.deliveries[0].at for each in slack.envelopes if len(each.deliveries) == 1)


async def test_an_hour_of_events_put_at_once_without_a_pause_is_kept_whole_in_bounded_memory(
    tmp_path: Path, figure: Callable[..., None]
) -> None:
    """Slack's own tries: at once, after a minute, after five; only the pauses are shorter here."""
    async with Simulator(retry_delays=(0.0, 10.0, 30.0), remembered=10 * EVENTS) as slack:
        url, storm = f"sqlite:///{tmp_path / 'storm.sqlite3'}", Storm(slack, crowd(slack, PEOPLE), seed=20_261_124)
        books = Books(url)
        async with running("serve", env=serve_environment(slack, url), cwd=tmp_path) as program:
            await slack.connected(2, timeout=60)
            await eventually(lambda: "following changes" in program.output, within_s=60, of="the first run")
            await books.count_writes()
            memory, began = Memory(program.process.pid), time.monotonic()
            idle = memory.look()
            await storm.rages(EVENTS, window=10 * EVENTS, meanwhile=memory.look)
            took_s = time.monotonic() - began

        of = f"{storm.raised:,} events put at once"
        figure("seconds until all were acked", round(took_s), of=of)
        figure("resident memory before, highest (MB)", (idle, memory.highest), of=of)
        figure("acked at the first delivery", sum(len(each.deliveries) == 1 for each in slack.envelopes), of=of)
        figure("sent again", redelivered(slack), of=of)
        figure("given up", len(slack.unacked()), of=of)
        assert memory.highest - idle <= MAY_TAKE_MB
        check_acks(slack)
        check_rows(storm, books)
        check_writes(storm, books)
