"""Runs asked for on a page of a process that makes none: written down as wishes, and taken by one that does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from bot.elsewhere import Elsewhere
from bot.others_words import said_by
from bot.roster import Roster
from bot.window_deeds import ASKED, NOT_OF_HERE, NOTHING_HELD, REFUSED, UNDER_WAY, LetterDeeds, Outcome, WindowDeeds
from db import Store
from db.errors import StoreError
from db.wishes import RunWish

log = structlog.get_logger(__name__)

NOBODY = (
    "Nobody follows Slack right now: no usersync on this database does, so changes do not arrive and nobody is read. "
    "Start `usersync serve --only bot` (or `usersync serve`)."
)


class FarDeeds(LetterDeeds):
    """Does what needs the database alone, and writes down the rest."""

    def __init__(
        self,
        store: Store,
        roster: Roster,
        elsewhere: Elsewhere,
        *,
        team_id: Callable[[], str],
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(store, clock=clock)
        self._roster = roster
        self._elsewhere = elsewhere
        self._team_id = team_id

    async def resync(self, team_id: str, user_id: str) -> Outcome:
        """Ask for a run: asked for, under way already, or refused; what comes of it is known to who takes it alone."""
        return await self._wish(team_id, user_id)

    async def confirm(self, team_id: str, user_id: str, *, run_id: int) -> Outcome:
        """The same for one that may mark many people missing.

        Who takes the wish asks Slack who that is, and looks whether the run that was confirmed is still the last.
        """
        return await self._wish(team_id, user_id, confirms=run_id)

    async def _wish(self, team_id: str, user_id: str, *, confirms: int | None = None) -> Outcome:
        known = self._team_id()
        if known and known != team_id:
            return Outcome(REFUSED, NOT_OF_HERE)
        if not self._roster.bots:
            return Outcome(REFUSED, NOBODY)
        if all(each.refusal for each in self._roster.bots):
            one = self._roster.bots[0]
            return Outcome(REFUSED, said_by(one, one.trouble or one.refusal or ""))
        if self._elsewhere.glance.run is not None:
            return Outcome(UNDER_WAY)
        try:
            async with self._store.transaction() as tx:
                await tx.wishes.ask(team_id, user_id, confirms=confirms)
                tx.rings()
        except StoreError as error:
            return Outcome(REFUSED, error.plain)
        log.info("a run was wished for from a page", is_confirmed=confirms is not None)
        return Outcome(ASKED)


class WishTaker:
    """Takes what others have written down, each wish once, and asks for its run here."""

    def __init__(
        self,
        store: Store,
        deeds: WindowDeeds,
        *,
        team_id: Callable[[], str],
        is_ready: Callable[[], bool],
        is_idle: Callable[[], bool],
    ) -> None:
        """`is_ready` says whether a run could begin here; otherwise another process may take the wish.

        `is_idle` says whether none is under way here or waited for: one that began without a confirmation has none.
        """
        self._store = store
        self._deeds = deeds
        self._team_id = team_id
        self._is_ready = is_ready
        self._is_idle = is_idle

    async def look(self) -> None:
        """Look once. Raises StoreError."""
        if not (team_id := self._team_id()) or not self._is_ready():
            return
        async with self._store.reading() as rx:
            wishes = await rx.wishes.list_wishes(team_id)
        for wish in wishes:
            if wish.is_confirmed and not self._is_idle():
                continue
            async with self._store.transaction() as tx:
                is_ours = await tx.wishes.take(wish)
            if not is_ours:
                continue
            outcome = await self._ask(wish)
            log.info("a wish for a run was taken", is_confirmed=wish.is_confirmed, outcome=outcome.word)

    async def _ask(self, wish: RunWish) -> Outcome:
        if not wish.is_confirmed:
            return await self._deeds.resync(wish.team_id, wish.asked_by)
        if wish.run_id is None:  # nobody can tell what it was about
            return Outcome(NOTHING_HELD)
        return await self._deeds.confirm(wish.team_id, wish.asked_by, run_id=wish.run_id)
