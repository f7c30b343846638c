"""When runs begin: after the first hello, after a gap, by the clock, or when asked; one at a time."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog

from bot.runs.claim import AlreadyRunning, Order
from bot.runs.halt import RunCancelled
from bot.runs.patience import PassFailed
from bot.runs.progress import Progress
from bot.runs.runner import Finished, Runner
from bot.runs.ticket import Ticket
from bot.runs.words import spent
from db import Store
from db.errors import StoreError
from db.records import Run, RunState

log = structlog.get_logger(__name__)


_KEPT = "Nobody was marked as missing for it, what was read stays, and it is tried again by itself."


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often runs come, in seconds."""

    every_s: float = 6 * 3600
    """Between two reconciles, give or take a tenth by chance."""
    rest_s: float = 10
    """Before a run for a gap: a gap that keeps opening must not become a storm of calls."""
    retry_s: float = 60
    """After a run that failed; the next pauses are twice as long each, but for a database that is away."""
    longest_retry_s: float = 3600
    look_again_s: float = 5
    """While another process is at it; and how often it is looked whether one has been."""
    hello_s: float = 30
    """How long the first run waits for a connection; people are read without one rather than not at all."""


class Schedule:
    """Makes runs, one after the other, until cancelled."""

    def __init__(
        self,
        runner: Runner,
        store: Store,
        *,
        team_id: Callable[[], Awaitable[str]],
        not_ready: Callable[[], str | None],
        on_ended: Callable[[Finished], Awaitable[None]],
        on_seen: Callable[[], Awaitable[None]],
        rhythm: Rhythm,
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._runner = runner
        self._store = store
        self._team_id = team_id
        self._not_ready = not_ready
        self._on_ended = on_ended
        self._on_seen = on_seen
        self._rhythm = rhythm
        self._monotonic = monotonic
        self._chance = chance
        self._changed = asyncio.Event()
        self._gap: str | None = None
        self._waiting: list[Ticket] = []
        self._current: Ticket | None = None
        self._not_before = 0.0
        self._slack_waits_until = 0.0
        self._due_at = 0.0
        self._failures = 0
        self._is_over = False
        self.last: Run | None = None
        """The last run that ended, here or in another process; None before the first look."""
        self.last_state: RunState | None = None
        """How the last one came out; None before the first look."""
        self.last_read: Run | None = None
        """The last one of this process that had read everybody."""
        self.finished = 0
        """Runs that came to an end since the start, done or held."""
        self.trouble: str | None = None
        """Why the last run failed, was held, or marked nobody; a sentence."""

    @property
    def progress(self) -> Progress | None:
        """Of the run under way; None between runs."""
        return self._current.progress if self._current else None

    @property
    def ticket(self) -> Ticket | None:
        """The run under way, else the next that somebody waits for; None between runs."""
        return self._current or next(iter(self._waiting), None)

    @property
    def next_reconcile_in_s(self) -> float:
        """How long until people are read again by themselves, as far as is known now; seconds."""
        now = self._monotonic()
        begins_at = self._not_before if self._gap else max(self._due_at, self._not_before)
        return max(0.0, begins_at - now, self._slack_left_s)

    @property
    def next_in_s(self) -> float:
        """How long until a run may begin by itself at the earliest; seconds."""
        return max(0.0, self._not_before - self._monotonic(), self._slack_left_s)

    @property
    def _slack_left_s(self) -> float:
        return max(0.0, self._slack_waits_until - self._monotonic())

    def want_again(self, reason: str) -> None:
        """Ask for a run because Slack is back: what had failed before may work now, so no long pause holds it up."""
        self._failures = 0
        self._not_before = min(self._not_before, self._monotonic() + self._rhythm.rest_s)
        self.want(reason)

    def want(self, reason: str) -> None:
        """Ask for a run that closes a gap; one under way began too early for it, so another follows."""
        if self._gap is None:
            log.info("people will be read again", reason=reason)
        self._gap = reason
        self._changed.set()

    def ask(self, *, asked_by: str | None = None, is_confirmed: bool = False) -> tuple[Ticket, bool]:
        """Ask for a resync now; tell its ticket, and whether it is a new one rather than the run under way.

        Its end is cancelled where no run comes to an end any more: the service is closing.
        """
        order = Order(is_asked=True, asked_by=asked_by, is_confirmed=is_confirmed)
        if self._current is not None:
            self._current.joined = self._current.joined or replace(order, is_confirmed=False)
            return self._current, False
        if self._waiting and not is_confirmed:
            return self._waiting[0], False
        ticket = Ticket(order)
        if self._is_over:
            ticket.ended.cancel()
            return ticket, True
        words = self._not_ready()
        if not words and (left_s := self._slack_left_s):
            words = f"Slack asks to be left alone for {spent(left_s)} more."
        if words:  # who knows how long: whoever asks is told, rather than kept waiting
            ticket.ended.set_exception(PassFailed(words))
            return ticket, True
        self._waiting.append(ticket)
        self._changed.set()
        return ticket, True

    def cancel(self, ticket_id: str, *, by: str) -> Ticket | None:
        """Let a run end early, at the next point where nothing is half done; None where it has ended already."""
        if self._current is not None and self._current.ticket_id == ticket_id:
            self._current.halt.wish(by)
            return self._current
        ticket = next((each for each in self._waiting if each.ticket_id == ticket_id), None)
        if ticket is not None:
            self._waiting.remove(ticket)
            ticket.ended.set_exception(RunCancelled(by))
        return ticket

    async def run(self) -> None:
        """Make runs until cancelled."""
        try:
            await self._go_on()
            while True:
                await self._make(await self._next())
        finally:
            self._is_over = True
            for ticket in self._waiting:
                ticket.ended.cancel()

    async def _go_on(self) -> None:
        """Begin: end what an earlier process left in the middle at once; else wait a while for the first hello."""
        self._plan()
        await self._look_for_others()
        if await self._was_left():
            self._gap = self._gap or "an earlier run was cut short"
            return
        self._due_at = min(self._due_at, self._monotonic() + self._rhythm.hello_s)

    async def _was_left(self) -> bool:
        team_id = await self._team_id()
        try:
            async with self._store.reading() as rx:
                return await rx.runs.find_running(team_id) is not None
        except StoreError:
            return False

    def _plan(self) -> None:
        """Plan the next reconcile, give or take a tenth, so that many services do not all come at once."""
        self._due_at = self._monotonic() + self._rhythm.every_s * (0.9 + self._chance() / 5)

    async def _next(self) -> Ticket:
        """Wait until a run is due, and tell for whom."""
        while True:
            if self._waiting:
                return self._waiting.pop(0)
            now = self._monotonic()
            begins_at = max(self._not_before, self._slack_waits_until, 0.0 if self._gap else self._due_at)
            if begins_at <= now:
                self._gap = None
                return Ticket(Order())
            self._changed.clear()
            try:
                async with asyncio.timeout(min(begins_at - now, self._rhythm.look_again_s)):
                    await self._changed.wait()
            except TimeoutError:
                await self._look_for_others()

    async def _look_for_others(self) -> None:
        """Learn of a run that another process has ended since ours: its outcome is the newest word."""
        try:
            async with self._store.reading() as rx:
                last = await rx.runs.find_last_ended(await self._team_id())
        except StoreError:
            return
        if last is None or (self.last is not None and last.run_id <= self.last.run_id):
            return
        is_first_look, self.last = self.last is None, last
        if is_first_look and self.last_state is not None:  # what came of a run of ours is newer than any that had ended
            return
        if last.cancelled_by:  # somebody wanted that; how the service stands is as it was before
            return
        self.last_state = last.state
        self.trouble = _failed(last.reason or "") if last.state is RunState.FAILED else last.reason
        if not is_first_look and last.state is not RunState.FAILED:
            self._plan()
            with suppress(StoreError):
                await self._on_seen()

    async def _make(self, ticket: Ticket) -> None:
        self._current = ticket
        try:
            # One token lists one workspace, whatever `team_id` it is asked for.
            team_id = await self._team_id()
            finished = await self._runner.run(team_id, ticket.order, on_start=self._show, halt=ticket.halt)
            asked = ticket.order if ticket.order.is_asked else ticket.joined
            if finished.is_resumed and asked:  # it began before it was asked for
                finished = await self._runner.run(team_id, asked, on_start=self._show, halt=ticket.halt)
        except AlreadyRunning as error:
            self._put_off(ticket, error, 0 if ticket.order.is_asked else self._rhythm.look_again_s)
        except RunCancelled as error:
            self._call_off(ticket, error)
        except (PassFailed, StoreError) as error:
            self._fail(ticket, error)
        else:
            await self._finish(ticket, finished)
        finally:
            self._current = None
            ticket.ended.cancel()  # only where it was cut short; an end that was told stays

    def _show(self, progress: Progress) -> None:
        if self._current is not None:
            self._current.progress = progress

    async def _finish(self, ticket: Ticket, finished: Finished) -> None:
        self._failures = 0
        self._not_before = self._monotonic() + self._rhythm.rest_s
        self._plan()
        self.trouble = finished.run.reason
        self.last = self.last_read = finished.run
        self.last_state = finished.run.state
        if finished.is_resumed:
            self.want("the run that just ended had begun before this process")
        ticket.ended.set_result(finished)
        self._current = None  # whoever asks from now on asks for another run
        await self._on_ended(finished)
        self.finished += 1

    def _call_off(self, ticket: Ticket, error: RunCancelled) -> None:
        """End a cancelled run for good: not tried again at once, but what it was to close stays open for long."""
        now, pause_s = self._monotonic(), min(self._rhythm.longest_retry_s, self._rhythm.every_s)
        self._not_before = max(self._not_before, now + self._rhythm.rest_s)
        self._due_at = max(self._due_at, now + pause_s) if ticket.order.is_asked else now + pause_s
        self.last = error.run or self.last
        ticket.ended.set_exception(error)

    def _fail(self, ticket: Ticket, error: PassFailed | StoreError) -> None:
        pause_s = min(self._rhythm.retry_s * 2**self._failures, self._rhythm.longest_retry_s)
        if isinstance(error, StoreError):
            pause_s = self._rhythm.retry_s  # it costs Slack nothing, and events that nobody acked wait for it
        elif not ticket.order.is_asked:  # whoever asks and asks must not put off what comes by itself
            self._failures = min(self._failures + 1, 20)
        if isinstance(error, PassFailed):
            self._slack_waits_until = self._monotonic() + error.not_before_s
        self.trouble, self.last_state = _trouble_of(error), RunState.FAILED
        log.warning("a run failed", reason=str(error), again_in_s=None if ticket.order.is_asked else pause_s)
        self._put_off(ticket, error, pause_s)

    def _put_off(self, ticket: Ticket, error: Exception, pause_s: float) -> None:
        if pause_s:
            is_set = ticket.order.is_asked and self._not_before > self._monotonic()
            self._not_before = self._not_before if is_set else self._monotonic() + pause_s
            self._gap = self._gap or "the last run did not come to its end"
        ticket.ended.set_exception(error)


def _trouble_of(error: PassFailed | StoreError) -> str:
    if isinstance(error, StoreError):
        return f"The last run was cut short. {error.plain} {_KEPT}"
    return _failed(str(error))


def _failed(reason: str) -> str:
    return f"The last run failed. {reason} {_KEPT}"
