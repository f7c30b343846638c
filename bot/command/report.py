"""`/usersync status`: how fresh the directory is and what is wrong, in words; also while the database is away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.blocks.replies import escape, message
from bot.command import words
from bot.command.condition import Condition
from bot.command.looking import looking
from bot.runs.words import population
from db import Seen, Sight, Store
from db.errors import StoreError

Json = dict[str, Any]
Goes = Callable[[str], str]
"""Tells, in Slack's markup and from memory, where the alerts of a workspace go, by its id."""


class Report:
    """Tells how the service is. There is nothing of anybody's in it, so everybody may ask."""

    def __init__(
        self,
        store: Store,
        *,
        condition: Callable[[str], Condition],
        clock: Callable[[], datetime],
        version: str,
        alerts_go: Goes | None = None,
        digest_goes: Goes | None = None,
    ) -> None:
        self._store = store
        self._condition = condition
        self._clock = clock
        self._version = version
        self._goes = [each for each in (alerts_go, digest_goes) if each]

    async def answer(self, team_id: str) -> Json:
        """Answer whoever wants to know."""
        condition, now = self._condition(team_id), self._clock()
        remembered, is_away = await self._remembered(team_id, condition, now)
        return message(
            [
                words.freshness(condition, now, is_memory_away=is_away),
                words.trouble(condition),
                *([words.running(condition.progress, now)] if condition.progress else []),
                *remembered,
                words.following(condition),
                " ".join(filter(None, (goes(team_id) for goes in self._goes))),
                f"usersync {escape(self._version)}",
            ]
        )

    async def _remembered(self, team_id: str, condition: Condition, now: datetime) -> tuple[list[str], bool]:
        """Tell what the table knows; where it is away, what memory does, and that it is."""
        try:
            async with looking(self._store) as rx:
                tally = await rx.users.tally(team_id, but_hidden=True)
                last = await rx.runs.find_last_ended(team_id)
                letters = await Seen(rx, Sight(frozenset({team_id}))).count_letters()
        except StoreError as error:
            return [words.memory_away(error.plain, told=condition.trouble or ""), words.last_read(condition, now)], True
        return [
            words.last_run(last, now, told=condition.trouble or "") if last else words.last_read(condition, now),
            f"{escape(condition.workspace)}: {population(tally)}.",
            words.letters(letters),
        ], False
