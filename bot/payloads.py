"""What is kept of a payload that was put aside: ASCII-escaped JSON text of bounded length, without any secret."""

from __future__ import annotations

import hashlib
import json
import re

from bot.wholesome import MAX_DEPTH

MAX_PAYLOAD_CHARS = 64_000
"""What is kept of a payload that was put aside."""
TAKEN_OUT = "(taken out)"

_SECRET_KEYS = re.compile(
    r".*(token|secret|passw(or)?d|ticket|cookie|credential|signature|(api|private)_?key|response_?url|trigger_?id)s?"
    r"|auth(orization)?"
)
"""Keys whose value opens something, in payloads of any sort; among them Slack's old verification token."""
_SECRETS = re.compile(
    r"(?<![a-z0-9])x(?:ox[a-z]|app|wfp|oxe\.xox[a-z])-[a-z0-9%._-]+"
    r"|\bwss?://\S+|\bhttps?://hooks\.\S+"
    r"|(?<![a-z])(?:ticket|token|[a-z_]*secret)[\"']?\s*[=:]\s*[\"']?[^\s&\"']+",
    re.IGNORECASE,
)
"""Slack's tokens by their beginnings, sockets and hooks by their addresses (docs.slack.dev, Tokens)."""
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
    is_secret = value and isinstance(key, str) and _SECRET_KEYS.fullmatch(key.lower().replace("-", "_"))
    return TAKEN_OUT if is_secret else _kept(value, depth)


def _plain(text: str) -> str:
    return _SECRETS.sub(TAKEN_OUT, text)
