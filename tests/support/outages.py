"""What is asked of a service while its database is away, and once it is back; the same whatever took it away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.service import Service
from bot.simulator import Simulator
from bot.simulator.crowd import PretendUser
from tests.support.waiting import eventually

QUIET = "Grace Hopper"
"""Known from the first run, so that whatever a later page says of her is the newer word."""
REDELIVERED_OFTEN = (0.2,) * 100
"""Slack waits minutes between its tries; a story cannot."""


@asynccontextmanager
async def an_eager_slack() -> AsyncIterator[Simulator]:
    """A pretend Slack that sends again soon and does not give up; somebody is in it whose change will be missed."""
    async with Simulator(retry_delays=REDELIVERED_OFTEN) as slack:
        slack.adds(QUIET)
        yield slack


@dataclass
class Outage:
    """One outage of one service's database, seen from Slack and from a browser."""

    slack: Simulator
    service: Service
    events: dict[str, str] = field(default_factory=dict)
    """User ids by the id of the event that nobody may ack."""

    @property
    def quiet(self) -> PretendUser:
        """Somebody whose change no event will tell."""
        return next(self.slack.user(each["id"]) for each in self.slack.users() if each["real_name"] == QUIET)

    async def before(self) -> None:
        """Let all be well."""
        self.slack.joins("Margaret Hamilton")
        await self.slack.eventually_acked(timeout=60)
        await eventually(self.is_ready, within_s=40, of="readiness")

    def something_happens(self) -> None:
        """Let people join, and let one change be missed for good, as when Slack gives up."""
        for number in range(3):
            user = self.slack.joins(f"Ada {number}")
            self.events[self.slack.envelopes[-1].key] = user.id
        self.slack.changes(self.quiet, title="Rear Admiral", quietly=True)

    async def is_felt(self, *, words: str, page: int, within_s: float = 40) -> httpx.Response:
        """Nothing is acked, the process lives, and everybody is told; returns the page that people see."""
        refused = self.service.ingest.tally.not_committed
        await eventually(
            lambda: self.service.ingest.tally.not_committed > refused, within_s=within_s, of="an event refused"
        )
        told = await eventually(self.reasons, within_s=within_s, of="a reason not to be ready")
        seen = await self.get("")

        assert words in told[0], told
        assert "no event is acknowledged" in told[0]
        assert set(self.events) == set(self.slack.unacked())
        assert 200 == (await self.get("healthz")).status_code
        assert page == seen.status_code
        assert "Traceback" not in seen.text
        assert not self.service.failed.done()
        return seen

    async def is_over(self, *, within_s: float = 40) -> None:
        """Whatever was sent is sent again and applied, what was missed is read, and all is well again."""
        await self.slack.eventually_acked(timeout=within_s)
        kept = await self.ids()
        await eventually(self.has_read_what_was_missed, within_s=within_s, of="a reconcile that closes the gap")
        await eventually(self.is_ready, within_s=within_s, of="readiness")

        assert set() == set(self.events.values()) - kept
        assert not self.service.failed.done()

    async def get(self, path: str) -> httpx.Response:
        """Look at a page as a browser does."""
        async with httpx.AsyncClient(trust_env=False, timeout=20, headers={"Accept": "text/html"}) as client:
            return await client.get(f"{self.service.url}{path}")

    async def reasons(self) -> list[str]:
        """Tell why it is not ready."""
        answer = await self.get("readyz")
        found: list[str] = answer.json()["reasons"]
        assert (503 if found else 200) == answer.status_code
        return found

    async def is_ready(self) -> bool:
        """Say whether all is well."""
        return not await self.reasons()

    async def ids(self) -> set[str]:
        """Read the ids of everybody who is kept."""
        async with self.service.store.reading() as rx:
            return set(await rx.users.find_users(self.slack.team_id, [user["id"] for user in self.slack.users()]))

    async def has_read_what_was_missed(self) -> bool:
        """Say whether the change that no event told of is known."""
        async with self.service.store.reading() as rx:
            user = await rx.users.find_user(self.slack.team_id, self.quiet.id)
        return user is not None and user.title == "Rear Admiral"


Do = Callable[[], Awaitable[Any] | Any]


async def outlast(outage: Outage, *, begin: Do, end: Do, words: str, page: int) -> None:
    """Go through an outage from beginning to end."""
    await outage.before()
    await done(begin())
    outage.something_happens()
    await outage.is_felt(words=words, page=page)
    await done(end())
    await outage.is_over()


async def done(work: Any) -> None:
    """Wait for work that may be over already."""
    if isinstance(work, Awaitable):
        await work
