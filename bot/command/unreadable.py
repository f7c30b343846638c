"""`/usersync dead-letters` and its buttons: unreadable events once more, or never; what they hold is never shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from bot.blocks.replies import Row, message
from bot.command import letter_words as words
from bot.command.looking import looking
from bot.replay import replay
from db import Seen, Store
from db.errors import StoreError
from db.records import DeadLetter
from db.sight import Sight, sight_of
from db.visibility import Audience, Policy

log = structlog.get_logger(__name__)

Json = dict[str, Any]

SHOWN = 5
LOOKED_AT = 50
"""So many of the newest are looked at for those with the same reason."""
AT_ONCE = 200
"""So many are tried again by one press."""


class Unreadable:
    """Shows unreadable events to admins, and does with them what they ask for."""

    def __init__(self, store: Store, *, policy: Policy, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock

    async def answer(self, team_id: str, *, note: str = "") -> Json:
        """Answer with the newest, below what was just done."""
        return message([note, *await self.parts(team_id)])

    async def parts(self, team_id: str) -> list[str | Row]:
        """List the newest, each with its buttons, and how many there are."""
        try:
            async with looking(self._store) as rx:
                seen = Seen(rx, self._sight(team_id))
                letters = await seen.list_letters(LOOKED_AT)
                count = await seen.count_letters()
                shown = letters[:SHOWN]
                users = await seen.get_users({(each.team_id or "", each.user_id or "") for each in shown})
        except StoreError as error:
            return [words.away(error.plain)]
        parts: list[str | Row] = [words.head(count)]
        alike = Counter(each.reason for each in letters)
        for each in shown:
            user = users.get((each.team_id or "", each.user_id or ""))
            parts += [words.letter(each, user, self._clock()), words.buttons(each, alike=alike.pop(each.reason, 1))]
        return [*parts, words.more(count - len(shown))]

    async def replay(self, team_id: str, letter_id: int) -> str:
        """Apply one once more; tell what came of it. Raises StoreError."""
        letter = await self._find(team_id, letter_id)
        if letter is None:
            return words.GONE
        done = await replay(self._store, letter, clock=self._clock)
        log.info("a dead letter was replayed from Slack", letter=letter_id, stays=done.reason is not None)
        return words.APPLIED if done.reason is None else words.stays(done.reason)

    async def replay_alike(self, team_id: str, letter_id: int) -> str:
        """Apply every one that has the same reason, oldest first; tell what came of them. Raises StoreError."""
        letter = await self._find(team_id, letter_id)
        if letter is None:
            return words.GONE
        async with looking(self._store) as rx:
            alike = await Seen(rx, self._sight(team_id)).list_letters(AT_ONCE + 1, reason=letter.reason)
        tried = [each.letter_id for each in reversed(alike[:AT_ONCE])]
        stays = [await self._replayed(team_id, each) for each in tried].count(False)
        log.info("dead letters were replayed from Slack", letters=len(tried), stay=stays)
        return words.all_tried(len(tried) - stays, stays, is_more=len(alike) > AT_ONCE)

    async def drop(self, team_id: str, letter_id: int) -> str:
        """Take one out without applying it; tell whether that was done. Raises StoreError."""
        letter = await self._find(team_id, letter_id)
        if letter is None:
            return words.GONE
        async with self._store.transaction() as tx:
            is_there = await tx.dead_letters.resolve(letter_id)
            tx.rings()
        log.info("a dead letter was dropped from Slack", letter=letter_id, was_there=is_there)
        return words.DROPPED if is_there else words.GONE

    async def _replayed(self, team_id: str, letter_id: int) -> bool:
        """Apply one; tell whether it left, by whatever way."""
        letter = await self._find(team_id, letter_id)
        return letter is None or (await replay(self._store, letter, clock=self._clock)).reason is None

    async def _find(self, team_id: str, letter_id: int) -> DeadLetter | None:
        """Find one that admins of the workspace see, whole; None where it is gone, or not theirs. Raises StoreError."""
        async with looking(self._store) as rx:
            if await Seen(rx, self._sight(team_id)).find_letter(letter_id) is None:
                return None
            return await rx.dead_letters.find_letter(letter_id)

    def _sight(self, team_id: str) -> Sight:
        return sight_of(self._policy, Audience.ADMINS, frozenset({team_id}))
