"""`usersync purge`, `hide` and `unhide`: what is done to one user at the operator's word, and how it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime

from bot.operator import NobodyMeant, whom, whom_or_id
from bot.runs.words import counted
from db import Store, purge, set_hidden
from db.errors import StillActive, StoreUnavailable
from db.traces import Gone
from db.wiping import Wiped

PATIENCE_S = 60


class NotPurged(Exception):
    """They are still active in Slack. The message says so, and what to do instead."""


class NotWiped(Exception):
    """Rows are gone, and something stands in the way of wiping their bytes. The message says what, and how to go on."""


class Erasure:
    """What an operator may do to one user."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime], patience_s: float = PATIENCE_S) -> None:
        """`patience_s` is for whoever holds the file while it should be rewritten."""
        self._store = store
        self._clock = clock
        self._patience_s = patience_s

    async def purge(self, word: str) -> AsyncIterator[str]:
        """Erase for good, line by line. Raises NobodyMeant, SeveralMeant, NotPurged, NotWiped, StoreUnavailable."""
        team_id, user_id = await whom_or_id(self._store, word.strip())
        try:
            async with self._store.transaction() as tx:
                gone = await purge(tx, team_id, user_id, now=self._clock())
        except StillActive:
            raise NotPurged(_STILL_ACTIVE.format(key=f"{team_id}/{user_id}")) from None
        if gone is None:
            raise NobodyMeant(f"Nobody is known here as {team_id}/{user_id}, and nothing here speaks of that id.")
        yield f"{team_id}/{user_id} is purged: the row{_also(gone)}."
        yield "The id stays, so that nothing that Slack says later brings anything back."
        try:
            wiped = await self._store.wipe(patience_s=self._patience_s)
        except StoreUnavailable as error:
            raise NotWiped(_NOT_WIPED.format(reason=error)) from error
        for line in wiped_lines(wiped):
            yield line
        if wiped.trouble:
            raise NotWiped(wiped.trouble)

    async def hide(self, word: str, *, is_hidden: bool) -> str:
        """Keep somebody out of every surface, or no longer. Raises NobodyMeant, SeveralMeant, StoreUnavailable."""
        team_id, user_id = await whom(self._store, word.strip())
        async with self._store.transaction() as tx:
            is_new = await set_hidden(tx, team_id, user_id, is_hidden=is_hidden, now=self._clock())
        key = f"{team_id}/{user_id}"
        if is_new:
            return (
                f"{key} is hidden: from pages, searches, counts, exports, the API and Slack."
                if is_hidden
                else (f"{key} is shown again.")
            )
        async with self._store.reading() as rx:
            user = await rx.users.find_user(team_id, user_id)
        if user is None:
            raise NobodyMeant(f"{key} has no row yet, so there is nothing to hide. Ask again after the first run.")
        if user.is_forgotten:
            return f"{key} is erased; there is nothing left to {'hide' if is_hidden else 'show'}."
        return f"{key} is hidden already." if is_hidden else f"{key} is not hidden."


def wiped_lines(wiped: Wiped) -> list[str]:
    """Say what was wiped, and what is out of reach."""
    copies = [f"Deleted, since it held people erased since: {path}" for path in wiped.copies]
    done = [] if wiped.trouble else ["The space of what was deleted was given back to the database."]
    return [*copies, *done, "Out of reach of usersync:", *(f"- {each}" for each in wiped.out_of_reach)]


def _also(gone: Gone) -> str:
    words = (
        (gone.changes, "recorded change", "recorded changes"),
        (gone.letters, "dead letter", "dead letters"),
        (gone.links, "sign-in link", "sign-in links"),
        (gone.sessions, "ended session", "ended sessions"),
        (gone.alerts, "alert", "alerts"),
        (gone.runs, "note of who asked for a run", "notes of who asked for a run"),
        (gone.wishes, "wish for a run", "wishes for a run"),
    )
    return "".join(f", {counted(count, one, many)}" for count, one, many in words if count)


_NOT_WIPED = (
    "All of that is gone from the tables, and its bytes are still in the file: it could not be rewritten ({reason}). "
    "Say the same again later; usersync serve tries by itself as well."
)
_STILL_ACTIVE = (
    "{key} is active in Slack, so every run would bring them up again; nothing was changed. Deactivate them in Slack "
    "first, or keep them out of every page and answer: usersync hide {key}"
)
