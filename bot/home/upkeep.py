"""What admins see below: how the directory runs, the last runs, unreadable events, and the buttons for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.blocks.home import Part, Rule, Title
from bot.blocks.replies import Press, Row, escape
from bot.command import words as command_words
from bot.command.condition import Condition
from bot.command.pressed import Deed
from bot.command.unreadable import Unreadable
from bot.home import words
from bot.home.sheet import Sheet
from bot.runs.schedule import Schedule
from bot.runs.ticket import Ticket
from db import Seen
from db.records import Run, RunState

RUNS_SHOWN = 5


class Upkeep:
    """Gathers it."""

    def __init__(self, runs: Schedule, unreadable: Unreadable, *, clock: Callable[[], datetime]) -> None:
        self._runs = runs
        self._unreadable = unreadable
        self._clock = clock

    async def parts(self, seen: Seen, sheet: Sheet, condition: Condition) -> list[Part]:
        """Gather it for the one workspace that is seen."""
        now = self._clock()
        last = await seen.list_runs(RUNS_SHOWN)
        count = await seen.count_letters()
        trouble = command_words.trouble(condition)
        told = "\n".join([*sheet.note, trouble])
        is_told = escape(condition.trouble or "") in "\n".join(sheet.note)
        ended = next((each for each in last if each.state is not RunState.RUNNING), None)
        return [
            Rule(),
            Title(words.UPKEEP),
            *sheet.note,
            command_words.freshness(condition, now),
            "" if is_told else trouble,
            *self._resync(self._runs.ticket, ended, condition, now),
            *([words.runs(last, now, told=told)] if last else [words.NO_RUNS]),
            *await self._letters(sheet, count),
        ]

    def _resync(self, ticket: Ticket | None, ended: Run | None, condition: Condition, now: datetime) -> list[Part]:
        """Tell of the run under way, with what ends it; else when the next one comes, with what begins one now."""
        refresh = Press("Refresh", Deed.REFRESH)
        if ticket is None:
            confirm = [words.confirm(ended)] if ended is not None and ended.state is RunState.HELD else []
            return [command_words.following(condition), (Press("Resync", Deed.RESYNC), *confirm, refresh)]
        far = command_words.running(ticket.progress, now) if ticket.progress else words.ABOUT_TO_BEGIN
        if ticket.halt.is_wished:
            return [far, words.ENDING, (refresh,)]
        return [far, (Press("Cancel", Deed.CANCEL_RUN, ticket.ticket_id, is_grave=True), refresh)]

    async def _letters(self, sheet: Sheet, count: int) -> list[Part | Row]:
        if sheet.shows_letters:
            return list(await self._unreadable.parts(sheet.viewer.team_id))
        return [words.letters(count), *([(Press("Show them", Deed.SHOW_LETTERS),)] if count else [])]
