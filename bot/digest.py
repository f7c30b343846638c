"""The weekly digest: who joined, moved and left, posted into the channel that asked for it.

It tells what everybody may see, whoever reads the channel. A week is claimed in the table before it is posted, so that
of several processes one posts it; a process that dies in between leaves that week out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.blocks.days import on_day
from bot.blocks.replies import message
from bot.channels import Channels, NotPosted
from bot.command import news_words as words
from bot.command.looking import looking
from bot.command.news import lists_since, whats_new
from bot.command.span import MOST
from db import Seen, Store
from db.errors import StoreError
from db.filters import CustomField
from db.posting import Place, Purpose
from db.sight import sight_of
from db.visibility import Audience, Policy

log = structlog.get_logger(__name__)

Json = dict[str, Any]

WEEK = timedelta(days=7)
OVERLAP = timedelta(minutes=2)
"""Who joined in the same moment may be committed after a digest that tells of it; rather twice than not at all."""
LOOK_EVERY_S = 20


class Digest:
    """Posts one a week for each workspace that wants it."""

    def __init__(
        self,
        store: Store,
        channels: Channels,
        *,
        policy: Policy,
        base: str,
        fields: Sequence[CustomField],
        clock: Callable[[], datetime],
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        """`fields` are the custom fields of which a change is a move."""
        self._store = store
        self._channels = channels
        self._policy = policy
        self._base = base
        self._fields = fields
        self._clock = clock
        self._look_every_s = look_every_s

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            wait_s = self._look_every_s
            try:
                wait_s = max(wait_s, await self.look())
            except StoreError as error:
                log.info("a digest waits for the database", reason=str(error))
            except Exception:  # the edge of a supervised task: without a digest the directory is as good as with it
                log.exception("a digest failed")
            await asyncio.sleep(wait_s)

    async def look(self) -> float:
        """Post what is due; tell how long Slack wants to be left alone, in seconds. Raises StoreError."""
        async with self._store.reading() as rx:
            found = await rx.places.list_places()
        waits = [await self._tell(each) for each in found if self._is_due(each)]
        return max(waits, default=0)

    def _is_due(self, place: Place) -> bool:
        if place.purpose is not Purpose.DIGEST or place.channel_id is None:
            return False
        return place.posted_at is None or self._clock() - place.posted_at >= WEEK

    async def _tell(self, place: Place) -> float:
        now = self._clock()
        since = max(place.posted_at or now - WEEK, now - MOST)
        content = await self._content(place, since - OVERLAP, span=now - since)
        due = place.posted_at + (now - place.posted_at) // WEEK * WEEK if place.posted_at else now
        if not await self._note(place, at=due, since=place.posted_at) or content is None:
            return 0
        try:
            await self._channels.post(place.channel_id or "", content)
        except NotPosted as error:
            log.warning("a digest was not posted", reason=str(error), again=error.may_help)
            if error.may_help:
                await self._note(place, at=place.posted_at, since=due)
            return error.wait_s
        log.info("a digest was posted")
        return 0

    async def _content(self, place: Place, since: datetime, *, span: timedelta) -> Json | None:
        """Tell what is new; None for nothing, but for the first time, when somebody waits for it."""
        sight = sight_of(self._policy, Audience.EVERYONE, frozenset({place.team_id}))
        async with looking(self._store) as rx:
            found = await lists_since(since, Seen(rx, sight), when=on_day, base=self._base, fields=self._fields)
        if found:
            return message([words.digest_head(span), *found], button=whats_new(self._base))
        return None if place.posted_at else message([words.first_digest_of_nobody(span)])

    async def _note(self, place: Place, *, at: datetime | None, since: datetime | None) -> bool:
        async with self._store.transaction() as tx:
            return await tx.places.note_posted(place.team_id, Purpose.DIGEST, at=at, since=since)
