"""What a user does to the app: typing a command, pressing a button, opening the Home tab, and what comes back."""

from typing import Any

from bot.simulator.envelopes import Envelope, State
from bot.simulator.messages import ResponseUrl
from bot.simulator.waiting import Watch

Json = dict[str, Any]


class Interaction:
    """A command or a button press on its way; shows what the user sees."""

    def __init__(self, envelope: Envelope, response_url: ResponseUrl, watch: Watch) -> None:
        self.envelope = envelope
        self._response_url = response_url
        self._watch = watch

    @property
    def error(self) -> str | None:
        """What Slack tells the user if nobody acked in time; commands are never sent twice."""
        return "dispatch_failed" if self.envelope.state is State.GIVEN_UP else None

    @property
    def ack_payload(self) -> Json | None:
        """What the ack carried, if it came in time."""
        return next((ack.payload for ack in self.envelope.acks if not ack.late), None)

    @property
    def messages(self) -> list[Json]:
        """Every post to the response URL, as it came."""
        return list(self._response_url.posts)

    @property
    def refused_posts(self) -> int:
        """Posts beyond the fifth, or after half an hour."""
        return self._response_url.refused

    @property
    def visible(self) -> list[Json]:
        """The messages that stand there now: the ack's, then the chain after replacing and deleting."""
        acked = self.ack_payload
        first = [{"response_type": "ephemeral", **acked}] if acked and acked.keys() & {"text", "blocks"} else []
        return first + self._response_url.visible

    async def answered(self, times: int = 1, *, timeout: float = 5.0) -> None:  # noqa: ASYNC109 a deadline with words
        """Wait for so many posts to the response URL. TimeoutError says how many came."""
        await self._watch.until(
            lambda: len(self._response_url.posts) >= times,
            within=timeout,
            or_say=lambda: f"{len(self._response_url.posts)} of {times} posts came to the response URL",
        )


def slash_command(origin: Json, user: Json, *, typed: str, channel_id: str, response_url: str, trigger_id: str) -> Json:
    """The payload of a slash command; `origin` has the keys that are the same for the whole workspace."""
    command, _, text = typed.partition(" ")
    return {
        **origin,
        "channel_id": channel_id,
        "channel_name": "general",
        "user_id": user["id"],
        "user_name": user["name"],
        "command": command,
        "text": text.strip(),
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def button_press(
    origin: Json, user: Json, *, action: Json, view: Json | None, response_url: str, trigger_id: str, stamp: str
) -> Json:
    """A `block_actions` payload: from the Home tab or a modal if there is a `view`, otherwise from a message."""
    payload: Json = {
        "type": "block_actions",
        "user": {"id": user["id"], "username": user["name"], "name": user["name"], "team_id": origin["team_id"]},
        "api_app_id": origin["api_app_id"],
        "token": origin["token"],
        "trigger_id": trigger_id,
        "team": {"id": origin["team_id"], "domain": origin["team_domain"]},
        "enterprise": None,
        "is_enterprise_install": False,
        "actions": [{"block_id": "block", "type": "button", **action, "action_ts": stamp}],
    }
    if view is not None:
        return {**payload, "container": {"type": "view", "view_id": view["id"]}, "view": view}
    channel = {"id": "C0GENERAL01", "name": "general"}
    container = {"type": "message", "message_ts": stamp, "channel_id": channel["id"], "is_ephemeral": True}
    return {**payload, "container": container, "channel": channel, "response_url": response_url}
