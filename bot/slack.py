"""The one place where Slack clients are made, and Slack's clock, told by the `Date` of its responses."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from aiohttp import ClientSession, ClientTimeout
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

REJECTIONS = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
)
"""Answers that say the token itself is no good; anything else may pass."""

_EARLIEST_S, _LATEST_S = 1_750_000_000, 7_000_000_000
"""2025 and 2191: no `Date` of Slack's lies outside, and one that did would make every event look false."""
UNREADABLE = "unreadable_answer"
_FIRST_ERROR_STATUS = 400


def sdk_logger(name: str, *, level: int = logging.WARNING) -> logging.Logger:
    """Make a logger for Slack's libraries: never below INFO.

    At DEBUG they print every frame, tokens included; without a level of its own the SDK formats each whole response
    and throws it away.
    """
    logger = logging.getLogger(name)
    logger.setLevel(level)
    return logger


class SlackClock:
    """Slack's now: the `Date` of its last response plus the time since; the host's clock until there was one."""

    def __init__(
        self, *, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset_s: float | None = None

    def now_s(self) -> float:
        """Tell epoch seconds."""
        return self._wall() if self._offset_s is None else self._monotonic() + self._offset_s

    def hear(self, headers: Mapping[str, str]) -> None:
        """Read the `Date` of a response (RFC 9110, 6.6.1); one that cannot be read, or cannot be true, says nothing."""
        stamp = headers.get("Date") or headers.get("date")
        try:
            told_s = parsedate_to_datetime(stamp).timestamp() if stamp else 0.0
        except (ValueError, TypeError, OverflowError):
            return
        if _EARLIEST_S < told_s < _LATEST_S:
            self._offset_s = told_s - self._monotonic()


class SlackClient(AsyncWebClient):
    """Slack's own client that also sets the clock."""

    clock: SlackClock

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        """Call a Web API method. Raises SlackApiError, aiohttp.ClientError, TimeoutError."""
        try:
            response = await super().api_call(api_method, **arguments)
        except SlackApiError as error:
            self.clock.hear(dict(getattr(error.response, "headers", {})))
            raise
        except (AttributeError, TypeError, ValueError, LookupError, RecursionError) as error:
            # The SDK takes every answer for a JSON object of a known character set.
            raise unreadable_answer() from error
        self.clock.hear(dict(response.headers))
        return response


def open_session() -> ClientSession:
    """Open the connections that every client of the process shares."""
    return ClientSession(timeout=ClientTimeout(total=30), trust_env=False)


def make_client(
    *, token: str | None, api_url: str, proxy: str | None, session: ClientSession, clock: SlackClock
) -> SlackClient:
    """Make a client for the Web API. It does not retry: who calls knows what waiting costs."""
    client = SlackClient(
        token=token,
        base_url=api_url,
        proxy=proxy,
        session=session,
        timeout=30,
        logger=sdk_logger("slack_sdk.web"),
        retry_handlers=[],
    )
    client.clock = clock
    return client


def rejection_of(error: SlackApiError) -> str | None:
    """Tell Slack's word for a token that is no good; None where trying again may help."""
    word = error_word(error)
    return word if word in REJECTIONS else None


def error_word(error: SlackApiError) -> str:
    """Tell Slack's short word for what is wrong, or the HTTP status where it said none."""
    response = error.response
    data = getattr(response, "data", response)
    word = data.get("error") if isinstance(data, dict) else None
    if word:
        return str(word)
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    return f"HTTP {status}" if isinstance(status, int) and status >= _FIRST_ERROR_STATUS else UNREADABLE


def unreadable_answer() -> SlackApiError:
    """Make the error for an answer that is not what Slack documents: an HTML page, half a page, no object."""
    return SlackApiError("The answer cannot be read.", {"ok": False, "error": UNREADABLE})  # type: ignore[no-untyped-call]
