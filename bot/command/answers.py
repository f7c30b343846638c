"""What one person is told in answer to a command or a press: posts to its response URL, else a direct message.

Facts: docs.slack.dev, Handling user interaction: five posts within thirty minutes; `replace_original` changes the last.
The address is a secret, so no line of the log holds it. Nothing here raises: an answer that fails costs only itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

import aiohttp
import structlog

from bot.slack import SlackClient
from bot.slack_calls import CallFailed, answered

log = structlog.get_logger(__name__)

Json = dict[str, Any]

MOST_POSTS = 5
OPEN_FOR_S = 28 * 60
"""Two minutes less than Slack says, for what our clocks and the way may differ in."""
PATIENCE_S = 10
TRIES = 2
CHAT_REMEDY = "add the permission chat:write to the app, and install it again"
_OK, _MULTIPLE, _TOO_MANY, _SERVER_ERROR = 200, 300, 429, 500


class Asker(Protocol):
    """Who asked, and the address that takes the answer."""

    @property
    def user_id(self) -> str: ...

    @property
    def response_url(self) -> str: ...


class Answers:
    """Makes the answers; they share the connections of the process."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        client: SlackClient,
        *,
        proxy: str | None,
        monotonic: Callable[[], float] = time.monotonic,
        pause_s: float = 1,
    ) -> None:
        self._session = session
        self._client = client
        self._proxy = proxy
        self.monotonic = monotonic
        self._pause_s = pause_s

    def to(self, asker: Asker, *, in_place: bool = False) -> Answer:
        """Begin the answer to what has just come in; `in_place` of the message whose button was pressed."""
        return Answer(self, asker, in_place=in_place)

    async def post(self, url: str, content: Json) -> bool:
        """Post to a response URL; once more where that may help. Tells whether Slack took it."""
        trouble = "no address"
        for number in range(TRIES if url else 0):
            if number:
                await asyncio.sleep(self._pause_s)
            try:
                trouble, may_pass = await self._try(url, content)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:  # the last for a broken address
                trouble, may_pass = type(error).__name__, True
            if not trouble:
                return True
            if not may_pass:
                break
        log.warning("Slack did not take an answer at its response URL", reason=trouble)
        return False

    async def write_to(self, user_id: str, content: Json) -> bool:
        """Send a direct message (docs.slack.dev, chat.postMessage: a user's id will do for the channel).

        Tells whether Slack took it.
        """
        try:
            call = self._client.chat_postMessage(channel=user_id, unfurl_links=False, **content)
            await answered(call, within_s=PATIENCE_S)
        except CallFailed as failure:
            remedy = CHAT_REMEDY if failure.word == "missing_scope" else ""
            log.warning("an answer reached nobody: no direct message either", reason=str(failure), remedy=remedy)
            return False
        return True

    async def _try(self, url: str, content: Json) -> tuple[str, bool]:
        """Post once; tell what was wrong, empty for nothing, and whether trying again may help."""
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        async with self._session.post(
            url, json=content, proxy=self._proxy, timeout=timeout, allow_redirects=False
        ) as response:
            status = response.status
            body = await response.content.read(1_000)
        if _OK <= status < _MULTIPLE:
            return ("refused", False) if b'"ok":false' in body.replace(b" ", b"") else ("", False)
        return f"HTTP {status}", status >= _SERVER_ERROR or status == _TOO_MANY


class Answer:
    """One chain of messages, of which the last stands."""

    def __init__(self, answers: Answers, asker: Asker, *, in_place: bool = False) -> None:
        self._answers = answers
        self._asker = asker
        self._shown_as = {} if in_place else {"response_type": "ephemeral"}  # a message stays what it was
        self._opened_at = answers.monotonic()
        self._posts = 0
        self._stands = in_place
        self._is_used_up = False

    async def show(self, content: Json) -> None:
        """Put a message in the place of the last one, unless only one post is left: that is for the end."""
        if self._posts < MOST_POSTS - 1:
            await self._post(content)

    async def end(self, content: Json) -> None:
        """Say the last word: in the place of the last message, else as a direct message."""
        if not await self._post(content):
            await self._answers.write_to(self._asker.user_id, content)

    async def _post(self, content: Json) -> bool:
        if self._is_used_up or self._answers.monotonic() - self._opened_at > OPEN_FOR_S:
            return False
        self._posts += 1
        place = {"replace_original": True} if self._stands else {}
        is_taken = await self._answers.post(self._asker.response_url, {**self._shown_as, **content, **place})
        self._stands = self._stands or is_taken
        self._is_used_up = self._posts >= MOST_POSTS
        return is_taken
