"""Homes as they stand before people: what each looks at is remembered, and one is published after the other."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Any

from bot.home.contents import Contents
from bot.home.opened import Viewer
from bot.home.publisher import Publisher
from bot.home.sheet import Sheet

REMEMBERED = 1_000
"""So many Homes are remembered; whoever looks at another one after that begins anew."""


@dataclass(slots=True)
class _Place:
    """Where one person's Home stands."""

    sheet: Sheet
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_awaited: bool = False
    """Whether it waits for its turn to be shown from its beginning."""


class Sheets:
    """Shows Homes."""

    def __init__(self, contents: Contents, publisher: Publisher) -> None:
        self._contents = contents
        self._publisher = publisher
        self._places: OrderedDict[Viewer, _Place] = OrderedDict()

    async def open(self, viewer: Viewer) -> None:
        """Show somebody's Home from its beginning; who opens it again and again waits for one publication."""
        place = self._place(viewer)
        place.sheet = Sheet(viewer)
        if place.is_awaited:
            return
        place.is_awaited = True
        async with place.turn:
            place.is_awaited = False
            await self._publish(place)

    async def show(self, viewer: Viewer, *note: str, **moves: Any) -> None:
        """Show it as it was, with what has moved of its sheet, and a note on what was just done."""
        place = self._place(viewer)
        place.sheet = replace(place.sheet, **moves)
        async with place.turn:
            await self._publish(place, *note)

    async def _publish(self, place: _Place, *note: str) -> None:
        """Gather and publish within its turn, so that what is published last is what was gathered last."""
        sheet = replace(place.sheet, note=tuple(each for each in note if each))
        parts, is_for_admins = await self._contents.make(sheet)
        await self._publisher.publish(sheet.viewer.user_id, parts, is_for_admins=is_for_admins)

    def _place(self, viewer: Viewer) -> _Place:
        place = self._places.setdefault(viewer, _Place(Sheet(viewer)))
        self._places.move_to_end(viewer)
        if len(self._places) > REMEMBERED:
            self._places.popitem(last=False)
        return place
