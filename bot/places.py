"""Where something is posted: what was typed wins over the settings; kept in memory, should the table be away."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from bot.blocks.notices import farewell, not_kept, welcome
from bot.channels import Channels, NotPosted, Posted, is_channel
from bot.command.places import PlaceRefused
from bot.to_its_end import to_its_end
from db import Store
from db.errors import StoreError
from db.posting import Place, Purpose

_NO_CHANNEL = "This is no channel but a conversation of a few people. Type it in a channel."
_PERHAPS = "A first message may stand there all the same; type it again in a minute."
_USER = re.compile(r"[UW][A-Z0-9]{1,63}")


class Places:
    """Keeps the place of each workspace and purpose."""

    def __init__(self, store: Store, channels: Channels, *, preset: Mapping[Purpose, str | None]) -> None:
        """`preset` are the channels of the settings, for whichever workspace has decided nothing."""
        self._store = store
        self._channels = channels
        self._preset = preset
        self._decided: dict[tuple[str, Purpose], Place] = {}
        self._asked: set[Place] = set()
        self._deciding = asyncio.Lock()
        """So that of two who decide at once the later one knows of the earlier."""
        self._lock = asyncio.Lock()
        """So that a look which began before a decision does not forget it again."""

    async def refresh(self) -> None:
        """Read what was decided, here or by another process. Raises StoreError; what was read before stays."""
        async with self._lock:
            async with self._store.reading() as rx:
                found = await rx.places.list_places()
            self._decided = {(each.team_id, each.purpose): each for each in found}

    def find(self, team_id: str, purpose: Purpose) -> str | None:
        """Tell the channel; None for nowhere. From memory."""
        decided = self._decided.get((team_id, purpose))
        return decided.channel_id if decided else self._preset.get(purpose)

    def is_typed(self, team_id: str, purpose: Purpose) -> bool:
        """Say whether it was decided in Slack, where a first message showed that the app can post. From memory."""
        return (team_id, purpose) in self._decided

    def take_asked(self, purpose: Purpose) -> set[tuple[str, str]]:
        """Hand out, once, the workspaces and channels for which it was asked here since this was asked last."""
        asked = {each for each in self._asked if each.purpose is purpose}
        self._asked -= asked
        return {(each.team_id, each.channel_id) for each in asked if each.channel_id}

    def of(self, purpose: Purpose) -> PlaceOf:
        """Let one purpose be decided on, as the command does."""
        return PlaceOf(self, purpose)

    async def decide(self, team_id: str, purpose: Purpose, channel_id: str, asked_by: str) -> None:
        """Post there from now on: a first message shows that the app can. Raises PlaceRefused, StoreError."""
        if not is_channel(channel_id):
            raise PlaceRefused(_NO_CHANNEL)
        who = asked_by if _USER.fullmatch(asked_by) else ""
        async with self._deciding:
            try:
                posted = await self._channels.post(channel_id, welcome(purpose, who))
            except NotPosted as error:
                raise PlaceRefused(str(error) if error.is_certain else f"{error} {_PERHAPS}") from error
            try:
                await self._move(Place(team_id, purpose, posted.channel_id))
            except StoreError:
                await self._take_back(purpose, posted)
                raise
            self._asked.add(Place(team_id, purpose, posted.channel_id))

    async def decide_nowhere(self, team_id: str, purpose: Purpose) -> None:
        """Post it nowhere, whatever the settings say. Raises StoreError."""
        async with self._deciding:
            await self._move(Place(team_id, purpose, None))

    async def _move(self, place: Place) -> None:
        """Keep a place, and say goodbye in the one before, if the app still may."""
        before = self.find(place.team_id, place.purpose)
        await self._keep(place)
        if before and before != place.channel_id:
            with suppress(NotPosted):
                await self._channels.post(before, farewell(place.purpose))

    async def _keep(self, place: Place) -> None:
        async with self._lock:
            await to_its_end(self._write(place))
            self._decided = {**self._decided, (place.team_id, place.purpose): place}

    async def _write(self, place: Place) -> None:
        async with self._store.transaction() as tx:
            await tx.places.put(place)

    async def _take_back(self, purpose: Purpose, posted: Posted) -> None:
        """Correct what the first message said; whoever asked is told in any case."""
        with suppress(NotPosted):
            await self._channels.edit(posted, not_kept(purpose))


@dataclass(frozen=True, slots=True)
class PlaceOf:
    """The places of one purpose."""

    places: Places
    purpose: Purpose

    async def set_place(self, team_id: str, channel_id: str, asked_by: str) -> None:
        """Post it into this channel from now on. Raises PlaceRefused, StoreError."""
        await self.places.decide(team_id, self.purpose, channel_id, asked_by)

    async def clear_place(self, team_id: str) -> None:
        """Post it nowhere. Raises StoreError."""
        await self.places.decide_nowhere(team_id, self.purpose)

    def find(self, team_id: str) -> str | None:
        """Tell the channel; None for nowhere. From memory."""
        return self.places.find(team_id, self.purpose)

    def is_typed(self, team_id: str) -> bool:
        """Say whether it was decided in Slack, where a first message showed that the app can post. From memory."""
        return self.places.is_typed(team_id, self.purpose)

    def take_asked(self) -> set[tuple[str, str]]:
        """Hand out, once, the workspaces and channels for which it was asked here since this was asked last."""
        return self.places.take_asked(self.purpose)

    async def refresh(self) -> None:
        """Read what was decided, here or by another process. Raises StoreError; what was read before stays."""
        await self.places.refresh()
