"""Posts into channels of Slack, and edits what stands there; a refusal is told in a sentence with its remedy.

Facts: docs.slack.dev, chat.postMessage and chat.update (their errors); about one message a second and channel.
"""

from __future__ import annotations

import re
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack import ASKS_TO_WAIT, SlackClient, error_word, may_pass, rejection_of, retry_after_s
from bot.slack_calls import CallFailed, answered
from bot.slack_words import BOT_TOKEN, out_of_reach, plain, refused

Json = dict[str, Any]

PATIENCE_S = 10
"""For one call; the client itself would wait longer."""
_CHANNEL = re.compile(r"[CG][A-Z0-9]{1,63}")
_INVITE = "Invite it: type `/invite` and the name of the app there."
_OTHER = "Type the command in another channel."
_RULES = f"Slack lets only some people post there. Let the app post, too, in the channel's settings. {_OTHER}"
_MEANINGS = {
    "not_in_channel": f"The app is not in that channel. {_INVITE}",
    "channel_not_found": f"The app does not see that channel: it is private, or gone. {_INVITE}",
    "is_archived": f"That channel is archived. {_OTHER}",
    "restricted_action": _RULES,
    "restricted_action_read_only_channel": _RULES,
    "restricted_action_thread_only_channel": f"Only threads are allowed there. {_OTHER}",
    "restricted_action_non_threadable_channel": _RULES,
    "not_allowed": _RULES,
    "access_denied": f"Slack does not let the app in there. {_OTHER}",
    "team_access_not_granted": "The app is not granted to that workspace. Install it there.",
    "msg_too_long": "The message is too long for Slack.",
    "msg_blocks_too_long": "The message is too long for Slack.",
    "no_text": "The message is empty.",
    "invalid_blocks": "Slack does not take the form of the message. Please report this.",
    "is_inactive": f"That channel is archived. {_OTHER}",
    "message_not_found": "The message is not there any more: somebody deleted it.",
    "cant_update_message": "Slack does not let the app edit that message.",
    "edit_window_closed": "Slack lets nobody edit a message so old.",
}
DELETED = frozenset({"message_not_found"})
"""What was to be edited stands there no more."""
FIXED = frozenset({"cant_update_message", "edit_window_closed"})
"""What was to be edited stands there as it is, for good."""
SHUT = frozenset({"is_archived", "is_inactive", "channel_not_found", "not_in_channel"})
"""The channel as a whole is out of reach, until somebody there does something about it."""


class NotPosted(Exception):
    """Slack did not say that it took it. The message is a sentence with its remedy; for a person, in plain text."""

    def __init__(
        self, words: str, *, word: str, may_help: bool = False, wait_s: float = 0, is_certain: bool = True
    ) -> None:
        super().__init__(words)
        self.word = word
        """Slack's own, or one of ours where none came."""
        self.may_help = may_help
        """Whether trying again later may help, with nobody doing anything."""
        self.wait_s = wait_s
        """How long Slack wants to be left alone; seconds."""
        self.is_certain = is_certain
        """Whether it was surely not posted; without an answer, or with a broken one, it may stand there."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message stands, as Slack names it."""

    channel_id: str
    ts: str


class Channels:
    """Posts and edits with the bot token. It tries once: who calls knows what waiting costs."""

    def __init__(self, client: SlackClient, *, patience_s: float = PATIENCE_S) -> None:
        self._client = client
        self._patience_s = patience_s

    async def post(self, channel_id: str, content: Json) -> Posted:
        """Post a message of text and blocks. Raises NotPosted, which may be uncertain."""
        answer = await self._called(self._client.chat_postMessage(channel=channel_id, unfurl_links=False, **content))
        where, ts = answer.get("channel"), answer.get("ts")
        return Posted(where if isinstance(where, str) else channel_id, ts if isinstance(ts, str) else "")

    async def edit(self, posted: Posted, content: Json) -> None:
        """Put another content into a message of ours. Raises NotPosted."""
        await self._called(self._client.chat_update(channel=posted.channel_id, ts=posted.ts, **content))

    async def _called(self, call: Coroutine[Any, Any, AsyncSlackResponse]) -> AsyncSlackResponse:
        try:
            return await answered(call, within_s=self._patience_s)
        except CallFailed as failure:
            if failure.refusal is not None:
                raise _refusal(failure.refusal) from failure
            words = f"{out_of_reach(str(failure))} Check network, DNS and proxy if this lasts."
            cause = failure.__cause__
            is_certain = isinstance(cause, aiohttp.ClientConnectorError | aiohttp.InvalidURL)  # nobody was spoken to
            raise NotPosted(words, word="unreachable", may_help=True, is_certain=is_certain) from failure


def is_channel(channel_id: str) -> bool:
    """Say whether an id is that of a channel, public or private; a conversation of a few people is none."""
    return _CHANNEL.fullmatch(channel_id) is not None


def _refusal(error: SlackApiError) -> NotPosted:
    word = error_word(error)
    if word in ASKS_TO_WAIT:
        wait_s = retry_after_s(error)
        return NotPosted(f"Slack asks to wait for {wait_s} s.", word=word, may_help=True, wait_s=wait_s)
    if rejection_of(error):
        return NotPosted(refused(BOT_TOKEN, word), word=word)
    if word == "missing_scope":
        needed = plain(str(error.response.get("needed") or "chat:write"))
        remedy = f"Add the permission {needed} to the app at api.slack.com/apps, and install it again."
        return NotPosted(f"The app may not post. {remedy}", word=word)
    words = _MEANINGS.get(word, f"Slack answers {word}.")
    is_broken = may_pass(error)  # Slack: some of it may have been done before `internal_error` or `fatal_error`
    return NotPosted(words, word=word, may_help=is_broken, is_certain=not is_broken)
