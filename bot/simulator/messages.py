"""What the app has put before people: messages in channels, Home tabs, modals, and answers to response URLs."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.simulator.clocks import SlackTime
from bot.simulator.waiting import Watch

Json = dict[str, Any]

MOST_POSTS = 5
RESPONSE_URL_SECONDS = 30 * 60
"""A response URL takes five posts within thirty minutes (Slack's page on handling user interaction)."""

MOST_VIEW_BYTES = 250_000
TRIGGER_SECONDS = 3.0


class ApiError(Exception):
    """Slack refuses a call; the error's first argument is what `error` says, `extra` are further keys of the answer."""

    def __init__(self, error: str, **extra: object) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra


@dataclass
class ResponseUrl:
    """One chain of answers: what was posted, as it came, and what of it is to be seen now."""

    id: str
    opened_at: float
    posts: list[Json] = field(default_factory=list)
    visible: list[Json] = field(default_factory=list)
    refused: int = 0

    def show(self, message: Json) -> None:
        """Honour `replace_original` and `delete_original`, which reach the chain's own last message only."""
        if (message.get("delete_original") or message.get("replace_original")) and self.visible:
            self.visible.pop()
        if not message.get("delete_original"):
            shown = {key: value for key, value in message.items() if key not in ("replace_original", "delete_original")}
            self.visible.append({"response_type": "ephemeral", **shown})


class Board:
    """All that is on show in one workspace."""

    def __init__(
        self, *, team_id: str, app_id: str, bot_id: str, bot_user_id: str, time: SlackTime, watch: Watch
    ) -> None:
        self._origin = {"team": team_id, "app_id": app_id, "bot_id": bot_id, "user": bot_user_id}
        self._time = time
        self._watch = watch
        self.messages: dict[str, list[Json]] = {}
        self.ephemerals: list[Json] = []
        self.homes: dict[str, Json] = {}
        self.modals: list[Json] = []
        self.open_modals: dict[str, Json] = {}
        self.refused_blocks: set[str] = set()
        self.response_urls: dict[str, ResponseUrl] = {}
        self._triggers: dict[str, tuple[str, float]] = {}

    def post(self, channel: str, content: Json) -> Json:
        """A new message; `content` holds text, blocks and so on. ApiError `no_text` if it says nothing."""
        message = {"type": "message", "ts": self._time.stamp(), **self._origin, **_said(content)}
        self.messages.setdefault(channel, []).append(message)
        self._watch.moved()
        return message

    def update(self, channel: str, ts: str, content: Json) -> Json:
        """A message changed in place. ApiError `message_not_found`."""
        for message in self.messages.get(channel, []):
            if message["ts"] == ts:
                message |= {**_said(content), "edited": {"user": self._origin["user"], "ts": self._time.stamp()}}
                self._watch.moved()
                return message
        raise ApiError("message_not_found")

    def whisper(self, channel: str, user: str, content: Json) -> str:
        """A message only one user sees, and that nobody can change later. Its `ts`."""
        ts = self._time.stamp()
        self.ephemerals.append({"channel": channel, "user": user, "message_ts": ts, **_said(content)})
        self._watch.moved()
        return ts

    def publish_home(self, user_id: str, view: object, *, expected_hash: str | None) -> Json:
        """A user's Home tab, replaced. ApiError `hash_conflict` if it is not the one that the caller saw last."""
        if not isinstance(view, dict) or view.get("type") != "home":
            raise ApiError("invalid_arguments", response_metadata={"messages": ["invalid `view`"]})
        self._check(view)
        last = self.homes.get(user_id)
        if expected_hash and (last is None or last["hash"] != expected_hash):
            raise ApiError("hash_conflict")
        self.homes[user_id] = self._view(view, view_id=last["id"] if last else None)
        self._watch.moved()
        return self.homes[user_id]

    def open_modal(self, trigger_id: str, view: object) -> Json:
        """A modal in answer to a trigger, which works once and for three seconds."""
        user_id, opened_at = self._triggers.pop(trigger_id, ("", None))
        if opened_at is None:
            raise ApiError("invalid_trigger_id")
        if self._time.now() - opened_at > TRIGGER_SECONDS:
            raise ApiError("expired_trigger_id")
        if not isinstance(view, dict) or view.get("type") != "modal":
            raise ApiError("invalid_arguments", response_metadata={"messages": ["invalid `view`"]})
        self._check(view)
        self.modals.append(self._view(view, view_id=None))
        self.open_modals[user_id] = self.modals[-1]
        self._watch.moved()
        return self.modals[-1]

    def close_modal(self, user_id: str) -> None:
        """Somebody closes what was opened before them; the app does not hear of it."""
        self.open_modals.pop(user_id, None)
        self._watch.moved()

    def trigger(self, user_id: str) -> str:
        """A trigger id, as it rides on commands and button presses; what it opens is before that user."""
        trigger_id = f"{len(self._triggers)}.{secrets.token_hex(8)}"
        self._triggers[trigger_id] = (user_id, self._time.now())
        return trigger_id

    def _check(self, view: Json) -> None:
        """ApiError `invalid_blocks` where a block of a view, or something within one, is of a refused type."""
        if self.refused_blocks and (found := sorted(self.refused_blocks & set(_types_in(view.get("blocks"))))):
            raise ApiError(
                "invalid_blocks",
                response_metadata={"messages": [f"[ERROR] unsupported type: {each}" for each in found]},
            )

    def open_response_url(self) -> ResponseUrl:
        opened = ResponseUrl(secrets.token_hex(12), self._time.now())
        self.response_urls[opened.id] = opened
        return opened

    def respond(self, response_id: str, message: Json) -> str | None:
        """Take a post to a response URL. The error with which it is refused, or None."""
        opened = self.response_urls.get(response_id)
        if opened is None:
            return "invalid_url"
        error = None
        if self._time.now() - opened.opened_at > RESPONSE_URL_SECONDS:
            error = "expired_url"
        elif len(opened.posts) >= MOST_POSTS:
            error = "used_url"
        if error:
            opened.refused += 1
        else:
            opened.posts.append(message)
            opened.show(message)
        self._watch.moved()
        return error

    def _view(self, view: Json, *, view_id: str | None) -> Json:
        if len(json.dumps(view).encode()) > MOST_VIEW_BYTES:
            raise ApiError("view_too_large")
        view_id = view_id or f"V{secrets.token_hex(5).upper()}"
        frame = {"id": view_id, "team_id": self._origin["team"], "state": {"values": {}}, "hash": self._time.stamp()}
        rest = {"root_view_id": view_id, "app_id": self._origin["app_id"], "bot_id": self._origin["bot_id"]}
        return {"private_metadata": "", "callback_id": "", "external_id": "", **view, **frame, **rest}


def _types_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield str(value.get("type"))
        for each in value.values():
            yield from _types_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _types_in(each)


def _said(content: Json) -> Json:
    said = {key: content[key] for key in ("text", "blocks", "attachments", "thread_ts") if content.get(key)}
    if not said.keys() & {"text", "blocks", "attachments"}:
        raise ApiError("no_text")
    return {"text": "", **said}
