"""Where commands are answered: each in an errand of its own, so that the ack never waits for the work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog

from bot.blocks.replies import message
from bot.command import person_words, words
from bot.command.answers import Answer, Answers
from bot.command.invitation import Invitation
from bot.command.one_person import OnePerson
from bot.command.presses import Presses
from bot.command.resyncs import Resyncs
from bot.command.roles import Role, Roles, RoleUnknown
from bot.command.table import Entry, Whom, help_words, nearest
from bot.command.typed import Typed, Word, mention_of, read_typed
from bot.errands import Errands
from bot.home.desk import HomeDesk

log = structlog.get_logger(__name__)

Json = dict[str, Any]
Answering = Mapping[Word, Callable[[Typed], Awaitable[Json]]]
"""Words that are answered by one message, and who makes it."""


class Desk:
    """Answers `/usersync`, its buttons, and who opens the Home tab."""

    def __init__(
        self,
        errands: Errands,
        answers: Answers,
        *,
        table: Sequence[Entry],
        is_known: Callable[[str], bool],
        roles: Roles,
        invitation: Invitation,
        resyncs: Resyncs,
        one_person: OnePerson,
        answering: Answering,
        presses: Presses,
        home: HomeDesk,
    ) -> None:
        self._errands = errands
        self._answers = answers
        self._table = {each.word: each for each in table}
        self._help = help_words(table)
        self._is_known = is_known
        self._roles = roles
        self._invitation = invitation
        self._resyncs = resyncs
        self._one_person = one_person
        self._answering = answering
        self._presses = presses
        self._home = home

    def take(self, payload: Mapping[str, Any]) -> None:
        """Begin to answer a command, and return at once."""
        typed = read_typed(payload)
        answer = self._answers.to(typed)
        log.info("a command came in", word=typed.word.value if typed.word is not None else "unknown")

        async def apologise() -> None:
            await answer.end(message([words.FAILED]))

        self._errands.start(self._answer(typed, answer), name="an answer to a command", on_failed=apologise)

    def press(self, payload: Mapping[str, Any]) -> None:
        """Begin to answer a press of a button, and return at once."""
        self._presses.take(payload)

    def open_home(self, payload: Mapping[str, Any]) -> None:
        """Begin to show a Home to whoever opened it, and return at once."""
        self._home.open(payload)

    async def _answer(self, typed: Typed, answer: Answer) -> None:
        word = typed.word
        if word is None or (word is not Word.BARE and word not in self._table):
            await answer.end(self._unknown(typed))
        elif word is Word.HELP:
            await answer.end(message([self._help]))
        elif not self._is_known(typed.team_id):
            await answer.end(message([words.NOT_KNOWN]))
        elif word in self._answering and self._table[word].whom is Whom.EVERYBODY:
            await answer.end(await self._answering[word](typed))
        else:
            await self._for_admins(typed, word, answer)

    def _unknown(self, typed: Typed) -> Json:
        near = nearest(typed.text, list(self._table.values()))
        return message([words.unknown(typed.text, near), *([] if near else [self._help])])

    async def _for_admins(self, typed: Typed, word: Word, answer: Answer) -> None:
        """Serve admins and owners; others are told why not, or get the directory if they asked for nothing."""
        try:
            is_admin = (await self._role(typed, word)).is_admin
        except RoleUnknown as error:
            await answer.end(message([words.not_told(str(error))]))
            return
        if not is_admin:
            await answer.end(await self._refused(typed, word))
        elif word in self._answering:
            await answer.end(await self._answering[word](typed))
        elif typed.rest:
            user_id = mention_of(typed.rest)
            asked = self._one_person.answer(typed.team_id, user_id) if user_id else None
            await answer.end(await asked if asked else message([person_words.ASK]))
        else:
            await self._resyncs.run(typed, answer, is_confirmed=word is Word.CONFIRM)

    async def _refused(self, typed: Typed, word: Word) -> Json:
        if word is Word.BARE:
            return await self._invitation.answer(typed)
        return message([words.REFUSED if word in (Word.RESYNC, Word.CONFIRM) else words.ADMINS_ONLY])

    async def _role(self, typed: Typed, word: Word) -> Role:
        if word is Word.CONFIRM:
            return await self._roles.find_surely(typed.team_id, typed.user_id)
        if word is Word.BARE:
            return await self._roles.find(typed.team_id, typed.user_id, is_enough=lambda role: role.is_active)
        return await self._roles.find(typed.team_id, typed.user_id, is_enough=lambda role: role.is_admin)
