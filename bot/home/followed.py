"""A run that somebody asked for on their Home: shown there as it begins and as it has ended, and not in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from bot.command import words as command_words
from bot.command.cancelling import cancelled_elsewhere
from bot.command.looking import looking
from bot.command.pressed import Pressed
from bot.command.resyncs import Resyncs
from bot.home import words
from bot.home.opened import Viewer
from bot.home.sheets import Sheets
from bot.runs.schedule import Schedule
from bot.runs.ticket import Ticket
from db import Store
from db.errors import StoreError
from db.records import RunState

log = structlog.get_logger(__name__)

SOON_S = 3
"""Within so long a cancelled run has ended as a rule, and then its end is shown at once."""


class Followed:
    """Asks for runs and cancels them, by the same schedule as the command."""

    def __init__(
        self,
        store: Store,
        runs: Schedule,
        resyncs: Resyncs,
        sheets: Sheets,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._runs = runs
        self._resyncs = resyncs
        self._sheets = sheets
        self._clock = clock
        self._followed: set[tuple[Viewer, str]] = set()

    async def resync(self, viewer: Viewer) -> None:
        """Ask for a run, or join the one under way."""
        ticket, is_new = self._runs.ask(asked_by=viewer.user_id)
        await self._follow(viewer, ticket, words.BEGUN if is_new else self._under_way(ticket))

    async def confirm(self, viewer: Viewer, pressed: Pressed) -> None:
        """Ask for a run that may mark as many as it finds, if what was held is still the last one."""
        try:
            is_held = await self._is_held(viewer.team_id, pressed.number)
        except StoreError as error:
            await self._sheets.show(viewer, words.undone(error.plain))
            return
        if not is_held:
            await self._sheets.show(viewer, words.NOT_HELD)
            return
        ticket, _ = self._runs.ask(asked_by=viewer.user_id, is_confirmed=True)
        if ticket.order.is_confirmed:
            await self._follow(viewer, ticket, command_words.CONFIRMED)
        else:
            await self._sheets.show(viewer, self._under_way(ticket), command_words.CONFIRM_LATER)

    async def cancel(self, viewer: Viewer, pressed: Pressed) -> None:
        """Let a run end; whoever follows it on their Home is shown its end anyway."""
        is_followed = (viewer, pressed.value) in self._followed
        ticket = self._runs.cancel(pressed.value, by=viewer.user_id)
        if ticket is None:
            team_id, by = viewer.team_id, viewer.user_id
            told = await cancelled_elsewhere(self._runs, pressed.value, team_id=team_id, by=by)
            await self._sheets.show(viewer, told)
            return
        log.info("a run was cancelled from a Home")
        await asyncio.wait([ticket.ended], timeout=SOON_S)
        if not ticket.ended.done():
            await self._follow(viewer, ticket, command_words.CANCELLING)
        elif not is_followed:
            await self._sheets.show(viewer, *await self._resyncs.outcome(ticket, viewer.team_id))

    async def _follow(self, viewer: Viewer, ticket: Ticket, note: str) -> None:
        if not ticket.ended.done():
            await self._sheets.show(viewer, note)
        key = (viewer, ticket.ticket_id)
        if key in self._followed:  # who presses twice is shown one end
            return
        self._followed.add(key)
        try:
            await asyncio.wait([ticket.ended])
        finally:
            self._followed.discard(key)
        await self._sheets.show(viewer, *await self._resyncs.outcome(ticket, viewer.team_id))

    def _under_way(self, ticket: Ticket) -> str:
        return command_words.under_way(ticket.order, ticket.progress, self._clock(), elsewhere=ticket.elsewhere)

    async def _is_held(self, team_id: str, run_id: int) -> bool:
        async with looking(self._store) as rx:
            last = await rx.runs.find_last_ended(team_id)
        return last is not None and last.state is RunState.HELD and last.run_id == run_id
