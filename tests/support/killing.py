"""Killed at moments that a seed decides, again and again on one database, while Slack goes on; nothing may lack."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bot.service import Service
from bot.simulator import Call, Envelope, PretendUser, Simulator, State
from db import Store
from db.engine import parse_url
from db.records import Change, Position, Run, User
from db.tables import runs
from tests.conftest import QUICK, settings_for
from tests.support.program import Program, running, serve_environment
from tests.support.waiting import eventually

KILLED = -signal.SIGKILL
"""The exit code of a process that did not live to tell one."""


class Talk:
    """People who join and whose titles count up: how far a row has come can be read from it."""

    def __init__(self, slack: Simulator, dice: random.Random) -> None:
        self._slack = slack
        self._dice = dice
        self._number = 0
        self.people: list[PretendUser] = []
        self.told: dict[str, tuple[str, int]] = {}
        """By the event's id: whom it is about, and the number in their title."""

    def adds(self, people: int) -> None:
        """Let people be there of whom no event tells: only a run can find them."""
        self.people += [self._slack.adds(title=self._next()) for _ in range(people)]

    def goes_on(self, events: int) -> None:
        """Raise events at once: a few who join, and many changes, often of the same people."""
        for _ in range(events):
            title = self._next()
            if len(self.people) < 20 or self._dice.random() < 0.02:
                user = self._slack.joins(title=title)
                self.people.append(user)
            else:
                user = self._dice.choice(self.people[:20])
                self._slack.changes(user, title=title)
            self.told[self._slack.envelopes[-1].key] = (user.id, self._number)

    def goes_on_quietly(self, changes: int) -> None:
        """Change people without an event."""
        for _ in range(changes):
            self._slack.changes(self._dice.choice(self.people), title=self._next(), quietly=True)

    @asynccontextmanager
    async def never_ending(self) -> AsyncIterator[None]:
        """Raise burst after burst, each as soon as the last is settled, also while nobody listens."""
        talking = asyncio.create_task(self._never_end(), name="talk")
        try:
            yield
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)

    async def _never_end(self) -> None:
        while True:
            self.goes_on(self._dice.choice((1, 5, 40, 200)))
            await self._settled(self._slack.envelopes[-1])

    async def _settled(self, envelope: Envelope) -> None:
        await self._slack.until(lambda: envelope.is_settled, timeout=60)

    def acked(self) -> dict[str, int]:
        """Tell the newest number that was acked, by user."""
        newest: dict[str, int] = {}
        for event_id in self.told.keys() & set(self._slack.acked()):
            user_id, number = self.told[event_id]
            newest[user_id] = max(number, newest.get(user_id, 0))
        return newest

    def in_flight(self) -> int:
        """Count the events that were sent and are not acked, nor given up."""
        return sum(each.state is State.OUTSTANDING for each in self._slack.envelopes)

    def _next(self) -> str:
        self._number += 1
        return f"Grade {self._number}"


async def missing(talk: Talk, slack: Simulator, url: str) -> list[str]:
    """Name each acked event that the row is behind of, and each place where the change log does not lead to the row."""
    acked = talk.acked()  # before the rows are read: another replica may go on meanwhile
    users, log = await kept_in(slack, url)
    behind = [
        f"{user_id}: number {number} was acked, and the row says {users[user_id].title if user_id in users else None}"
        for user_id, number in acked.items()
        if user_id not in users or number_of(users[user_id].title) < number
    ]
    return behind + list(_holes(users.values(), log))


def _holes(users: Iterable[User], log: Sequence[Change]) -> Iterable[str]:
    """Read the log as its readers do: each change begins where the last one ended; a reset says to read rows anew."""
    known: dict[str, object] = {}
    for change in log:
        if change.user_id is None:
            known.clear()
        elif "title" in change.after:
            before = change.before.get("title", "")
            if known.get(change.user_id, before) != before:
                yield f"{change.user_id}: {known[change.user_id]} is followed by a change of {before}"
            known[change.user_id] = change.after["title"]
    for user in users:
        if known.get(user.id, user.title) != user.title:
            yield f"{user.id}: the log ends with {known[user.id]}, and the row says {user.title}"


def number_of(title: str | None) -> int:
    """Read the number in a title."""
    return int((title or "Grade 0").removeprefix("Grade "))


async def unlike_slack(slack: Simulator, store: Store) -> set[str]:
    """Name the users whose row is missing or has another title than Slack."""
    titles = {user["id"]: user["profile"]["title"] for user in slack.users()}
    async with store.reading() as rx:
        users = await rx.users.find_users(slack.team_id, titles)
    return {user_id for user_id, title in titles.items() if user_id not in users or users[user_id].title != title}


async def kept_in(slack: Simulator, url: str) -> tuple[dict[str, User], tuple[Change, ...]]:
    """Read rows and change log of one moment."""
    async with opened(url) as store, store.reading() as rx:
        users = await rx.users.find_users(slack.team_id, [user["id"] for user in slack.users()])
        return users, await rx.changes.list_changes(Position({}), limit=1_000_000)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    """Open the memory for a look."""
    store = await Store.open(url)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def serving(slack: Simulator, url: str, folder: Path, **more: str) -> AsyncIterator[Program]:
    """Run the program on a database; it is not waited for."""
    async with running("serve", env=serve_environment(slack, url, **more), cwd=folder) as program:
        yield program


async def killed(program: Program, *, after_s: float = 0) -> int:
    """Kill it, so many seconds from now; tell its exit code. One that ended by itself has another than `KILLED`."""
    timer = asyncio.get_running_loop().call_later(after_s, program.process.kill)
    try:
        return await program.ended(within_s=after_s + 15)
    finally:
        timer.cancel()


async def catch_up(slack: Simulator, url: str) -> None:
    """Start once more, and wait until every event is settled and every gap is closed."""
    async with Service(settings_for(slack, url), pace=QUICK) as service:
        await eventually(lambda: all(each.is_settled for each in slack.envelopes), within_s=30, of="an end of the talk")
        await eventually(lambda: _is_like_slack(slack, service.store), within_s=30, of="a table like Slack's people")


async def _is_like_slack(slack: Simulator, store: Store) -> bool:
    return not await unlike_slack(slack, store)


async def run_left(slack: Simulator, url: str) -> Run | None:
    """Find the run that a dead process has left in the middle."""
    async with opened(url) as store, store.reading() as rx:
        return await rx.runs.find_running(slack.team_id)


async def runs_of(url: str) -> tuple[Run, ...]:
    """List all runs, oldest first."""
    async with opened(url) as store, store.reading() as rx:
        return (await rx.runs.list_runs(1_000))[::-1]


async def ages(url: str, column: str, *, by: timedelta) -> None:
    """Put a time of all runs so far into the past, as if the process had been dead for as long."""
    engine = create_async_engine(parse_url(url))
    try:
        async with engine.begin() as connection:
            await connection.execute(sa.update(runs).values({column: datetime.now(UTC) - by}))
    finally:
        await engine.dispose()


def cursors(calls: Iterable[Call]) -> list[str | None]:
    """Tell the cursors that were asked for; None is the beginning."""
    return [call.args.get("cursor") for call in calls]
