"""The one place where Slack clients are made, and Slack's clock, told by the `Date` of its responses."""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from aiohttp import ClientSession, ClientTimeout
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack_words import plain

REJECTIONS = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
)
"""Answers that say the token itself is no good; anything else may pass."""

_EARLIEST_S, _LATEST_S = 1_750_000_000, 7_000_000_000
"""2025 and 2191: no `Date` of Slack's lies outside, and one that did would make every event look false."""
_GRAIN_S = 2
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
        self.monotonic = monotonic
        self._offset_s: float | None = None

    def now_s(self) -> float:
        """Tell epoch seconds."""
        return self._wall() if self._offset_s is None else self.monotonic() + self._offset_s

    def hear(self, headers: Mapping[str, str], *, asked_at_s: float | None = None) -> None:
        """Read the `Date` of a response (RFC 9110, 6.6.1); one that cannot be read, or cannot be true, says nothing.

        `asked_at_s` tells, in monotonic time, when it was asked for: no response is older than its question.
        """
        stamp = headers.get("Date") or headers.get("date")
        try:
            told_s = parsedate_to_datetime(stamp).timestamp() if stamp else 0.0
        except (ValueError, TypeError, OverflowError):
            return
        if not _EARLIEST_S < told_s < _LATEST_S:
            return
        wall_s = self._wall()
        # `Date` has whole seconds. A host's clock that agrees with it knows the fraction, too.
        now_s = wall_s if told_s <= wall_s < told_s + _GRAIN_S else told_s
        heard_at_s = self.monotonic()
        offset_s = now_s - heard_at_s
        # It was written a while ago, since it was asked for at the most, so the latest it ever told is the nearest, and
        # time must not run back for that. What lies further behind is another time, and is believed.
        may_lie_s = _GRAIN_S + (heard_at_s - asked_at_s if asked_at_s is not None else 0.0)
        if self._offset_s is None or not 0 <= self._offset_s - offset_s < may_lie_s:
            self._offset_s = offset_s


class SlackClient(AsyncWebClient):
    """Slack's own client that also sets the clock, and notes what Slack thinks of the token."""

    clock: SlackClock
    rejection: str | None = None
    """Slack's word for a token that is no good, as of the last answer."""
    scopes: frozenset[str] | None = None
    """What the token was granted, as of the last answer that told."""

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        """Call a Web API method. Raises SlackApiError, aiohttp.ClientError, TimeoutError."""
        asked_at_s = self.clock.monotonic()
        try:
            response = await super().api_call(api_method, **arguments)
        except SlackApiError as error:
            self._hear(getattr(error.response, "headers", {}), asked_at_s)
            if self._asks_with_its_own(api_method):
                self.rejection = rejection_of(error)
            raise
        except (AttributeError, TypeError, ValueError, LookupError, RecursionError) as error:
            # The SDK takes every answer for a JSON object of a known character set.
            raise unreadable_answer() from error
        self._hear(response.headers, asked_at_s)
        if self._asks_with_its_own(api_method):
            self.rejection = None
        return response

    def _asks_with_its_own(self, api_method: str) -> bool:
        """Say whether a call shows the client's token; this one shows the app's, whichever client asks."""
        return api_method != "apps.connections.open" or self.token is None

    def _hear(self, headers: Mapping[str, str], asked_at_s: float) -> None:
        self.clock.hear(dict(headers), asked_at_s=asked_at_s)
        granted = next((text for name, text in headers.items() if name.lower() == "x-oauth-scopes"), None)
        if isinstance(granted, str):
            self.scopes = frozenset(scope for each in granted.split(",") if (scope := each.strip()))


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


ASKS_TO_WAIT = ("ratelimited", "rate_limited", "HTTP 429")
PASSING = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        UNREADABLE,
    }
)


def may_pass(error: SlackApiError) -> bool:
    """Say whether the same call may be answered a moment later."""
    word = error_word(error)
    return word in PASSING or word.startswith(("HTTP 5", "HTTP 429"))


def error_word(error: SlackApiError) -> str:
    """Tell Slack's short word for what is wrong, or the HTTP status where it said none."""
    response = error.response
    data = getattr(response, "data", response)
    word = data.get("error") if isinstance(data, dict) and "ok" in data else None  # others have errors of their own
    if word:
        return plain(str(word))
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    return f"HTTP {status}" if isinstance(status, int) and status >= _FIRST_ERROR_STATUS else UNREADABLE


def unreadable_answer() -> SlackApiError:
    """Make the error for an answer that is not what Slack documents: an HTML page, half a page, no object."""
    return SlackApiError("The answer cannot be read.", {"ok": False, "error": UNREADABLE})  # type: ignore[no-untyped-call]


def retry_after_s(error: SlackApiError) -> int:
    """Read `Retry-After`, in whole seconds, at least 1 (docs.slack.dev, Rate limits); 30 where Slack did not say."""
    headers = {str(name).lower(): value for name, value in dict(getattr(error.response, "headers", {})).items()}
    stated = str(headers.get("retry-after", "")).strip()
    return max(1, math.ceil(float(stated))) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", stated) else 30
