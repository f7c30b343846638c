"""Runs without a service around them: over real HTTP, at no pace but their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

from bot.runs.claim import Order
from bot.runs.runner import Finished, Runner, RunPace
from bot.simulator import Simulator
from bot.slack import SlackClock, make_client, open_session
from db import Store
from db.records import Run, State, User, Workspace

ALWAYS_THERE = 2
"""Slackbot and our own bot are in every list."""
CLOCKS: WeakKeyDictionary[Simulator, SlackClock] = WeakKeyDictionary()
"""One for all runs of a test, as in one process: told by whole seconds, two may differ by nearly one."""


@asynccontextmanager
async def a_runner(slack: Simulator, store: Store, **options: Any) -> AsyncIterator[Runner]:
    """A runner over real HTTP, at no pace but its own."""
    async with open_session() as session:
        clock = CLOCKS.setdefault(slack, SlackClock())
        client = make_client(token=slack.bot_token, api_url=slack.api_url, proxy=None, session=session, clock=clock)
        await client.auth_test()  # as every process does first; from then on it tells Slack's time
        async with store.transaction() as tx:
            await tx.workspaces.save_workspace(Workspace(slack.team_id, bot_user_id="U0BOT"))
        pace = RunPace(lists_a_minute=10_000, asks_a_minute=10_000, first_pause_s=0.01)
        options = {"clock": lambda: datetime.now(UTC), "verb": "test", "pace": pace} | options
        yield Runner(store, client, **options)


async def a_run(slack: Simulator, store: Store, order: Order | None = None, **options: Any) -> Finished:
    """Make one run."""
    async with a_runner(slack, store, **options) as runner:
        return await runner.run(slack.team_id, order or Order(), on_start=lambda _: None)


async def users_of(store: Store, slack: Simulator) -> dict[str, User]:
    ids = [user["id"] for user in slack.users()]
    async with store.reading() as rx:
        return await rx.users.find_users(slack.team_id, ids)


async def state_of(store: Store, slack: Simulator, user_id: str) -> State:
    async with store.reading() as rx:
        user = await rx.users.find_user(slack.team_id, user_id)
    assert user is not None
    return user.state


async def rev_of(store: Store, slack: Simulator) -> int:
    async with store.reading() as rx:
        workspace = await rx.workspaces.find_workspace(slack.team_id)
    assert workspace is not None
    return workspace.rev


async def last_run(store: Store, slack: Simulator) -> Run | None:
    async with store.reading() as rx:
        return await rx.runs.find_last_ended(slack.team_id)
