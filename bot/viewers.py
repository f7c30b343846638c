"""Who a viewer is while the table is being filled: Slack is asked about that one user, and believed for a minute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.parse import parse_user
from bot.slack import SlackClient, error_word
from bot.slack_words import why_unreachable
from bot.wholesome import MalformedUser
from db.merge import merge
from db.records import Source, User

KEEP_S = 60.0
PATIENCE_S = 5.0
"""How long a page may wait for Slack."""
_UNKNOWN = frozenset({"user_not_found", "users_not_found", "user_not_visible"})


class ViewerUnknown(Exception):
    """Slack did not tell who somebody is. Nothing follows from that about them."""


class Viewers:
    """Asks `users.info` for the workspace that our token belongs to."""

    def __init__(
        self, client: SlackClient, *, team_id: Callable[[], str], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._team_id = team_id
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, User]] = {}

    async def find_user(self, team_id: str, user_id: str) -> User | None:
        """Find one; None where Slack knows nobody by that id. Raises ViewerUnknown."""
        own = self._team_id()
        if not own:
            raise ViewerUnknown("Slack has not told yet which workspace the token belongs to")
        if team_id != own:
            return None
        now_s = self._monotonic()
        self._known = {key: each for key, each in self._known.items() if each[0] > now_s}
        if user_id not in self._known:
            if (user := await self._ask(team_id, user_id)) is None:
                return None
            self._known[user_id] = (now_s + KEEP_S, user)
        return self._known[user_id][1]

    async def _ask(self, team_id: str, user_id: str) -> User | None:
        asked_at_s = self._client.clock.now_s()
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = (await self._client.users_info(user=user_id)).data
        except SlackApiError as error:
            if error_word(error) in _UNKNOWN:
                return None
            raise ViewerUnknown(error_word(error)) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ViewerUnknown(why_unreachable(error)) from error
        return _user(answer, team_id=team_id, user_id=user_id, asked_at_s=asked_at_s)


def _user(answer: object, *, team_id: str, user_id: str, asked_at_s: float) -> User:
    """Read the answer as a row that is not written: the table is filled by runs alone."""
    try:
        seen = parse_user(
            answer.get("user") if isinstance(answer, dict) else None,
            team_id=team_id,
            moment=int(asked_at_s * 1_000_000),
            source=Source.RUN,
            now_s=asked_at_s,
        )
    except MalformedUser as error:
        raise ViewerUnknown(str(error)) from error
    if seen.id != user_id:
        raise ViewerUnknown("Slack answered with somebody else")
    return merge(None, seen).user
