"""Group commit: gather what arrives, commit it in one transaction, then release whoever waits.

One committer a workspace. What arrives while a commit is in flight forms the next batch, so there is no timer and an
idle service commits at once. A batch that fails fails all its waiters, so none of them is acked.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bot.commit import commit_entries
from bot.entries import Entry
from db import Store
from db.errors import StoreError
from db.records import Change

log = structlog.get_logger(__name__)

BATCH = 500
"""Entries in one transaction at most."""
TELL_EVERY_S = 10


class NotCommitted(Exception):
    """The entry is not known to be committed, so its envelope must not be acked; Slack will send it again."""


class Late(NotCommitted):
    """The commit took longer than the budget. It may still come; its redelivery then changes nothing."""


class Shed(NotCommitted):
    """More is in flight than the process should hold."""


class Unavailable(NotCommitted):
    """The database did not take it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an entry: the changes it made, or the reason for which it was put aside."""

    changes: tuple[Change, ...] = ()
    reason: str | None = None


_Waiting = tuple[Entry, asyncio.Future[Outcome]]


@dataclass(slots=True)
class Tally:
    """What ingest has done since the start, for status and metrics."""

    committed: int = 0
    put_aside: int = 0
    not_committed: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    """The same by cause: late, shed, unavailable."""
    last_commit_at: datetime | None = None


@dataclass(slots=True)
class _Committer:
    pending: list[_Waiting] = field(default_factory=list)
    writing: int = 0
    """Entries of the batch under way."""
    task: asyncio.Task[None] | None = None


class Ingest:
    """Takes entries and returns when they are committed."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime],
        on_gap: Callable[[str], None],
        budget_s: float = 2.5,
        in_flight: int = 2_000,
    ) -> None:
        self._store = store
        self._clock = clock
        self._on_gap = on_gap
        self._budget_s = budget_s
        self._limit = in_flight
        self._silent_until = 0.0
        self._committers: dict[str | None, _Committer] = {}
        self.tally = Tally()

    @property
    def in_flight(self) -> int:
        """Entries that wait for their commit."""
        return sum(len(each.pending) + each.writing for each in self._committers.values())

    async def accept(self, entry: Entry, *, received_at: float | None = None) -> Outcome:
        """Return once the entry is committed, applied or put aside.

        `received_at` is the loop's time at which the envelope came in; the budget runs from there. Raises NotCommitted;
        the writing itself is never cancelled.
        """
        loop = asyncio.get_running_loop()
        if self.in_flight >= self._limit:
            raise self._gap(Shed(f"{self._limit} events are waiting for the database"))
        left_s = self._budget_s - (loop.time() - (received_at or loop.time()))
        if left_s <= 0:  # nobody could be acked for it any more: the time belongs to those who can
            raise self._gap(Late(f"no commit within {self._budget_s} s"))
        done: asyncio.Future[Outcome] = loop.create_future()
        self._enqueue(entry, done)
        over = loop.call_at(loop.time() + left_s, _give_up, done, Late(f"no commit within {self._budget_s} s"))
        try:
            return await done
        except NotCommitted as error:
            raise self._gap(error) from error.__cause__
        finally:
            over.cancel()

    async def drained(self) -> None:
        """Wait until nothing is in flight."""
        while tasks := [each.task for each in self._committers.values() if each.task and not each.task.done()]:
            await asyncio.wait(tasks)

    def _gap(self, error: NotCommitted) -> NotCommitted:
        """Count it, and tell it at most every ten seconds: what goes wrong for one event goes wrong for thousands."""
        self.tally.not_committed += 1
        self.tally.refusals[type(error).__name__.lower()] += 1
        self._on_gap(str(error))
        now = asyncio.get_running_loop().time()
        if now >= self._silent_until:
            self._silent_until = now + TELL_EVERY_S
            log.warning("events are not committed, so not acked", reason=str(error), so_far=self.tally.not_committed)
        return error

    def _enqueue(self, entry: Entry, done: asyncio.Future[Outcome]) -> None:
        committer = self._committers.setdefault(entry.team_id, _Committer())
        committer.pending.append((entry, done))
        if committer.task is None or committer.task.done():
            name = f"commit {entry.team_id or 'letters'}"
            committer.task = asyncio.create_task(self._commit_all(entry.team_id, committer), name=name)

    async def _commit_all(self, team_id: str | None, committer: _Committer) -> None:
        while committer.pending:
            batch, committer.pending = committer.pending[:BATCH], committer.pending[BATCH:]
            committer.writing = len(batch)
            await self._commit(batch)
            committer.writing = 0
        del self._committers[team_id]  # a payload may name any workspace, and none of them may stay for ever

    async def _commit(self, batch: list[_Waiting]) -> None:
        try:
            done = await commit_entries(self._store, [entry for entry, _ in batch], now=self._clock())
        except Exception as error:  # the ingest boundary: whatever it is, nobody may be acked for it
            if not isinstance(error, StoreError):
                log.exception("a commit failed")
            for _, waiter in _still_waiting(batch):
                refusal = Unavailable(str(error))
                refusal.__cause__ = error
                waiter.set_exception(refusal)
        else:
            self.tally.committed += len(batch) - len(done.put_aside) - len(done.refused)
            self.tally.put_aside += len(done.put_aside)
            self.tally.last_commit_at = self._clock()
            own: dict[str | None, list[Change]] = defaultdict(list)
            for change in done.changes:
                own[change.user_id].append(change)
            for entry, waiter in _still_waiting(batch):
                if (words := done.refused.get(str(entry.key))) is not None:
                    waiter.set_exception(Unavailable(words))
                else:
                    waiter.set_result(Outcome(tuple(own[entry.user_id]), done.put_aside.get(str(entry.key))))


def _give_up(waiter: asyncio.Future[Outcome], error: Late) -> None:
    """Let nobody wait beyond the budget; the writing goes on."""
    if not waiter.done():
        waiter.set_exception(error)


def _still_waiting(batch: list[_Waiting]) -> list[_Waiting]:
    """Leave out those whose budget is over, or who were cancelled."""
    return [each for each in batch if not each[1].done()]
