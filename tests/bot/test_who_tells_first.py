"""While no database can say what others tell, the first of several tells, and each later one waits longer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.alerts import Alerts
from bot.blocks.notices import Notice
from bot.channels import Channels
from bot.places import Places
from bot.runs.runner import instance_name
from bot.slack import SlackClient
from bot.telling.steps import Manners
from bot.telling.teller import Teller
from bot.troubles import Signs
from db import Store
from db.posting import Purpose
from db.records import AlertKind, RunState
from tests.support.away import take_away

NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
WELL = Signs(now=NOW, last_run=RunState.DONE)
AWAY = replace(WELL, database_trouble="It is away.", database_away_since=NOW)


class Wall:
    """A place where nothing is edited; it notes what it was told."""

    key = ("", "address 1")
    is_editable = False
    is_deaf = False

    def __init__(self) -> None:
        self.told: list[str] = []

    async def post(self, notice: Notice) -> str | None:
        self.told.append(notice.title)
        return None

    async def edit(self, ts: str | None, notice: Notice) -> None:  # noqa: ARG002 - nothing can be edited there
        self.told.append(notice.title)

    async def post_too_many(self, most: int) -> None:
        self.told.append(f"more than {most}")


class Process:
    """One of several, as its alerts and its teller see the world; each look is a minute after the last."""

    def __init__(self, store: Store, rank: int) -> None:
        self.signs = AWAY
        self.now = NOW
        self.wall = Wall()
        self.alerts = Alerts(store, signs=self._read, instance=instance_name("a test"))
        channels = Channels(SlackClient())
        self._teller = Teller(
            store,
            self.alerts,
            channels,
            Places(store, channels, preset={}).of(Purpose.ALERTS),
            [self.wall],
            team_id=lambda: "",
            is_token_bad=lambda: False,
            is_memory_away=lambda: self.signs.database_away_since is not None,
            clock=lambda: self.now,
            base="",
            manners=Manners(),
            look_every_s=3_600,
            rank=lambda: rank,
        )

    async def _read(self) -> Signs:
        return replace(self.signs, now=self.now)

    async def looks(self, *, minutes: int) -> None:
        for _ in range(minutes):
            self.now += timedelta(minutes=1)
            await self.alerts.look()
            await self._teller.look()


@pytest.fixture
async def away(tmp_path: Path) -> AsyncIterator[tuple[Store, Callable[[], None]]]:
    """A store whose database is away, and what brings it back."""
    file = tmp_path / "usersync.sqlite3"
    store = await Store.open(f"sqlite:///{file}")
    await store.close()
    yield store, take_away(file)
    await store.close()


@pytest.mark.parametrize("signs", [AWAY, replace(AWAY, not_committed=True)])
@pytest.mark.parametrize(("rank", "at_minute"), [(0, 1), (1, 11), (2, 21)])
async def test_each_waits_ten_minutes_more_than_the_one_before_it(
    away: tuple[Store, Callable[[], None]], rank: int, at_minute: int, signs: Signs
) -> None:
    store, _ = away
    process = Process(store, rank)
    process.signs = signs
    await process.looks(minutes=at_minute - 1)
    assert [] == process.wall.told

    await process.looks(minutes=2)
    assert ["The database is away"] == process.wall.told


async def test_once_the_database_is_back_nobody_repeats_what_the_first_one_told(
    away: tuple[Store, Callable[[], None]],
) -> None:
    store, give_back = away
    first, second = Process(store, 0), Process(store, 1)
    for each in (first, second):
        await each.looks(minutes=5)
        each.signs = WELL
    give_back()
    for each in (first, second):
        await each.looks(minutes=30)

    assert ["The database is away", "Resolved after 6 minutes: The database is away"] == first.wall.told
    assert [] == second.wall.told


async def test_what_the_table_can_say_is_not_held_up_by_the_rank(store: Store) -> None:
    process = Process(store, 2)
    process.signs = replace(WELL, rejected="Refused.")
    await process.looks(minutes=3)

    assert ["Slack refuses a token"] == process.wall.told
    assert [AlertKind.TOKEN] == [each.kind for each in process.alerts.own]
