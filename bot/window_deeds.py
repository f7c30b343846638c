"""What the window may ask to be done, by the rules of the command: a resync, its confirmation, a letter once more.

The window has judged by the table who asks; what may mark many people missing is asked of Slack once more, as there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.command.roles import Roles, RoleUnknown
from bot.replay import replay
from bot.runs.claim import AlreadyRunning
from bot.runs.patience import PassFailed
from bot.runs.schedule import Schedule
from bot.runs.ticket import Ticket
from bot.runs.words import who_runs
from db import Store
from db.errors import StoreError
from db.records import RunState

log = structlog.get_logger(__name__)

BEGUN, ASKED, UNDER_WAY, NOTHING_HELD, REFUSED = "begun", "asked", "under-way", "nothing-held", "refused"
APPLIED, STAYS, DROPPED, GONE = "applied", "stays", "dropped", "gone"
NOT_OF_HERE = "It is another workspace than yours whose people are read here."
NO_ADMIN = "Slack says that you are no admin or owner of the workspace any more."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it, by one word, and where that is a refusal the sentence that says why."""

    word: str
    words: str = ""


class LetterDeeds:
    """Does what somebody asked for about letters: it needs the database alone."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def replay(self, letter_id: int) -> Outcome:
        """Apply a letter once more: applied, stays with its reason, or gone already. Raises StoreUnavailable."""
        async with self._store.reading() as rx:
            letter = await rx.dead_letters.find_letter(letter_id)
        if letter is None:
            return Outcome(GONE)
        done = await replay(self._store, letter, clock=self._clock)
        log.info("a dead letter was replayed from a page", letter=letter_id, stays=done.reason is not None)
        return Outcome(APPLIED) if done.reason is None else Outcome(STAYS, done.reason)

    async def drop(self, letter_id: int) -> Outcome:
        """Take a letter out without applying it: dropped, or gone already. Raises StoreUnavailable."""
        async with self._store.transaction() as tx:
            is_there = await tx.dead_letters.resolve(letter_id)
            tx.rings()
        log.info("a dead letter was dropped from a page", letter=letter_id, was_there=is_there)
        return Outcome(DROPPED if is_there else GONE)


class WindowDeeds(LetterDeeds):
    """Does what somebody asked for on a page, runs in this process."""

    def __init__(
        self,
        store: Store,
        runs: Schedule,
        roles: Roles,
        *,
        team_id: Callable[[], str | None],
        is_run_elsewhere: Callable[[], bool],
        clock: Callable[[], datetime],
    ) -> None:
        """`team_id` tells whose people the token lists; None while nobody knows."""
        super().__init__(store, clock=clock)
        self._runs = runs
        self._roles = roles
        self._team_id = team_id
        self._is_run_elsewhere = is_run_elsewhere

    async def resync(self, team_id: str, user_id: str) -> Outcome:
        """Ask for a run: begun, under way already, or refused."""
        return self._ask(team_id, user_id, is_confirmed=False)

    async def confirm(self, team_id: str, user_id: str, *, run_id: int) -> Outcome:
        """Ask for a run that may mark as many people missing as it finds; Slack says whether its asker may.

        Whoever confirms has seen one held run, and nobody may take that for a word about what came after it.
        """
        try:
            role = await self._roles.find_surely(team_id, user_id)
        except RoleUnknown as error:
            return Outcome(REFUSED, f"Whether you may do that cannot be told right now. {error}")
        if not role.is_admin:
            return Outcome(REFUSED, NO_ADMIN)
        try:
            async with self._store.reading() as rx:
                last = await rx.runs.find_last_ended(team_id)
        except StoreError as error:
            return Outcome(REFUSED, error.plain)
        if last is None or last.state is not RunState.HELD or last.run_id != run_id:
            return Outcome(NOTHING_HELD)
        return self._ask(team_id, user_id, is_confirmed=True)

    def _ask(self, team_id: str, user_id: str, *, is_confirmed: bool) -> Outcome:
        known = self._team_id()
        if known is not None and known != team_id:
            return Outcome(REFUSED, NOT_OF_HERE)
        if self._is_run_elsewhere():
            return Outcome(UNDER_WAY)
        ticket, is_new = self._runs.ask(asked_by=user_id, is_confirmed=is_confirmed)
        if refusal := _refusal(ticket):
            return Outcome(REFUSED, refusal)
        is_ours = is_new or (ticket.order.is_confirmed and is_confirmed)
        log.info("a run was asked for from a page", is_new=is_new, is_confirmed=is_confirmed)
        return Outcome(BEGUN if is_ours else UNDER_WAY)


def _refusal(ticket: Ticket) -> str:
    """Say why a run that was just asked for has ended already; empty for one that is to come."""
    if not ticket.ended.done():
        return ""
    if ticket.ended.cancelled():
        return "The service is being restarted. People are read by themselves after the start."
    error = ticket.ended.exception()
    if isinstance(error, AlreadyRunning):
        return f"{who_runs(error.run)}."
    if isinstance(error, StoreError):
        return error.plain
    return str(error) if isinstance(error, PassFailed) else ""
