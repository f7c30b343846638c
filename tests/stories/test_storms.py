"""Promise 5 in a storm: events by the hundred, most of them noise, and only real changes are written as changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.service import Service
from bot.simulator import Simulator
from db.records import SLACK_FIELDS
from tests.support.storm import HUDDLE, Books, Storm, check_acks, check_rows, check_writes, crowd
from tests.support.waiting import eventually

FIELDS = ", ".join((*SLACK_FIELDS, "kind", "state", "sort_key", "search_text", "rev", "changed_at"))
Start = Callable[..., Any]


async def storm_over(slack: Simulator, start: Start, tmp_path: Path, *, people: int) -> tuple[Storm, Books]:
    """Have a service know so many people, and count what it writes from now on."""
    storm = Storm(slack, crowd(slack, people), seed=7)
    service: Service = await start()
    await eventually(lambda: service.runs.finished, within_s=20, of="the first run")
    books = Books(tmp_path / "usersync.sqlite3")
    books.count_writes()
    return storm, books


async def test_a_storm_is_acked_whole_and_only_real_changes_are_written_as_changes(
    slack: Simulator, start: Start, tmp_path: Path
) -> None:
    storm, books = await storm_over(slack, start, tmp_path, people=100)

    await storm.rages(1_500, window=1_000)

    check_acks(slack)
    check_rows(storm, books)
    check_writes(storm, books)


async def test_a_storm_of_noise_alone_moves_nothing_but_watermarks(
    slack: Simulator, start: Start, tmp_path: Path
) -> None:
    storm, books = await storm_over(slack, start, tmp_path, people=3)
    before = books.rows(f"SELECT {FIELDS} FROM users ORDER BY id")
    rings = books.number("SELECT rev FROM workspaces")

    for _ in range(100):
        for user in storm.people:
            for huddle in HUDDLE:
                slack.changes(user, **huddle)
    await slack.eventually_acked(timeout=20)

    assert before == books.rows(f"SELECT {FIELDS} FROM users ORDER BY id")
    assert rings == books.number("SELECT rev FROM workspaces")
    assert 0 == books.number("SELECT count(*) FROM changes WHERE user_id IS NOT NULL")
    assert 0 == books.number("SELECT count(*) FROM storm_index_writes")
    assert 3 <= books.number("SELECT count(*) FROM storm_writes") <= 600
