"""The weekly digest: who joined, moved and left, posted into the channel that asked for it.

It tells what everybody may see, whoever reads the channel. A week is claimed in the table before it is posted, so that
of several processes one posts it. What Slack refuses is given back and tried again; what it may have taken, once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
from bot.to_its_end import to_its_end
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
MOST_DOUBTS = 2
"""So many copies may stand in a channel where Slack takes them and does not say so."""
LONGEST_PAUSE_S = 600
"""Between two tries of a digest that Slack does not take; also where Slack asks for more."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """That a channel does not take a digest."""

    channel_id: str
    words: str
    tries: int
    doubts: int
    """Tries after which it may stand there all the same."""
    until: datetime
    """Not before that it is tried again."""

    @property
    def is_tried_again(self) -> bool:
        """Whether it is worth another copy."""
        return self.doubts < MOST_DOUBTS


class Digest:
    """Posts one a week for the workspace of the bot token, if it wants any."""

    def __init__(
        self,
        store: Store,
        channels: Channels,
        *,
        team_id: Callable[[], str],
        is_token_bad: Callable[[], bool],
        policy: Policy,
        base: str,
        fields: Sequence[CustomField],
        clock: Callable[[], datetime],
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        """`team_id` tells the workspace of the bot token, empty while Slack has not said.

        `fields` are the custom fields of which a change is a move.
        """
        self._store = store
        self._channels = channels
        self._team_id = team_id
        self._is_token_bad = is_token_bad
        self._policy = policy
        self._base = base
        self._fields = fields
        self._clock = clock
        self._look_every_s = look_every_s
        self._refusal: Refusal | None = None

    def trouble(self, channel_id: str) -> str:
        """Say why the last digest is not in that channel yet; empty where nothing is wrong."""
        refusal = self._refusal
        return refusal.words if refusal and refusal.channel_id == channel_id else ""

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                log.info("a digest waits for the database", reason=str(error))
            except Exception:  # the edge of a supervised task: without a digest the directory is as good as with it
                log.exception("a digest failed")
            await asyncio.sleep(self._look_every_s)

    async def look(self) -> None:
        """Post what is due. Raises StoreError."""
        async with self._store.reading() as rx:
            found = await rx.places.list_places()
        for place in found:
            if self._is_due(place):
                await self._tell(place)

    def _is_due(self, place: Place) -> bool:
        now = self._clock()
        if place.purpose is not Purpose.DIGEST or place.channel_id is None:
            return False
        if place.team_id != self._team_id() or self._is_token_bad():
            return False
        if self._refusal and self._refusal.channel_id == place.channel_id and now < self._refusal.until:
            return False
        return place.posted_at is None or now - place.posted_at >= WEEK

    async def _tell(self, place: Place) -> None:
        now = self._clock()
        since = max(place.posted_at or now - WEEK, now - MOST)
        content = await self._content(place, since - OVERLAP, span=now - since)
        due = place.posted_at + (now - place.posted_at) // WEEK * WEEK if place.posted_at else now
        if not await to_its_end(self._note(place, at=due)) or content is None:
            return
        try:
            await self._channels.post(place.channel_id or "", content)
        except NotPosted as error:
            refusal = self._refused(place, error, now)
            if refusal.is_tried_again:
                await to_its_end(self._give_back(place, due=due))
            self._refusal = refusal
        else:
            self._refusal = None
            log.info("a digest was posted")

    async def _content(self, place: Place, since: datetime, *, span: timedelta) -> Json | None:
        """Tell what is new; None for nothing, but for the first time, when somebody waits for it."""
        sight = sight_of(self._policy, Audience.EVERYONE, frozenset({place.team_id}))
        async with looking(self._store) as rx:
            found = await lists_since(since, Seen(rx, sight), when=on_day, base=self._base, fields=self._fields)
        if found:
            return message([words.digest_head(span), *found], button=whats_new(self._base))
        return None if place.posted_at else message([words.first_digest_of_nobody(span)])

    async def _note(self, place: Place, *, at: datetime | None) -> bool:
        async with self._store.transaction() as tx:
            return await tx.places.note_posted(place, at=at)

    async def _give_back(self, place: Place, *, due: datetime) -> None:
        await self._note(replace(place, posted_at=due), at=place.posted_at)

    def _refused(self, place: Place, error: NotPosted, now: datetime) -> Refusal:
        known = self._refusal if self._refusal and self._refusal.channel_id == place.channel_id else None
        tries = known.tries + 1 if known else 1
        doubts = (known.doubts if known else 0) + (not error.is_certain)
        pause_s = min(max(self._look_every_s * 2 ** min(tries, 30), error.wait_s), LONGEST_PAUSE_S)
        until = now + timedelta(seconds=pause_s)
        refusal = Refusal(place.channel_id or "", str(error), tries, doubts, until)
        if known is None or known.words != refusal.words or not refusal.is_tried_again:
            log.warning("a digest was not posted", reason=refusal.words, is_tried_again=refusal.is_tried_again)
        return refusal
