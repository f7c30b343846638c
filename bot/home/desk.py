"""Where Homes are opened, and presses on them answered: each in an errand of its own, and always on the Home itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import structlog

from bot.command import letter_words
from bot.command import words as command_words
from bot.command.pressed import Deed, Pressed
from bot.command.roles import Roles, RoleUnknown
from bot.command.typed import MOST_SOUGHT
from bot.command.unreadable import Unreadable
from bot.errands import Errands
from bot.home.door import Door
from bot.home.followed import Followed
from bot.home.opened import Viewer, read_opened
from bot.home.publisher import Publisher
from bot.home.sheets import Sheets
from db.errors import StoreError

log = structlog.get_logger(__name__)

HARMLESS = frozenset({Deed.RESYNC, Deed.SHOW_LETTERS})
"""Of what admins do: for these the table's word is enough, for the rest Slack is asked first who somebody is."""


class HomeDesk:
    """Answers whoever opens a Home, or presses something on it."""

    def __init__(
        self,
        errands: Errands,
        *,
        is_known: Callable[[str], bool],
        roles: Roles,
        sheets: Sheets,
        publisher: Publisher,
        door: Door,
        followed: Followed,
        unreadable: Unreadable,
    ) -> None:
        self._errands = errands
        self._is_known = is_known
        self._roles = roles
        self._sheets = sheets
        self._publisher = publisher
        self._door = door
        self._followed = followed
        self._unreadable = unreadable

    def open(self, payload: Mapping[str, Any]) -> None:
        """Begin to show a Home to whoever opened it, and return at once; another tab is nothing to us."""
        viewer = read_opened(payload)
        if viewer is not None:
            self._begin(viewer, self._sheets.open(viewer))

    def take(self, pressed: Pressed) -> None:
        """Begin to answer a press on a Home, and return at once."""
        if pressed.deed is not None:
            viewer = Viewer(pressed.team_id, pressed.user_id)
            self._begin(viewer, self._answer(viewer, pressed, pressed.deed))

    def _begin(self, viewer: Viewer, work: Coroutine[Any, Any, None]) -> None:
        async def apologise() -> None:
            await self._publisher.publish(viewer.user_id, [command_words.FAILED])

        self._errands.start(work, name="a Home", on_failed=apologise)

    async def _answer(self, viewer: Viewer, pressed: Pressed, deed: Deed) -> None:
        if deed is Deed.SEARCH:
            await self._sheets.show(viewer, sought=" ".join(pressed.value.split())[:MOST_SOUGHT])
        elif deed is Deed.REFRESH or not self._is_known(viewer.team_id):
            await self._sheets.show(viewer)  # which says it where nobody knows the workspace
        elif deed is Deed.OPEN:
            if note := await self._door.open(pressed):
                await self._sheets.show(viewer, note)
        elif refusal := await self._refusal(viewer, deed):
            await self._sheets.show(viewer, refusal)
        else:
            await self._do(viewer, pressed, deed)

    async def _refusal(self, viewer: Viewer, deed: Deed) -> str:
        """Say why somebody may not; empty where they may."""
        try:
            if deed in HARMLESS:
                role = await self._roles.find(viewer.team_id, viewer.user_id, is_enough=lambda role: role.is_admin)
            else:
                role = await self._roles.find_surely(viewer.team_id, viewer.user_id)
        except RoleUnknown as error:
            return command_words.not_told(str(error))
        if role.is_admin:
            return ""
        return command_words.REFUSED if deed in (Deed.RESYNC, Deed.CONFIRM) else command_words.ADMINS_ONLY

    async def _do(self, viewer: Viewer, pressed: Pressed, deed: Deed) -> None:
        if deed is Deed.RESYNC:
            await self._followed.resync(viewer)
        elif deed is Deed.CONFIRM:
            await self._followed.confirm(viewer, pressed)
        elif deed is Deed.CANCEL_RUN:
            await self._followed.cancel(viewer, pressed)
        elif deed is Deed.SHOW_LETTERS:
            await self._sheets.show(viewer, shows_letters=True)
        else:
            await self._handle(viewer, pressed, deed)

    async def _handle(self, viewer: Viewer, pressed: Pressed, deed: Deed) -> None:
        """Do something with an unreadable event, and show the list anew."""
        deeds: dict[Deed, Callable[[str, int], Awaitable[str]]] = {
            Deed.REPLAY: self._unreadable.replay,
            Deed.REPLAY_ALIKE: self._unreadable.replay_alike,
            Deed.DROP: self._unreadable.drop,
        }
        try:
            note = await deeds[deed](viewer.team_id, pressed.number)
        except StoreError as error:
            note = letter_words.undone(error.plain)
        await self._sheets.show(viewer, note, shows_letters=True)
