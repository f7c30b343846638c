"""What is kept of a payload that was put aside: ASCII-escaped JSON text of bounded length, without any secret."""

from __future__ import annotations

import hashlib
import json
import re

from bot.wholesome import MAX_DEPTH

MAX_PAYLOAD_CHARS = 64_000
"""What is kept of a payload that was put aside."""
TAKEN_OUT = "(taken out)"

_SECRET_KEYS = re.compile(r"(.*_)?(token|tokens|secret|password|ticket|authorization|cookie|response_url|trigger_id)")
"""Keys whose value opens something, in payloads of any sort; among them Slack's old verification token."""
_SECRETS = re.compile(r"\bx(?:ox[a-z]|app|oxe\.xox[a-z])-[A-Za-z0-9-]+")
"""Slack's tokens by their beginnings, wherever they stand (docs.slack.dev, Tokens)."""
_TOO_DEEP = "(nested too deep)"


def payload_text(payload: object) -> str:
    """Write a payload as text of at most 64,000 characters, pruned where it is nested beyond reading."""
    text = json.dumps(_kept(payload, MAX_DEPTH + 4), ensure_ascii=True, separators=(",", ":"), default=str)
    return text[:MAX_PAYLOAD_CHARS]


def payload_digest(payload: object) -> str:
    """Tell payloads apart that have no id of their own."""
    return hashlib.sha256(payload_text(payload).encode()).hexdigest()[:32]


def _kept(value: object, depth: int) -> object:
    match value:
        case dict():
            return (
                {_plain(str(key)): _value(key, each, depth - 1) for key, each in value.items()} if depth else _TOO_DEEP
            )
        case list():
            return [_kept(each, depth - 1) for each in value] if depth else _TOO_DEEP
        case str():
            return _plain(value)
    return value


def _value(key: object, value: object, depth: int) -> object:
    is_secret = value and isinstance(key, str) and _SECRET_KEYS.fullmatch(key.lower())
    return TAKEN_OUT if is_secret else _kept(value, depth)


def _plain(text: str) -> str:
    return _SECRETS.sub(TAKEN_OUT, text)
