"""The end of a run that another process makes: a press of its button may reach any of those that are connected."""

from __future__ import annotations

import structlog

from bot.command import letter_words, words
from bot.runs.schedule import Schedule
from db.errors import StoreError

log = structlog.get_logger(__name__)


async def cancelled_elsewhere(runs: Schedule, ticket_id: str, *, team_id: str, by: str) -> str:
    """Let it end, and say so; or that there is nothing to end any more.

    `team_id` is the presser's: Slack may not have told us ours yet.
    """
    try:
        is_told = await runs.cancel_elsewhere(ticket_id, team_id=team_id, by=by)
    except StoreError as error:
        return letter_words.undone(error.plain)
    if is_told:
        log.info("a run of another process was cancelled")
    return words.CANCELLING if is_told else words.CANCEL_LATE
