"""Puts a Home before one person. Nothing here raises: a Home that Slack does not take costs only itself.

Facts: docs.slack.dev, views.publish (tier 4, no scope; `invalid_blocks`, `invalid_arguments`, `view_too_large`,
`hash_conflict`, `not_enabled`). No hash is sent: of two publications the newer one is to stay. While Slack asks to wait
it waits in line.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog

from bot.blocks.home import Look, Part, home
from bot.home.line import Line
from bot.slack import SlackClient
from bot.slack_calls import CallFailed, answered

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
        self._line = Line(monotonic=monotonic)
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
        failure = await self._try(user_id, parts, look)
        for _ in range(TRIES - 1):
            if failure is None or not _may_help(failure):
                break
            await asyncio.sleep(0 if failure.word == CONFLICT else self._pause_s)
            failure = await self._try(user_id, parts, look)
        if failure is None:
            return ""
        if failure.word not in TOO_RICH:
            reason = f"{failure}, for {failure.wait_s} s" if failure.wait_s else str(failure)
            log.warning("a Home could not be published", reason=reason, remedy=REMEDIES.get(failure.word, ""))
        return str(failure)

    async def _try(self, user_id: str, parts: Sequence[Part], look: Look) -> CallFailed | None:
        """Send it once; tell what was wrong, None for nothing."""
        view = home(parts, look)
        try:
            await self._line.through(
                lambda: answered(self._client.views_publish(user_id=user_id, view=view), within_s=PATIENCE_S)
            )
        except CallFailed as failure:
            return failure
        return None


def _may_help(failure: CallFailed) -> bool:
    """Say whether trying again a moment later may help; whoever was asked to wait has waited already."""
    return failure.word == CONFLICT or (failure.may_pass and not failure.wait_s)
