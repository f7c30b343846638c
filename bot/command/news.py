"""`/usersync changes 7d`: who joined, left and moved lately, as far as whoever asks may see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.blocks.replies import Button, message
from bot.command import news_words as words
from bot.command.invitation import Invitation, NotInvited
from bot.command.looking import looking
from bot.command.roles import sight_for
from bot.command.span import read_span
from bot.command.typed import Typed, as_typed
from bot.command.words import ago
from db import Seen, Store
from db.errors import StoreError
from db.filters import CustomField
from db.visibility import Policy

Json = dict[str, Any]

SHOWN = 5
"""Of each list."""
COUNTED = 200
"""So many leavers and movers are counted; more are many."""


class News:
    """Tells what is new."""

    def __init__(
        self,
        store: Store,
        invitation: Invitation,
        *,
        policy: Policy,
        base: str,
        fields: Sequence[CustomField],
        clock: Callable[[], datetime],
    ) -> None:
        """`fields` are the custom fields of which a change is a move."""
        self._store = store
        self._invitation = invitation
        self._policy = policy
        self._base = base
        self._fields = fields
        self._clock = clock

    async def answer(self, typed: Typed) -> Json:
        """Answer whoever wants to know."""
        span = read_span(typed.rest)
        if span is None:
            return message([words.no_span(as_typed(typed.rest))])
        try:
            role = await self._invitation.role_of(typed)
        except NotInvited as error:
            return message([str(error)])
        sight = sight_for(role, typed.team_id, self._policy)
        try:
            async with looking(self._store) as rx:
                return await self._look(Seen(rx, sight), span)
        except StoreError as error:
            return message([words.away(error.plain)])

    async def _look(self, seen: Seen, span: timedelta) -> Json:
        now = self._clock()
        found = await lists_since(
            now - span, seen, when=lambda moment: ago(moment, now), base=self._base, fields=self._fields
        )
        parts = [words.head(span), *found] if found else [words.nothing(span)]
        return message(parts, button=whats_new(self._base))


async def lists_since(
    since: datetime, seen: Seen, *, when: words.When, base: str, fields: Sequence[CustomField]
) -> list[str]:
    """List who joined, moved and left, each list in words; empty for nobody. Raises StoreError."""
    joined = await seen.latest.joined(since, limit=SHOWN)
    joined_count = await seen.latest.count_joined(since)
    left = await seen.latest.left(since, limit=COUNTED + 1)
    field_ids = [each.field_id for each in fields]
    moved = words.moves_of(await seen.latest.moved(since, limit=COUNTED + 1, field_ids=field_ids), fields)
    lists = [
        words.joined(joined, joined_count, when, base=base),
        words.moved(moved[:SHOWN], len(moved), when, base=base),
        words.left(left[:SHOWN], len(left), when, base=base),
    ]
    return [each for each in lists if each]


def whats_new(base: str) -> Button | None:
    """Lead to the page about it; None where no address for everybody is known."""
    return Button("What's new", f"{base}/whats-new", "open_whats_new") if base else None
