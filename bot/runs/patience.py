"""One call to Slack with patience: what passes is tried again, `Retry-After` is obeyed, the rest is told in words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.backoff import Backoff
from bot.runs.pacing import Pacer
from bot.slack import ASKS_TO_WAIT, REJECTIONS, UNREADABLE, error_word, retry_after_s, unreadable_answer
from bot.slack_words import BOT_TOKEN, out_of_reach, plain, refused, why_unreachable

log = structlog.get_logger(__name__)

Json = dict[str, Any]
Sleep = Callable[[float], Awaitable[None]]

TRIES = 6
LONGEST_WAIT_S = 600
_UNREADABLE = "Slack's answer cannot be read: it is no JSON object that says whether it worked."
WAITS = 60
"""How often in a row Slack may ask to wait before the call counts as failed."""


class PassFailed(Exception):
    """A pass could not be ended. The message says why, in a sentence; nobody was marked for it."""

    def __init__(self, words: str, *, not_before_s: float = 0) -> None:
        super().__init__(words)
        self.not_before_s = not_before_s
        """How long Slack asks to be left alone."""


class Refused(PassFailed):
    """Slack refuses the call, and no other try would change that; `word` is Slack's own."""

    def __init__(self, words: str, word: str = "") -> None:
        super().__init__(words)
        self.word = word


@dataclass(slots=True)
class Patience:
    """How calls are made: at whose pace, how often again, and who is told while we wait."""

    pacer: Pacer
    sleep: Sleep = asyncio.sleep
    first_pause_s: float = 1
    on_wait: Callable[[str], None] = field(default=lambda _: None)
    """Told why we wait, and with an empty text that we go on."""
    calls: int = 0
    """Answers that were used."""

    async def ask(
        self,
        call: Callable[[], Awaitable[AsyncSlackResponse]],
        *,
        final: frozenset[str] = frozenset(),
        check: Callable[[Json], str | None] = lambda _: None,
        on_trouble: Callable[[str], None] = lambda _: None,
    ) -> Json:
        """Return a clean answer. Raises PassFailed, and Refused for what no other try would change.

        `final` are Slack's words that end it at once; `check` tells what is wrong with an answer, if anything;
        `on_trouble` hears Slack's word, the HTTP status or the kind of failure before each other try.
        """
        backoff = Backoff(first_s=self.first_pause_s, longest_s=10, sleep=self.sleep)
        tries = waits = 0
        while True:
            await self.pacer.turn(on_wait=self.on_wait)
            try:
                answer = _clean(await call(), check)
            except SlackApiError as error:
                word = error_word(error)
                if word in ASKS_TO_WAIT:
                    waits += 1
                    await self._wait(error, waits)
                    continue
                _refuse(error, word, final)
                words = _UNREADABLE if word == UNREADABLE else f"Slack answers {plain(word)}."
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                word, words = type(error).__name__, out_of_reach(why_unreachable(error))
            except _Unclean as error:
                word, words = "", str(error)
            else:
                self.calls += 1
                self.on_wait("")
                return answer
            tries += 1
            if tries >= TRIES:
                raise PassFailed(f"{words} It was tried {TRIES} times.")
            on_trouble(word)
            log.info("a call is made again", reason=words, tries=tries)
            self.on_wait(words)
            await backoff.pause()

    async def _wait(self, error: SlackApiError, waits: int) -> None:
        """Wait as long as Slack says, to the second. Raises PassFailed where that is without end."""
        pause_s = retry_after_s(error)
        if pause_s > LONGEST_WAIT_S or waits > WAITS:
            words = f"Slack asks to wait for {pause_s} seconds, which is too long for one page."
            raise PassFailed(words, not_before_s=pause_s)
        self.on_wait(f"Slack asks to wait for {pause_s} s.")
        log.info("Slack asks to wait", seconds=pause_s)
        await self.sleep(pause_s)


class _Unclean(Exception):
    """An answer that says yes and is not what Slack documents."""


def _clean(answer: AsyncSlackResponse, check: Callable[[Json], str | None]) -> Json:
    if not isinstance(answer.data, dict):
        raise unreadable_answer()
    if answer.data.get("ok") is not True:  # the library takes any text for a yes
        raise _Unclean("Slack's answer does not say whether it is one.")
    if trouble := check(answer.data):
        raise _Unclean(trouble)
    return answer.data


def _refuse(error: SlackApiError, word: str, final: frozenset[str]) -> None:
    if word == "missing_scope":
        needed = plain(str(error.response.get("needed") or "users:read"))
        raise Refused(
            f"The app lacks the permission {needed}. Add it at api.slack.com/apps, under OAuth & Permissions, and "
            "install the app again, under Install App.",
            word,
        ) from error
    if word in REJECTIONS:
        raise Refused(refused(BOT_TOKEN, word), word) from error
    if word in final:
        raise Refused(f"Slack refuses it: {word}.", word) from error
