"""`users.list` by cursor: one page at a time, with patience for what passes and plain words for what does not.

Facts: docs.slack.dev, users.list (tier 2, `limit` at most 1000, an empty cursor ends), Pagination, Rate limits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.backoff import Backoff
from bot.slack import UNREADABLE, SlackClient, error_word

log = structlog.get_logger(__name__)

PAGE_USERS = 999
TRIES = 6
LONGEST_WAIT_S = 600
_PASSING = frozenset(
    {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout", UNREADABLE}
)


class PassFailed(Exception):
    """A pass could not be ended. The message says why; nobody was marked or changed for it."""


class _CursorRefused(PassFailed):
    """Slack does not know the cursor any more."""


@dataclass(frozen=True, slots=True)
class SlackPage:
    """The members of one page, and Slack's now (epoch seconds) when it was asked for."""

    members: list[Any]
    asked_at_s: float


async def pages(
    client: SlackClient, *, team_id: str, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncIterator[SlackPage]:
    """Walk the whole list; where Slack refuses a cursor, begin again once. Raises PassFailed."""
    try:
        async for page in _walk(client, team_id=team_id, sleep=sleep):
            yield page
    except _CursorRefused:
        log.info("Slack forgot the cursor, so the walk begins again", team_id=team_id)
        async for page in _walk(client, team_id=team_id, sleep=sleep):
            yield page


async def _walk(
    client: SlackClient, *, team_id: str, sleep: Callable[[float], Awaitable[None]]
) -> AsyncIterator[SlackPage]:
    cursor, seen = "", set[str]()
    while True:
        asked_at_s = client.clock.now_s()
        answer = await _page(client, team_id=team_id, cursor=cursor, sleep=sleep)
        members = answer.get("members")
        if not isinstance(members, list):
            raise PassFailed("Slack's page holds no list of members.")
        yield SlackPage(members, asked_at_s)
        cursor = _next_cursor(answer)
        if not cursor:
            return
        if cursor in seen:
            raise PassFailed("Slack's pages go in a circle.")
        seen.add(cursor)


async def _page(
    client: SlackClient, *, team_id: str, cursor: str, sleep: Callable[[float], Awaitable[None]]
) -> dict[str, Any]:
    backoff = Backoff(first_s=1, longest_s=10, sleep=sleep)
    asked: dict[str, Any] = {"team_id": team_id, "limit": PAGE_USERS, "include_locale": True}
    for tries in range(1, TRIES + 1):
        try:
            answer = await client.users_list(**asked, cursor=cursor or None)
        except SlackApiError as error:
            pause_s, words = _judged(error)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            pause_s, words = 0.0, f"Slack cannot be reached ({type(error).__name__})."
        else:
            return dict(answer.data) if isinstance(answer.data, dict) else {}
        log.info("a page of users is asked for again", reason=words, tries=tries)
        if tries < TRIES:
            await backoff.pause(at_least_s=pause_s)
    raise PassFailed(words)


def _judged(error: SlackApiError) -> tuple[float, str]:
    """Tell how long to wait before the next try, in seconds, and why. Raises PassFailed where no try will help."""
    word = error_word(error)
    if word == "invalid_cursor":
        raise _CursorRefused("Slack does not know the cursor any more.") from error
    if word == "ratelimited":
        pause_s = _retry_after_s(error)
        if pause_s > LONGEST_WAIT_S:
            raise PassFailed(f"Slack asks to wait for {pause_s:.0f} seconds, which is too long for one page.")
        return pause_s, "Slack asks to wait."
    if word in _PASSING or word.startswith("HTTP"):
        return 0.0, f"Slack answers {word}."
    if word == "missing_scope":
        needed = error.response.get("needed", "users:read")
        raise PassFailed(
            f"The app lacks the permission {needed}. Add it on the app's page, and install the app again."
        ) from error
    raise PassFailed(f"Slack refuses the list of users: {word}.") from error


def _retry_after_s(error: SlackApiError) -> float:
    """Read `Retry-After`, in seconds (docs.slack.dev, Rate limits); 30 where Slack did not say."""
    stated = str(getattr(error.response, "headers", {}).get("Retry-After", ""))
    return float(stated[:9]) if stated.isdecimal() else 30.0


def _next_cursor(answer: dict[str, Any]) -> str:
    """Read the cursor; empty, null or absent is the end. Raises PassFailed for anything else: it is no end at all."""
    metadata = answer.get("response_metadata")
    if metadata is None:
        return ""
    cursor = metadata.get("next_cursor") or "" if isinstance(metadata, dict) else None
    if not isinstance(cursor, str):
        raise PassFailed("Slack's page does not tell whether another follows.")
    return cursor
