"""Where commands are answered: each in an errand of its own, so that the ack never waits for the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from bot.blocks.replies import message
from bot.command import words
from bot.command.answers import Answer, Answers
from bot.command.finder import Finder
from bot.command.invitation import Invitation
from bot.command.report import Report
from bot.command.resyncs import Resyncs
from bot.command.roles import Roles, RoleUnknown
from bot.command.typed import Typed, Word, read_typed
from bot.errands import Errands

log = structlog.get_logger(__name__)


class Desk:
    """Answers `/usersync`."""

    def __init__(
        self,
        errands: Errands,
        answers: Answers,
        *,
        is_known: Callable[[str], bool],
        roles: Roles,
        invitation: Invitation,
        resyncs: Resyncs,
        report: Report,
        finder: Finder,
    ) -> None:
        self._errands = errands
        self._answers = answers
        self._is_known = is_known
        self._roles = roles
        self._invitation = invitation
        self._resyncs = resyncs
        self._report = report
        self._finder = finder

    def take(self, payload: Mapping[str, Any]) -> None:
        """Begin to answer a command, and return at once."""
        typed = read_typed(payload)
        answer = self._answers.to(typed)
        log.info("a command came in", word=typed.word.value if typed.word is not None else "unknown")

        async def apologise() -> None:
            await answer.end(message([words.FAILED]))

        self._errands.start(self._answer(typed, answer), name="an answer to a command", on_failed=apologise)

    async def _answer(self, typed: Typed, answer: Answer) -> None:
        if typed.word is None:
            await answer.end(message([words.unknown(typed.text), words.HELP]))
        elif typed.word is Word.HELP:
            await answer.end(message([words.HELP]))
        elif not self._is_known(typed.team_id):
            await answer.end(message([words.NOT_KNOWN]))
        elif typed.word is Word.STATUS:
            await answer.end(await self._report.answer(typed.team_id))
        elif typed.word is Word.FIND:
            await answer.end(await self._finder.answer(typed))
        elif typed.word is Word.OPEN:
            await answer.end(await self._invitation.answer(typed))
        else:
            await self._resync(typed, answer)

    async def _resync(self, typed: Typed, answer: Answer) -> None:
        """Run for admins and owners; others are told why not, or get the directory if they asked for nothing."""
        try:
            is_admin = await self._is_admin(typed)
        except RoleUnknown as error:
            await answer.end(message([words.not_told(str(error))]))
            return
        if is_admin:
            await self._resyncs.run(typed, answer, is_confirmed=typed.word is Word.CONFIRM)
        elif typed.word is Word.BARE:
            await answer.end(await self._invitation.answer(typed))
        else:
            await answer.end(message([words.REFUSED]))

    async def _is_admin(self, typed: Typed) -> bool:
        if typed.word is Word.CONFIRM:
            role = await self._roles.find_surely(typed.team_id, typed.user_id)
        elif typed.word is Word.BARE:
            role = await self._roles.find(typed.team_id, typed.user_id, is_enough=lambda role: role.is_active)
        else:
            role = await self._roles.find(typed.team_id, typed.user_id, is_enough=lambda role: role.is_admin)
        return role.is_admin
