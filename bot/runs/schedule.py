"""When runs begin: after the first hello, after a gap, by the clock, or when asked; one at a time."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import structlog

from bot.runs.claim import AlreadyRunning, Order, was_given_up
from bot.runs.gap import Gap, rest_left_s
from bot.runs.halt import RunCancelled
from bot.runs.maker import Maker
from bot.runs.others import Seen, ask_to_cancel, look
from bot.runs.patience import PassFailed
from bot.runs.pauses import Pauses, Rhythm
from bot.runs.progress import Progress, progress_of
from bot.runs.runner import Finished, Runner
from bot.runs.ticket import Ticket
from bot.runs.words import spent
from db import Store
from db.errors import StoreError
from db.records import Run, RunKind, RunState

log = structlog.get_logger(__name__)

__all__ = ["Rhythm", "Schedule"]

_KEPT = "Nobody was marked as missing for it, what was read stays, and it is tried again by itself."


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
        slack_now_s: Callable[[], float] = time.time,
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
        self._slack_now_s = slack_now_s
        self._monotonic = monotonic
        self._maker = Maker(runner, store, look_again_s=rhythm.look_again_s, on_followed=self._look_soon)
        self._pauses = Pauses(rhythm, monotonic=monotonic, chance=chance)
        self._changed = asyncio.Event()
        self._gap: Gap | None = None
        self._closing: Gap | None = None
        """The gap for which the run under way was begun."""
        self._seen: Seen | None = None
        """What other processes did at the last look."""
        self._look_at = 0.0
        self._tries_claim = False
        """Whether a claim is tried although its holder was heard of a moment ago."""
        self._newest_read = 0
        self._waiting: list[Ticket] = []
        self._current: Ticket | None = None
        self._is_over = False
        self.last: Run | None = None
        """The last run that ended, here or in another process; None before the first look."""
        self.last_state: RunState | None = None
        """How the last one came out; None before the first look."""
        self.last_read: Run | None = None
        """The last one since the start that had read everybody, here or in another process."""
        self.finished = 0
        """Runs that came to an end since the start, done or held."""
        self.trouble: str | None = None
        """Why the last run failed, was held, or marked nobody; a sentence."""

    @property
    def progress(self) -> Progress | None:
        """Of the run under way, here or in another process; None between runs."""
        if self._current is not None:
            return self._current.progress
        run = self._elsewhere
        return progress_of(run) if run else None

    @property
    def ticket(self) -> Ticket | None:
        """The run under way, else the next that somebody waits for; None between runs."""
        ticket = self._current or next(iter(self._waiting), None)
        if ticket is None and (run := self._elsewhere):
            ticket = Ticket(Order())
            ticket.follow(run)
        return ticket

    @property
    def _elsewhere(self) -> Run | None:
        return self._seen.elsewhere if self._seen else None

    @property
    def next_reconcile_in_s(self) -> float:
        """How long until people are read again by themselves, as far as is known now; seconds."""
        return max(0.0, self._pauses.begins_at(has_gap=self._gap is not None) - self._monotonic())

    @property
    def next_in_s(self) -> float:
        """How long until a run may begin by itself at the earliest; seconds."""
        return self._pauses.left_s

    def want_again(self, reason: str) -> None:
        """Ask for a run because Slack is back: what had failed before may work now, so no long pause holds it up."""
        self._pauses.shorten()
        self.want(reason)

    def want(self, reason: str) -> None:
        """Ask for a run that closes a gap; one under way began too early for it, so another follows.

        A later one of another process closes it as well.
        """
        if self._gap is None:
            log.info("people will be read again", reason=reason)
        self._gap = Gap(reason, self._slack_now_s())
        self._changed.set()

    def want_in_turn(self, reason: str) -> None:
        """Ask for a run that every process asks for within seconds: it rests first, and then one closes the gap of all.

        Whoever comes first begins later than the last of them has asked.
        """
        self._pauses.rest(self._rhythm.rest_s)
        self.want(reason)

    def ask(self, *, asked_by: str | None = None, is_confirmed: bool = False) -> tuple[Ticket, bool]:
        """Ask for a resync now; tell its ticket, and whether it is a new one rather than the run under way.

        One that another process is at is followed in place of one of our own, unless it is to be confirmed.
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
        if not words and (left_s := self._pauses.slack_left_s):
            words = f"Slack asks to be left alone for {spent(left_s)} more."
        if words:  # who knows how long: whoever asks is told, rather than kept waiting
            ticket.ended.set_exception(PassFailed(words))
            return ticket, True
        if (run := self._elsewhere) and not is_confirmed:
            ticket.follow(run)
        self._waiting.append(ticket)
        self._changed.set()
        return ticket, ticket.elsewhere is None

    def cancel(self, ticket_id: str, *, by: str) -> Ticket | None:
        """Let a run end early, at the next point where nothing is half done; None where none of ours is meant."""
        if self._current is not None and self._current.halt.is_of(ticket_id):
            self._current.halt.wish(by)
            return self._current
        ticket = next((each for each in self._waiting if each.halt.is_of(ticket_id)), None)
        if ticket is not None and ticket.elsewhere is not None:
            ticket.halt.wish(by)
        elif ticket is not None:
            self._waiting.remove(ticket)
            ticket.ended.set_exception(RunCancelled(by))
        return ticket

    async def cancel_elsewhere(self, ticket_id: str, *, team_id: str, by: str) -> bool:
        """Let a run of another process end early; False where none is under way that the button means.

        Raises StoreError.
        """
        return await ask_to_cancel(self._store, team_id, by=by, ticket_id=ticket_id)

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
        self._pauses.plan()
        await self._look_for_others()
        self._tries_claim = bool(self._seen and self._seen.running)  # on a file only its lock tells who is at it
        self._pauses.begin()

    async def _next(self) -> Ticket:
        """Wait until a run is due, and tell for whom."""
        while True:
            self._changed.clear()
            if self._waiting:
                return self._waiting.pop(0)
            now = self._monotonic()
            if self._begins_at <= now or self._look_at <= now:  # what is due may have been done elsewhere
                await self._look_for_others()
            if self._begins_at <= self._monotonic() and not self._waiting:
                self._closing, self._gap, self._tries_claim = self._gap, None, False
                return Ticket(Order())
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, min(self._begins_at, self._look_at) - self._monotonic())):
                    await self._changed.wait()

    @property
    def _begins_at(self) -> float:
        """When a run begins by itself, as far as is known now."""
        if self._seen and (self._seen.is_left or (self._seen.running and self._tries_claim)):
            return self._pauses.goes_on_at
        if self._elsewhere:
            return math.inf
        return self._pauses.begins_at(has_gap=self._gap is not None)

    async def _look_for_others(self) -> None:
        """Learn what another process does, and of a run that it has ended since ours: that is the newest word."""
        self._look_at = self._monotonic() + self._rhythm.look_again_s
        try:
            seen = await look(self._store, await self._team_id(), instance=self._runner.instance)
        except StoreError:
            return
        is_first_look, self._seen = self._seen is None, seen
        self._learn_who_was_read(seen.last_read, is_first_look=is_first_look)
        last = seen.last_ended
        if last is None or (self.last is not None and last.run_id <= self.last.run_id):
            return
        is_news, self.last = self.last is not None, last
        if not is_news and self.last_state is not None:  # what came of a run of ours is newer than any that had ended
            return
        await self._learn_the_end(last, is_first_look=is_first_look)

    def _learn_who_was_read(self, run: Run | None, *, is_first_look: bool) -> None:
        """Close our gap where another process has read everybody since; where it has not, it rests like all runs."""
        if run is None or run.run_id <= self._newest_read:
            return
        self._newest_read = run.run_id
        self._pauses.rest(rest_left_s(run, slack_now_s=self._slack_now_s(), rest_s=self._rhythm.rest_s))
        is_closed = self._gap is not None and self._gap.is_closed_by(run)
        if is_closed:
            log.info("another process has read everybody meanwhile", run=run.run_id)
            self._gap = None
        if is_closed or not is_first_look:
            self.last_read = run

    async def _learn_the_end(self, run: Run, *, is_first_look: bool) -> None:
        if run.cancelled_by:  # somebody wanted that; how the service stands is as it was before
            if not is_first_look and run.instance != self._runner.instance:
                self._wait_as_wished(run)
            return
        if was_given_up(run):  # whoever did has begun another
            return
        self.last_state = run.state
        self.trouble = _failed(run.reason or "") if run.state is RunState.FAILED else run.reason
        if is_first_look or run.instance == self._runner.instance:
            return
        if run.state is RunState.FAILED:
            self._pauses.note_failed(is_asked=run.kind is RunKind.RESYNC)
            self._gap = self._gap or Gap("a run of another process failed", self._slack_now_s())  # it may end by then
            return
        self._pauses.note_done(is_ours=False)
        with suppress(StoreError):
            await self._on_seen()

    def _wait_as_wished(self, run: Run) -> None:
        """What a run was to close that somebody cancelled elsewhere stays open for long."""
        is_put_off = self._gap is not None and (run.since is None or self._gap.at_s * 1_000_000 <= run.since)
        self._gap = None if is_put_off else self._gap
        self._pauses.note_cancelled(is_put_off=is_put_off)

    async def _make(self, ticket: Ticket) -> None:
        self._current = ticket
        try:
            # One token lists one workspace, whatever `team_id` it is asked for.
            if finished := await self._maker.make(ticket, await self._team_id()):
                await self._finish(ticket, finished)
        except AlreadyRunning as error:
            self._leave_it(ticket, error)
        except RunCancelled as error:
            self._call_off(ticket, error)
        except (PassFailed, StoreError) as error:
            self._fail(ticket, error)
        finally:
            self._current = self._closing = None
            ticket.ended.cancel()  # only where it was cut short; an end that was told stays

    def _look_soon(self) -> None:
        self._look_at = 0.0

    async def _finish(self, ticket: Ticket, finished: Finished) -> None:
        self._pauses.note_done(is_ours=True)
        self.trouble = finished.run.reason
        self.last = self.last_read = finished.run
        self._newest_read = finished.run.run_id
        self.last_state = finished.run.state
        if finished.is_resumed:
            self.want("the run that just ended had begun before this process")
        ticket.ended.set_result(finished)
        self._current = None  # whoever asks from now on asks for another run
        await self._on_ended(finished)
        self.finished += 1

    def _call_off(self, ticket: Ticket, error: RunCancelled) -> None:
        """End a cancelled run for good: not tried again at once, but what it was to close stays open for long."""
        self._pauses.note_cancelled(is_put_off=not ticket.order.is_asked)
        self.last = error.run or self.last
        ticket.ended.set_exception(error)

    def _fail(self, ticket: Ticket, error: PassFailed | StoreError) -> None:
        is_asked = ticket.order.is_asked
        if isinstance(error, PassFailed):
            pause_s = self._pauses.note_failed(is_asked=is_asked)
            self._pauses.leave_slack_alone(error.not_before_s)
        else:  # events that nobody acked wait for it
            pause_s = self._pauses.note_cut_short(is_asked=is_asked)
        self.trouble, self.last_state = _trouble_of(error), RunState.FAILED
        log.warning("a run failed", reason=str(error), again_in_s=None if is_asked else pause_s)
        self._gap = self._gap or self._closing or Gap("the last run did not come to its end", self._slack_now_s())
        ticket.ended.set_exception(error)

    def _leave_it(self, ticket: Ticket, error: AlreadyRunning) -> None:
        """Leave a run to whoever is at it; what ours was to close stays open until it is known what came of it."""
        self._gap = self._gap or self._closing
        self._pauses.leave(self._rhythm.look_again_s, is_asked=ticket.order.is_asked)
        self._look_soon()
        ticket.ended.set_exception(error)


def _trouble_of(error: PassFailed | StoreError) -> str:
    if isinstance(error, StoreError):
        return f"The last run was cut short. {error.plain} {_KEPT}"
    return _failed(str(error))


def _failed(reason: str) -> str:
    return f"The last run failed. {reason} {_KEPT}"
