"""`users.list` by cursor: one clean page after the other, in smaller ones where Slack cannot make them so large.

Facts: docs.slack.dev, users.list (tier 2, `limit` at most 1000, an empty cursor ends), Pagination.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from bot.runs.patience import Json, PassFailed, Patience, Refused
from bot.runs.progress import PAGE_USERS
from bot.slack import SlackClient

log = structlog.get_logger(__name__)

SIZES = (PAGE_USERS, 500, 200)
"""Users a page; 1000 is Slack's limit, and one less is known to be safe."""
_TOO_LARGE = frozenset(
    {"limit_required", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "TimeoutError"}
)
"""Slack's servers may stumble over a large page, and manage a smaller one."""
_CURSOR_REFUSED = frozenset({"invalid_cursor"})


class CursorRefused(PassFailed):
    """Slack does not know the cursor any more; the list has to be read from its beginning."""


@dataclass(frozen=True, slots=True)
class SlackPage:
    """The members of one page, the cursor of the next (None at the end), and Slack's now when it was asked for."""

    members: list[Any]
    next_cursor: str | None
    asked_at_s: float


class Pages:
    """Asks for the pages of one walk."""

    def __init__(self, client: SlackClient, patience: Patience, *, team_id: str) -> None:
        self._client = client
        self._patience = patience
        self._team_id = team_id
        self._size = 0
        self._seen: set[str] = set()
        self._asked_at_s = 0.0

    async def fetch(self, cursor: str | None) -> SlackPage:
        """Fetch the page at a cursor; None is the beginning. Raises CursorRefused, PassFailed."""
        if cursor is not None:
            if cursor in self._seen:
                raise PassFailed("Slack's pages go in a circle.")
            self._seen.add(cursor)

        async def call() -> Any:
            self._asked_at_s = self._client.clock.now_s()
            return await self._client.users_list(
                team_id=self._team_id, limit=SIZES[self._size], include_locale=True, cursor=cursor
            )

        try:
            answer = await self._patience.ask(
                call, final=_CURSOR_REFUSED, check=_trouble_with, on_trouble=self._take_less
            )
        except Refused as error:
            if error.word in _CURSOR_REFUSED:
                raise CursorRefused("Slack does not know the cursor any more.") from error
            raise
        return SlackPage(answer["members"], _next_cursor(answer) or None, self._asked_at_s)

    def forget(self) -> None:
        """Begin again from the first page."""
        self._seen.clear()

    def _take_less(self, word: str) -> None:
        """Ask for smaller pages after `limit_required` or an error of Slack's servers."""
        if (word in _TOO_LARGE or word.startswith("HTTP 5")) and self._size < len(SIZES) - 1:
            self._size += 1
            log.info("pages are asked for in a smaller size", users=SIZES[self._size])


def _trouble_with(answer: Json) -> str | None:
    if not isinstance(answer.get("members"), list):
        return "Slack's page holds no list of members."
    if _next_cursor(answer) is None:
        return "Slack's page does not tell whether another follows."
    return None


def _next_cursor(answer: Json) -> str | None:
    """Read the cursor; empty, null or absent is the end. None for anything else: that is no end at all."""
    metadata = answer.get("response_metadata")
    if metadata is None:
        return ""
    if not isinstance(metadata, dict):
        return None
    cursor = metadata.get("next_cursor")
    if cursor is None:
        return ""
    return cursor if isinstance(cursor, str) else None
