"""`/usersync resync @user`: Slack is asked about one person, and its answer goes the way of a run; nobody is marked.

Facts: docs.slack.dev, users.info (tier 4; `user_not_found`, `user_not_visible`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from bot.blocks.people import card
from bot.blocks.replies import escape, message
from bot.command import person_words as words
from bot.command.found_words import card_of
from bot.command.looking import looking
from bot.commit import Committed, commit_entries
from bot.entries import Entry, entry_of_member
from bot.slack import SlackClient
from bot.slack_calls import CallFailed, answered
from bot.slack_words import out_of_reach
from bot.to_its_end import to_its_end
from db import Seen, Store
from db.errors import StoreError
from db.records import Kind, User
from db.sight import sight_of
from db.visibility import Audience, Policy

log = structlog.get_logger(__name__)

Json = dict[str, Any]

PATIENCE_S = 5
_NOT_FOUND = frozenset({"user_not_found", "users_not_found"})


class Unanswered(Exception):
    """Slack said nothing that could be used; the message says why, as an answer."""


class OnePerson:
    """Reads one person again, for admins."""

    def __init__(
        self,
        store: Store,
        client: SlackClient,
        *,
        policy: Policy,
        base: str,
        clock: Callable[[], datetime],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._store = store
        self._client = client
        self._policy = policy
        self._base = base
        self._clock = clock
        self._patience_s = patience_s

    async def answer(self, team_id: str, user_id: str) -> Json:
        """Read a user of the workspace again, and tell what that changed."""
        try:
            async with looking(self._store) as rx:
                workspace = await rx.workspaces.find_workspace(team_id)
            if workspace is None or workspace.backfilled_at is None:
                return message([words.FIRST_RUN])
            entry = await self._ask(team_id, user_id)
            done = await to_its_end(commit_entries(self._store, [entry], now=self._clock()))
            log.info("a person was read again", changes=len(done.changes), put_aside=len(done.put_aside))
            return message(await self._told(team_id, user_id, done))
        except Unanswered as error:
            return message([str(error)])
        except StoreError as error:
            return message([words.away(error.plain)])

    async def _ask(self, team_id: str, user_id: str) -> Entry:
        """Ask Slack. Raises Unanswered."""
        asked_at_s = self._client.clock.now_s()
        try:
            call = self._client.users_info(user=user_id, include_locale=True)
            answer = await answered(call, within_s=self._patience_s)
        except CallFailed as failure:
            raise Unanswered(_refusal(failure, user_id)) from failure
        user = answer.data.get("user") if isinstance(answer.data, dict) else None
        if not isinstance(user, dict) or user.get("id") != user_id:
            # An enterprise may answer with an id of its own: they exist, and that row is not theirs to fill.
            raise Unanswered(words.unanswered("Slack's answer is not about this person."))
        # It says how things were a moment before it was asked for, like a page of a run.
        return entry_of_member(user, team_id=team_id, moment=int((asked_at_s - 1) * 1_000_000), now_s=asked_at_s)

    async def _told(self, team_id: str, user_id: str, done: Committed) -> list[str]:
        if reason := next(iter([*done.put_aside.values(), *done.refused.values()]), ""):
            return [words.put_aside(reason)]
        sight = sight_of(self._policy, Audience.ADMINS, frozenset({team_id}))
        async with looking(self._store) as rx:
            user = await Seen(rx, sight).find_user(team_id, user_id)
        if user is None:
            return [words.UNSHOWN]
        if user.kind is Kind.ERASED:
            return [words.ERASED]
        seen = [change for each in done.changes if (change := sight.change(each, user)) is not None]
        return [words.told(seen), self._card(user)]

    def _card(self, user: User) -> str:
        return card(card_of(user, self._clock(), base=self._base))


def _refusal(failure: CallFailed, user_id: str) -> str:
    if not failure.word:
        return words.unanswered(out_of_reach(str(failure)))
    if failure.word in _NOT_FOUND:
        return words.not_found(user_id)
    if failure.word == "user_not_visible":
        return words.NOT_VISIBLE
    if failure.wait_s:
        return words.unanswered(f"Slack asks to wait for {failure.wait_s} s.")
    return words.unanswered(f"Slack answers {escape(failure.word)}.")
