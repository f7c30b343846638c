"""The AsyncApp with its three facts: commit before ack, authorize without Slack, and no event of our own is ignored."""

from __future__ import annotations

import logging
import re

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_sdk.web.async_client import AsyncWebClient

from bot.authorize import Installations
from bot.command.desk import Desk
from bot.ingest import NotCommitted
from bot.intake import Intake
from bot.listeners import register
from bot.slack import sdk_logger

log = structlog.get_logger(__name__)


class _FromMemory(AsyncAuthorize):
    """Answers Bolt as what is known of the workspaces; asked for by its own type, Bolt looks for no names to give."""

    def __init__(self, installations: Installations) -> None:
        self._installations = installations

    async def __call__(self, *, team_id: str | None, **_others: object) -> AuthorizeResult:
        """Tell what a listener may act as; for whatever stands there, and never None."""
        return self._installations.authorize(team_id)


def make_app(*, client: AsyncWebClient, installations: Installations, intake: Intake, desk: Desk) -> AsyncApp:
    """Wire Bolt so that an envelope is acked only when its listener has returned.

    The middlewares left out answer for HTTP requests; over a socket one of them would ack a payload that merely holds
    `ssl_check`. Bolt's own warnings are about tokens in the environment, which it finds by itself and does not use.
    """

    app = AsyncApp(
        name="usersync",  # without one, Bolt reads the source of all callers to find theirs
        client=client,
        authorize=_FromMemory(installations),
        process_before_response=True,
        ignoring_self_events_enabled=False,
        ssl_check_enabled=False,
        request_verification_enabled=False,
        url_verification_enabled=False,
        attaching_function_token_enabled=False,
        logger=sdk_logger("slack_bolt", level=logging.ERROR),
    )
    register(app, intake, desk)
    app.event(re.compile(""))(_leave)
    app.error(_tell)
    return app


async def _leave() -> None:
    """Ack an event that is not for us: unmatched ones are never acked, and would come back three times."""


async def _tell(error: Exception) -> None:
    """Say what a listener failed of. It answers nothing: any answer of 200 would ack the envelope."""
    if not isinstance(error, NotCommitted):  # ingest tells of those itself, once for many
        log.error("a listener failed", exc_info=error)
