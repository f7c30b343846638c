"""Homes as they stand before people: what each looks at is remembered, and one is published after the other.

While one is being published, whatever else its viewer does waits for one publication more, however much it is.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from bot.home.contents import Contents
from bot.home.opened import Viewer
from bot.home.publisher import Publisher
from bot.home.sheet import Sheet

REMEMBERED = 1_000
"""So many Homes are remembered; whoever looks at another one after that begins anew."""
MOST_NOTES = 5
"""So many of the newest are shown at once."""


@dataclass(slots=True)
class _Place:
    """Where one person's Home stands."""

    sheet: Sheet
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_awaited: bool = False
    """Whether somebody waits for the turn already, and will show all that has moved until then."""
    notes: list[str] = field(default_factory=list)
    """What the next publication tells."""


class Sheets:
    """Shows Homes."""

    def __init__(self, contents: Contents, publisher: Publisher) -> None:
        self._contents = contents
        self._publisher = publisher
        self._places: OrderedDict[Viewer, _Place] = OrderedDict()

    async def open(self, viewer: Viewer) -> None:
        """Show somebody's Home from its beginning."""
        place = self._place(viewer)
        place.sheet = Sheet(viewer)
        await self._publish(place)

    async def show(
        self, viewer: Viewer, *notes: str, sought: str | None = None, shows_letters: bool | None = None
    ) -> None:
        """Show it as it was, with what has moved of its sheet, and notes on what was just done."""
        place = self._place(viewer)
        if sought is not None:
            place.sheet = replace(place.sheet, sought=sought)
        if shows_letters is not None:
            place.sheet = replace(place.sheet, shows_letters=shows_letters)
        place.notes += [each for each in notes if each and each not in place.notes]
        await self._publish(place)

    async def _publish(self, place: _Place) -> None:
        """Gather and publish within its turn, so that what is published last is what was gathered last."""
        if place.is_awaited:
            return
        place.is_awaited = True
        async with place.turn:
            place.is_awaited = False
            sheet = replace(place.sheet, note=tuple(place.notes[-MOST_NOTES:]))
            place.notes.clear()
            parts, is_for_admins = await self._contents.make(sheet)
            await self._publisher.publish(sheet.viewer.user_id, parts, is_for_admins=is_for_admins)

    def _place(self, viewer: Viewer) -> _Place:
        place = self._places.setdefault(viewer, _Place(Sheet(viewer)))
        self._places.move_to_end(viewer)
        if len(self._places) > REMEMBERED:
            self._forget_oldest(but=viewer)
        return place

    def _forget_oldest(self, *, but: Viewer) -> None:
        """Forget whoever has not looked for longest, unless something is on its way to them: it keeps its turn."""
        idle = (viewer for viewer, place in self._places.items() if viewer != but and not place.turn.locked())
        if (oldest := next(idle, None)) is not None:
            del self._places[oldest]
