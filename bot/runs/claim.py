"""The claim to a workspace's run: taken in its row, kept alive by a heartbeat, let go at the end; one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.to_its_end import to_its_end
from db import Store, Transaction
from db.errors import RunTaken, StoreError
from db.records import Run, RunKind, RunState, Workspace

log = structlog.get_logger(__name__)

BEAT_EVERY_S = 3
LET_GO_S = 1
WORD_HOLDS = timedelta(minutes=30)
"""How long what was asked of a run still counts that ended before its first page, as a place in the list does."""
_INTERRUPTED = "It was interrupted"


class AlreadyRunning(Exception):
    """Somebody else is at it; `run` is their row, None where none could be read."""

    def __init__(self, run: Run | None) -> None:
        super().__init__("Another usersync is reading this workspace's people right now.")
        self.run = run


class ClaimLost(StoreError):
    """Another process took this run over, since nothing had been heard of this one for a while."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of a run."""

    is_asked: bool = False
    """True for a resync, which somebody asked for; otherwise it comes by the clock or after a gap."""
    asked_by: str | None = None
    is_confirmed: bool = False


class Claim:
    """A run that is ours."""

    def __init__(self, store: Store, run: Run, *, instance: str, is_resumed: bool) -> None:
        self._store = store
        self._instance = instance
        self._since = run.since
        self._is_over = False
        self._is_listed = run.is_listed
        self.run = run
        self.is_resumed = is_resumed

    @property
    def since(self) -> int:
        """Slack's now when the first page was asked for; epoch microseconds."""
        return self._since or 0

    def note_since(self, asked_at_s: float) -> None:
        """Note when the first page was asked for; later ones say nothing new."""
        if self._since is None:
            self._since = int(asked_at_s * 1_000_000)

    async def hold(self, tx: Transaction, counts: Mapping[str, Any]) -> None:
        """Make sure, inside a transaction, that it is still ours. Raises ClaimLost."""
        if not await tx.runs.beat(self.run.run_id, self._instance, counts):
            raise ClaimLost

    async def find_wish(self, tx: Transaction) -> str | None:
        """Tell who wishes that it ends early, as of this transaction."""
        return await tx.runs.find_wish(self.run.run_id)

    async def checkpoint(
        self, tx: Transaction, ids: Sequence[str], *, next_cursor: str | None, counts: Mapping[str, Any]
    ) -> None:
        """Keep what a page listed and where to go on, in the transaction that wrote its last rows. Raises ClaimLost."""
        values = {"next_cursor": next_cursor, "is_listed": next_cursor is None, "since": self._since, **counts}
        number = await tx.runs.count_pages(self.run.run_id)
        if not await tx.runs.checkpoint(self.run.run_id, self._instance, number=number, ids=ids, values=values):
            raise ClaimLost
        self._is_listed = next_cursor is None

    async def end(
        self,
        state: RunState,
        *,
        at: datetime,
        counts: Mapping[str, Any],
        reason: str | None = None,
        is_read: bool = False,
    ) -> Run:
        """End it in its row; with `is_read` everybody was read, which the workspace notes. Raises ClaimLost."""
        return await to_its_end(self._end(state, at=at, counts=counts, reason=reason, is_read=is_read))

    async def _end(
        self, state: RunState, *, at: datetime, counts: Mapping[str, Any], reason: str | None, is_read: bool
    ) -> Run:
        async with self._store.transaction() as tx:
            await tx.workspaces.lock(self.run.team_id)
            is_ours = await tx.runs.end(
                self.run.run_id, self._instance, state=state, at=at, reason=reason, counts=counts
            )
            if not is_ours:
                raise ClaimLost
            if is_read:
                await tx.workspaces.mark_walked(self.run.team_id, at=at)
            ended = await tx.runs.find_run(self.run.run_id)
            tx.rings()
        self._is_over = True
        return ended or self.run

    async def beat(self, on_wish: Callable[[str], None] = lambda _: None) -> None:
        """Say every three seconds that we are alive, until cancelled or no longer the holder.

        `on_wish` is told who wishes in another process that the run ends. The row is told no counts: they belong to
        its checkpoint, or a page in the middle would count twice.
        """
        while True:
            await asyncio.sleep(BEAT_EVERY_S)
            try:
                if by := await to_its_end(self._beat()):
                    on_wish(by)
            except ClaimLost:
                return  # the next checkpoint says it aloud
            except StoreError as error:
                log.warning("a run's heartbeat was not written", reason=str(error))

    async def _beat(self) -> str | None:
        """A list that is read to its end has no cursor that could expire: its place stays good while we are alive."""
        async with self._store.transaction() as tx:
            if not await tx.runs.beat(self.run.run_id, self._instance, {}, renews_checkpoint=self._is_listed):
                raise ClaimLost
            return await tx.runs.find_wish(self.run.run_id)

    async def let_go(self) -> None:
        """Leave it where it stands, so that whoever comes next need not wait; an ended run is left alone."""
        if self._is_over:
            return
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(LET_GO_S), self._store.transaction() as tx:
                await tx.runs.let_go(self.run.run_id, self._instance)


@asynccontextmanager
async def claimed(
    store: Store,
    team_id: str,
    order: Order,
    *,
    instance: str,
    clock: Callable[[], datetime],
    ticket_id: str | None = None,
) -> AsyncIterator[Claim]:
    """Hold the run of a workspace: one left in the middle, else a new one, which is called by the ticket.

    Raises AlreadyRunning, StoreError.
    """
    with ExitStack() as stack:
        try:
            is_alone = stack.enter_context(store.run_lock(team_id))
        except RunTaken:
            async with store.reading() as rx:
                raise AlreadyRunning(await rx.runs.find_running(team_id)) from None
        claiming = _claim(store, team_id, order, instance=instance, now=clock(), is_alone=is_alone, ticket_id=ticket_id)
        claim = await to_its_end(claiming)
        try:
            yield claim
        finally:
            await to_its_end(claim.let_go())


async def _claim(
    store: Store,
    team_id: str,
    order: Order,
    *,
    instance: str,
    now: datetime,
    is_alone: bool,
    ticket_id: str | None,
) -> Claim:
    async with store.transaction() as tx:
        workspace = await tx.workspaces.lock(team_id)
        left = await tx.runs.find_running(team_id)
        is_ours = left is not None and left.instance == instance  # of an earlier try that the database cut short
        if left and not (is_alone or is_ours or await tx.runs.is_silent(left)):
            raise AlreadyRunning(left)
        if left and not order.is_confirmed and not await tx.runs.is_stale(left):
            run = await tx.runs.take_over(left, instance=instance)
            return Claim(store, run, instance=instance, is_resumed=True)
        if left:
            await tx.runs.give_up(left, at=now, reason=_why_given_up(left, order))
            order = _with_what_was_left(order, left, now=now)
        run = await tx.runs.begin(
            team_id,
            kind=_kind(workspace, order),
            instance=instance,
            asked_by=order.asked_by,
            is_confirmed=order.is_confirmed,
            expected=await _expected(tx, workspace),
            at=now,
            ticket_id=ticket_id,
        )
    return Claim(store, run, instance=instance, is_resumed=False)


def was_given_up(run: Run) -> bool:
    """Say whether another run began in place of this one, which had been cut short."""
    return run.state is RunState.FAILED and (run.reason or "").startswith(_INTERRUPTED)


def _why_given_up(left: Run, order: Order) -> str:
    if order.is_confirmed:
        return f"{_INTERRUPTED}, and a confirmed run began in its place."
    if left.checkpoint_at is None:
        return f"{_INTERRUPTED} before its first page was written."
    return f"{_INTERRUPTED}, and too long ago to be gone on with."


def _with_what_was_left(order: Order, left: Run, *, now: datetime) -> Order:
    """Ask of the new run what had been asked of one that did not come to its first page: whoever asked still waits."""
    if left.checkpoint_at is not None or now - left.started_at > WORD_HOLDS:
        return order
    return Order(
        is_asked=order.is_asked or left.kind is RunKind.RESYNC,
        asked_by=order.asked_by or left.asked_by,
        is_confirmed=order.is_confirmed or left.is_confirmed,
    )


def _kind(workspace: Workspace, order: Order) -> RunKind:
    if workspace.backfilled_at is None:
        return RunKind.BACKFILL
    return RunKind.RESYNC if order.is_asked else RunKind.RECONCILE


async def _expected(tx: Transaction, workspace: Workspace) -> int | None:
    """Tell about how many users the list will have: as many as we know of; before the first pass nobody knows."""
    if workspace.backfilled_at is None:
        return None
    return sum((await tx.users.tally(workspace.team_id)).values())
