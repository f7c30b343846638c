"""One run from claim to end: its row says how it went, whatever happened."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.runs.claim import Claim, Order, claimed
from bot.runs.halt import Halt, RunCancelled
from bot.runs.pacing import TIER_2, TIER_4, Pacer
from bot.runs.patience import PassFailed, Patience, Sleep
from bot.runs.progress import Progress, progress_of
from bot.runs.resync import Held, Resync
from bot.slack import SlackClient
from db import Store
from db.records import Run, RunState

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RunPace:
    """At whose pace runs call Slack."""

    lists_a_minute: int = TIER_2
    asks_a_minute: int = TIER_4
    first_pause_s: float = 1
    """Before a call is made again; the next pauses grow."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that came to its end, done or held."""

    run: Run
    is_resumed: bool
    """True where it began in another process, hence perhaps before the gap that it should close."""


class Runner:
    """Runs one after the other; Slack counts the calls of all of them together."""

    def __init__(
        self,
        store: Store,
        client: SlackClient,
        *,
        verb: str,
        clock: Callable[[], datetime],
        pace: RunPace | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._store = store
        self._client = client
        self._clock = clock
        self._sleep = sleep
        self._pace = pace or RunPace()
        self._lists = Pacer(self._pace.lists_a_minute, sleep=sleep)
        self._asks = Pacer(self._pace.asks_a_minute, sleep=sleep)
        self.instance = instance_name(verb)

    async def run(
        self, team_id: str, order: Order, *, on_start: Callable[[Progress], None], halt: Halt | None = None
    ) -> Finished:
        """Make a run, or end one that was left in the middle; `on_start` is given its live progress.

        Raises AlreadyRunning, PassFailed and RunCancelled (its row says why), StoreError (its row is left for who
        comes next).
        """
        halt = halt or Halt()
        claiming = claimed(
            self._store, team_id, order, instance=self.instance, clock=self._clock, ticket_id=halt.ticket_id
        )
        async with claiming as claim:
            halt.goes_by(claim.run.ticket_id)
            progress = progress_of(claim.run)
            if claim.is_resumed:
                progress.resumed_seen, progress.resumed_at = progress.seen, self._clock()
            progress.paced, progress.paced_asks = self._lists.left_s, self._asks.left_s
            on_start(progress)
            log.info("a run begins", team_id=team_id, run=claim.run.run_id, kind=progress.kind.value)
            async with _beating(claim, halt):
                ended = await self._to_the_end(claim, progress, halt)
        return Finished(ended, claim.is_resumed)

    async def _to_the_end(self, claim: Claim, progress: Progress, halt: Halt) -> Run:
        resync = Resync(
            self._store,
            self._client,
            claim,
            progress,
            lists=self._patience(self._lists, progress),
            asks=self._patience(self._asks, progress),
            clock=self._clock,
            halt=halt,
        )
        try:
            reason = await resync.run()
        except Held as held:
            return await self._end(claim, progress, RunState.HELD, str(held), is_read=True)
        except RunCancelled as wished:
            ended = await self._end(claim, progress, RunState.FAILED, str(wished))
            raise RunCancelled(wished.by, ended) from None
        except PassFailed as failed:
            await self._end(claim, progress, RunState.FAILED, str(failed))
            raise
        return await self._end(claim, progress, RunState.DONE, reason, is_read=True)

    async def _end(
        self, claim: Claim, progress: Progress, state: RunState, reason: str | None, *, is_read: bool = False
    ) -> Run:
        run = await claim.end(state, at=self._clock(), counts=progress.counts(), reason=reason, is_read=is_read)
        log.info(
            "a run ended",
            run=run.run_id,
            kind=run.kind.value,
            state=run.state.value,
            seen=run.seen,
            drift=run.drift,
            drift_fields=dict(run.drift_fields or {}),
        )
        return run

    def _patience(self, pacer: Pacer, progress: Progress) -> Patience:
        def note(words: str) -> None:
            progress.waits = words

        return Patience(pacer, sleep=self._sleep, first_pause_s=self._pace.first_pause_s, on_wait=note)


def instance_name(verb: str) -> str:
    """Name this process for whoever finds its claim: what it does, where, and a part that no other has."""
    return f"{verb} on {socket.gethostname()[:64]}, process {os.getpid()} ({secrets.token_hex(4)})"


@asynccontextmanager
async def _beating(claim: Claim, halt: Halt) -> AsyncIterator[None]:
    beat = asyncio.create_task(claim.beat(on_wish=halt.wish), name="a run's heartbeat")
    try:
        yield
    finally:
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)
