"""Why a connection ended or could not be opened, and how to mend it, as a sentence. Pure."""

from __future__ import annotations

from slack_sdk.errors import SlackApiError

from bot.identity import TwoApps
from bot.slack import ASKS_TO_WAIT, error_word, rejection_of, retry_after_s
from bot.slack_words import APP_TOKEN, plain, refused, unreachable, why_unreachable
from bot.socket_client import Dismissed


def parting_words(reason: str | None) -> str:
    """Say why Slack ended a connection."""
    known = {
        None: "A connection to Slack was lost.",
        "link_disabled": "Socket Mode is switched off for this app. Switch it on at api.slack.com/apps.",
        "too_many_websockets": "Slack counts more than ten connections of this app. Stop what else uses its token.",
    }
    return known.get(reason) or f"Slack ended a connection ({plain(reason or '')}). Another is opened."


def why_not_opened(error: Exception, *, waited_s: float) -> str:
    """Say why a connection could not be opened; a ValueError is about an address that is none."""
    match error:
        case TwoApps():
            return str(error)
        case Dismissed():
            return parting_words(error.reason)
        case SlackApiError():
            return _words_of(error)
        case TimeoutError():
            return unreachable(f"no hello within {waited_s:g} s")
        case _:
            return unreachable(why_unreachable(error))


def _words_of(error: SlackApiError) -> str:
    word = error_word(error)
    if rejection_of(error) or word == "missing_scope":
        return refused(APP_TOKEN, word)
    if word in ASKS_TO_WAIT:
        return (
            f"Slack asks to wait {retry_after_s(error)} s before another connection is opened. It is tried again then."
        )
    return f"Slack refuses a connection: {word}. It is tried again."
