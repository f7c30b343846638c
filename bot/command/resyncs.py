"""A resync as somebody sees it in Slack: begun, on its way, and its end, which is told only when it is committed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from bot.blocks.replies import Press, Row, escape, message
from bot.command import words
from bot.command.answers import Answer
from bot.command.condition import Condition
from bot.command.invitation import Invitation
from bot.command.looking import looking
from bot.command.pressed import Deed
from bot.command.typed import Typed
from bot.runs.claim import AlreadyRunning
from bot.runs.halt import RunCancelled
from bot.runs.patience import PassFailed
from bot.runs.progress import progress_of
from bot.runs.runner import Finished
from bot.runs.schedule import Schedule
from bot.runs.ticket import Ticket
from bot.runs.words import summary
from db import Store
from db.errors import StoreError
from db.records import Run, RunState

Json = dict[str, Any]

UPDATES_AFTER_S = (5, 30, 180)
"""When the message is brought up to date. A response URL takes five posts: the first, these, and the end."""


class Resyncs:
    """Asks for runs, and follows them to their end in one message."""

    def __init__(
        self,
        store: Store,
        runs: Schedule,
        invitation: Invitation,
        *,
        condition: Callable[[str], Condition],
        clock: Callable[[], datetime],
        updates_after_s: Sequence[float] = UPDATES_AFTER_S,
    ) -> None:
        self._store = store
        self._runs = runs
        self._invitation = invitation
        self._condition = condition
        self._clock = clock
        self._updates_after_s = updates_after_s

    async def run(self, typed: Typed, answer: Answer, *, is_confirmed: bool) -> None:
        """Ask for a run, or join the one under way, and tell how it goes until it has ended."""
        note = await self._confirmation(typed.team_id) if is_confirmed else words.BEGUN
        ticket, is_new = self._runs.ask(asked_by=typed.user_id, is_confirmed=is_confirmed)
        if is_confirmed and not ticket.order.is_confirmed:
            far = words.under_way(ticket.order, ticket.progress, self._clock())
            await answer.end(message([far, words.CONFIRM_LATER]))
            return
        if not is_new:
            note = words.under_way(ticket.order, ticket.progress, self._clock(), elsewhere=ticket.elsewhere)
        await self._follow(ticket, typed, answer, note)

    async def _confirmation(self, team_id: str) -> str:
        """Say whether there was anything to confirm."""
        try:
            async with looking(self._store) as rx:
                last = await rx.runs.find_last_ended(team_id)
        except StoreError:
            return words.BEGUN
        is_held = last is not None and last.state is RunState.HELD
        return f"{words.CONFIRMED if is_held else words.NOTHING_HELD} {words.BEGUN}"

    async def _follow(self, ticket: Ticket, typed: Typed, answer: Answer, note: str) -> None:
        """Bring one message up to date; others may wait for the same ticket, so it is watched, never awaited."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        button = await self._invitation.button(typed)
        if not ticket.ended.done():
            await answer.show(message([note], button=button, presses=_cancel(ticket)))
        for after_s in self._updates_after_s:
            await asyncio.wait([ticket.ended], timeout=max(0.0, begun + after_s - loop.time()))
            if ticket.ended.done():
                break
            presses = () if ticket.halt.is_wished else _cancel(ticket)
            await answer.show(message([self._far(ticket, typed)], button=button, presses=presses))
        await asyncio.wait([ticket.ended])
        paragraphs = await self.outcome(ticket, typed.team_id)
        # The first link may have been used, or be too old by now.
        await answer.end(message(paragraphs, button=await self._invitation.button(typed)))

    def _far(self, ticket: Ticket, typed: Typed) -> str:
        if ticket.progress is None:
            return words.waiting(self._condition(typed.team_id).trouble)
        if ticket.elsewhere is not None:
            return words.followed_elsewhere(ticket.elsewhere, self._clock())
        return words.far_along(ticket.progress, self._clock())

    async def outcome(self, ticket: Ticket, team_id: str) -> list[str]:
        """Tell what came of a run that has ended."""
        if ticket.ended.cancelled():
            is_lost = ticket.order.is_confirmed and ticket.progress is None
            return [words.CONFIRM_AGAIN if is_lost else words.RESTARTING]
        try:
            finished = ticket.ended.result()
        except AlreadyRunning as error:
            return self._elsewhere(error.run)
        except RunCancelled as error:
            return [words.cancelled(error.by)]
        except PassFailed as error:
            return [words.failed(str(error), is_confirmed=ticket.order.is_confirmed)]
        except StoreError as error:
            return [words.cut_short(error.plain, is_confirmed=ticket.order.is_confirmed)]
        return await self._ended(finished, team_id)

    def _elsewhere(self, run: Run | None) -> list[str]:
        far = words.far_along(progress_of(run), self._clock()) if run else ""
        return [words.elsewhere(run), far]

    async def _ended(self, finished: Finished, team_id: str) -> list[str]:
        told = words.ended(finished.run, is_resumed=finished.is_resumed)
        condition = self._condition(team_id)
        try:
            async with looking(self._store) as rx:
                tally = await rx.users.tally(finished.run.team_id, but_hidden=True)
        except StoreError as error:
            return [*told, words.counts_away(error.plain)]
        return [*told, escape(summary(condition.workspace, tally, finished.run, sockets=condition.sockets))]


def _cancel(ticket: Ticket) -> Row:
    """The button that lets this run end early."""
    return (Press("Cancel", Deed.CANCEL_RUN, ticket.ticket_id, is_grave=True),)
