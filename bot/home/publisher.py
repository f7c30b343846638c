"""Puts a Home before one person. Nothing here raises: a Home that Slack does not take costs only itself.

Facts: docs.slack.dev, views.publish (tier 4, no scope; `invalid_blocks`, `invalid_arguments`, `view_too_large`,
`hash_conflict`, `not_enabled`). No hash is sent: of two publications the newer one is to stay.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.blocks.home import Look, Part, home
from bot.slack import ASKS_TO_WAIT, SlackClient, error_word, may_pass, retry_after_s
from bot.slack_words import why_unreachable

log = structlog.get_logger(__name__)

PATIENCE_S = 10
TRIES = 2
REMEMBERED_S = 3_600
"""How long it is remembered that Slack refuses a look: a face that it cannot load must not take all for ever."""
TOO_RICH = frozenset({"invalid_blocks", "invalid_arguments", "view_too_large"})
CONFLICT = "hash_conflict"
REMEDIES = {
    "not_enabled": "switch the Home tab on, under App Home at api.slack.com/apps",
    "missing_scope": "install the app again, with the permissions in manifest.yml",
}


class Publisher:
    """Publishes Homes, each as richly as Slack took the last ones of its kind."""

    def __init__(
        self, client: SlackClient, *, monotonic: Callable[[], float] = time.monotonic, pause_s: float = 1
    ) -> None:
        self._client = client
        self._monotonic = monotonic
        self._pause_s = pause_s
        self._plainer: dict[bool, tuple[Look, float]] = {}
        """By whether it is a Home of admins, which holds more types: how it is drawn instead, and until when."""

    async def publish(self, user_id: str, parts: Sequence[Part], *, is_for_admins: bool = False) -> bool:
        """Publish one; tell whether Slack took it."""
        first = self._look(is_for_admins)
        refusal = ""
        for look in Look:
            if look < first:
                continue
            word = await self._sent(user_id, parts, look)
            if word not in TOO_RICH:
                if not word and refusal:
                    self._remember(is_for_admins, look, refusal)
                return not word
            refusal = word
        log.warning("a Home was not taken, however plain", reason=refusal)
        return False

    def _look(self, is_for_admins: bool) -> Look:
        look, until = self._plainer.get(is_for_admins, (Look.RICH, 0.0))
        return look if self._monotonic() < until else Look.RICH

    def _remember(self, is_for_admins: bool, look: Look, refusal: str) -> None:
        self._plainer[is_for_admins] = (look, self._monotonic() + REMEMBERED_S)
        log.warning("a Home is shown more plainly, for Slack refuses it otherwise", reason=refusal, look=look.name)

    async def _sent(self, user_id: str, parts: Sequence[Part], look: Look) -> str:
        """Send it, once more where that may help; tell the word with which it was refused, empty for none."""
        word, may_help = await self._try(user_id, parts, look)
        for _ in range(TRIES - 1):
            if not may_help:
                break
            await asyncio.sleep(0 if word == CONFLICT else self._pause_s)
            word, may_help = await self._try(user_id, parts, look)
        if word and word not in TOO_RICH:
            log.warning("a Home could not be published", reason=word, remedy=REMEDIES.get(word, ""))
        return word

    async def _try(self, user_id: str, parts: Sequence[Part], look: Look) -> tuple[str, bool]:
        """Send it once; tell what was wrong, and whether trying again may help."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._client.views_publish(user_id=user_id, view=home(parts, look))
        except SlackApiError as error:
            word = error_word(error)
            if word in ASKS_TO_WAIT:
                return f"{word}, for {retry_after_s(error)} s", False
            return word, word == CONFLICT or may_pass(error)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return why_unreachable(error), True
        return "", False
