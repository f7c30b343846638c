"""Where presses of our buttons are answered: each in an errand of its own, and only for whom Slack calls an admin."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from bot.blocks.replies import message
from bot.command import letter_words, words
from bot.command.answers import Answers
from bot.command.cancelling import cancelled_elsewhere
from bot.command.pressed import ON_HOME_ALONE, Deed, Pressed, read_pressed
from bot.command.roles import Roles, RoleUnknown
from bot.command.unreadable import Unreadable
from bot.errands import Errands
from bot.runs.schedule import Schedule
from db.errors import StoreError

log = structlog.get_logger(__name__)

Json = dict[str, Any]

SOON_S = 3
"""Within so long a cancelled run has ended as a rule, and its own message says so."""


class Presses:
    """Answers buttons."""

    def __init__(
        self,
        errands: Errands,
        answers: Answers,
        *,
        is_known: Callable[[str], bool],
        roles: Roles,
        runs: Schedule,
        unreadable: Unreadable,
        on_home: Callable[[Pressed], None],
    ) -> None:
        """`on_home` takes what was pressed on a Home, which is answered there."""
        self._errands = errands
        self._answers = answers
        self._is_known = is_known
        self._roles = roles
        self._runs = runs
        self._unreadable = unreadable
        self._on_home = on_home

    def take(self, payload: Mapping[str, Any]) -> None:
        """Begin to answer a press, and return at once."""
        pressed = read_pressed(payload)
        if pressed.deed is None:
            return
        log.info("a button was pressed", deed=pressed.deed.value)
        if pressed.is_on_home:
            self._on_home(pressed)
            return
        if pressed.deed in ON_HOME_ALONE:
            return

        async def apologise() -> None:
            await self._answers.to(pressed).end(message([words.FAILED]))

        self._errands.start(self._answer(pressed, pressed.deed), name="an answer to a press", on_failed=apologise)

    async def _answer(self, pressed: Pressed, deed: Deed) -> None:
        if refusal := await self._refusal(pressed):
            await self._answers.to(pressed).end(message([refusal]))
        elif deed is Deed.CANCEL_RUN:
            await self._cancel(pressed)
        else:
            await self._handle(pressed, deed)

    async def _refusal(self, pressed: Pressed) -> str:
        """Say why somebody may not; empty where they may. What cannot be undone is asked of Slack first."""
        if not self._is_known(pressed.team_id):
            return words.NOT_KNOWN
        try:
            role = await self._roles.find_surely(pressed.team_id, pressed.user_id)
        except RoleUnknown as error:
            return words.not_told(str(error))
        return "" if role.is_admin else words.ADMINS_ONLY

    async def _cancel(self, pressed: Pressed) -> None:
        """Let a run end; the messages about it say so themselves, so it is only told where that takes a while."""
        ticket = self._runs.cancel(pressed.value, by=pressed.user_id)
        if ticket is None:
            team_id, by = pressed.team_id, pressed.user_id
            told = await cancelled_elsewhere(self._runs, pressed.value, team_id=team_id, by=by)
            await self._answers.to(pressed).end(message([told]))
            return
        log.info("a run was cancelled")
        await asyncio.wait([ticket.ended], timeout=SOON_S)
        if not ticket.ended.done():
            await self._answers.to(pressed).end(message([words.CANCELLING]))

    async def _handle(self, pressed: Pressed, deed: Deed) -> None:
        """Do something with an unreadable event, and show the list anew in its place."""
        deeds = {
            Deed.REPLAY: self._unreadable.replay,
            Deed.REPLAY_ALIKE: self._unreadable.replay_alike,
            Deed.DROP: self._unreadable.drop,
        }
        try:
            shown = await self._unreadable.answer(
                pressed.team_id, note=await deeds[deed](pressed.team_id, pressed.number)
            )
        except StoreError as error:
            await self._answers.to(pressed).end(message([letter_words.undone(error.plain)]))
            return
        await self._answers.to(pressed, in_place=True).end(shown)
