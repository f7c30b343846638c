"""One call to Slack with patience; where it fails, Slack's word for it, or what kept us from Slack, in plain words."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack import ASKS_TO_WAIT, error_word, may_pass, retry_after_s
from bot.slack_words import why_unreachable


class CallFailed(Exception):
    """Slack refused a call, or could not be reached. The message is Slack's word, or what kept us from it."""

    def __init__(self, error: SlackApiError | aiohttp.ClientError | OSError) -> None:
        self.refusal = error if isinstance(error, SlackApiError) else None
        """Slack's whole answer; None where none came."""
        self.word = error_word(self.refusal) if self.refusal else ""
        """Slack's own; empty where no answer came."""
        super().__init__(self.word or why_unreachable(error))

    @property
    def wait_s(self) -> int:
        """How long Slack wants to be left alone, in whole seconds; 0 where it does not say so."""
        return retry_after_s(self.refusal) if self.refusal and self.word in ASKS_TO_WAIT else 0

    @property
    def may_pass(self) -> bool:
        """Whether the same call may be answered a moment later."""
        return self.refusal is None or may_pass(self.refusal)


async def answered(call: Coroutine[Any, Any, AsyncSlackResponse], *, within_s: float) -> AsyncSlackResponse:
    """Wait so long for the answer, and no longer. Raises CallFailed."""
    try:
        async with asyncio.timeout(within_s):
            return await call
    except (SlackApiError, aiohttp.ClientError, OSError) as error:  # a time-out is an OSError
        raise CallFailed(error) from error
