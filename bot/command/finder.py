"""`/usersync find`: the first answers of the directory's own search, as far as whoever asks may see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.blocks.people import card
from bot.blocks.replies import Button, message
from bot.command import found_words
from bot.command.invitation import Invitation, NotInvited
from bot.command.looking import looking
from bot.command.roles import sight_for
from bot.command.typed import Typed, mention_of
from db import Seen, Store
from db.errors import StoreError
from db.filters import UserFilter
from db.records import Kind, State, User
from db.visibility import Policy

Json = dict[str, Any]

MOST = 5
EVERYBODY = UserFilter(kinds=frozenset(Kind) - {Kind.ERASED}, states=frozenset(State))


@dataclass(frozen=True, slots=True)
class Found:
    """The first of those who were found, how many they all are, and what was looked for instead."""

    users: tuple[User, ...]
    total: int
    meant: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a search came to: what is said of it, the first who were found, how many more there are."""

    head: str
    users: tuple[User, ...] = ()
    rest: int = 0
    url: str = ""
    """Where the directory shows the same; empty where only this machine reaches it."""


class Finder:
    """Looks for people."""

    def __init__(
        self,
        store: Store,
        invitation: Invitation,
        *,
        policy: Policy,
        base: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._invitation = invitation
        self._policy = policy
        self._base = base
        """Where the directory is for everybody; empty where only this machine reaches it."""
        self._clock = clock

    async def answer(self, typed: Typed) -> Json:
        """Answer whoever looks for somebody."""
        if not typed.sought:
            return message([found_words.ASK])
        try:
            role = await self._invitation.role_of(typed)
        except NotInvited as error:
            return message([str(error)])
        try:
            async with looking(self._store) as rx:
                seen = Seen(rx, sight_for(role, typed.team_id, self._policy))
                return self._told(await self.look(seen, typed.team_id, typed.sought))
        except StoreError as error:
            return message([found_words.away(error.plain)])

    async def look(self, seen: Seen, team_id: str, sought: str) -> Findings:
        """Look for whom somebody means, in what they may see."""
        if user_id := mention_of(sought):
            user = await seen.find_user(team_id, user_id)
            is_there = user is not None and user.kind is not Kind.ERASED
            return Findings("", (user,)) if user and is_there else Findings(found_words.nobody(""))
        usual = UserFilter(q=sought)
        found = await _first(seen, usual)
        if found.users and not found.meant:
            return self._found(found_words.found(found.total, usual.q), found, usual.q)
        # Who is called just so, be it a bot, is meant rather than somebody who is called nearly so.
        wide = await _first(seen, replace(EVERYBODY, q=usual.q), forgives=not found.users)
        if wide.users and not wide.meant:
            head = found_words.only_elsewhere(wide.total, usual.q, found.meant)
            return self._found(head, wide, usual.q, is_wide=True)
        if found.users:
            return self._found(found_words.forgiven(found.total, usual.q, found.meant), found, usual.q)
        if wide.users:
            return self._found(found_words.forgiven(wide.total, usual.q, wide.meant), wide, usual.q, is_wide=True)
        return Findings(found_words.nobody(usual.q))

    def _found(self, head: str, found: Found, q: str, *, is_wide: bool = False) -> Findings:
        url = found_words.search_url(self._base, q, is_wide=is_wide) if self._base else ""
        return Findings(head, found.users, found.total - len(found.users), url)

    def _told(self, found: Findings) -> Json:
        now = self._clock()
        cards = (card(found_words.card_of(user, now, base=self._base)) for user in found.users)
        button = Button("Open in the directory", found.url, "open_directory") if found.url else None
        foot = [found_words.more(found.rest)] if found.rest else []
        open_words = [found_words.OPEN] if foot and not found.url else []
        return message([found.head, *cards, *foot, *open_words], button=button)


async def _first(seen: Seen, user_filter: UserFilter, *, forgives: bool = True) -> Found:
    page = await seen.list_users(user_filter, limit=MOST, forgives=forgives)
    if page.next_cursor is None:
        return Found(page.users, len(page.users), page.meant)
    total = await seen.count_total(replace(user_filter, q=page.meant or user_filter.q))
    return Found(page.users, total, page.meant)
