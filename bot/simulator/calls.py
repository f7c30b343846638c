"""What callers asked: every call with a right token, its arguments and what came of it, but never a token."""

import json
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aiohttp import web

from bot.simulator.clocks import SlackTime

Json = dict[str, Any]

SECRETS = frozenset({"token", "client_secret", "refresh_token", "code", "code_verifier"})
NESTED = frozenset({"view", "blocks", "attachments", "metadata"})


@dataclass(frozen=True)
class Call:
    """One call: `at` in epoch seconds, `outcome` is `ok`, the error that was answered, or what fault it met."""

    method: str
    args: Json
    at: float
    team_id: str
    outcome: str


class Ledger:
    """The calls of one simulator, the oldest dropped beyond `remembered`."""

    def __init__(self, time: SlackTime, *, remembered: int) -> None:
        self._time = time
        self._calls: deque[Call] = deque(maxlen=remembered)

    def record(self, method: str, args: Json, *, team_id: str, outcome: str) -> None:
        kept = {key: value for key, value in args.items() if key not in SECRETS}
        self._calls.append(Call(method, kept, self._time.now(), team_id, outcome))

    def calls(self, method: str) -> list[Call]:
        return [call for call in self._calls if call.method == method]

    def recent(self, count: int) -> list[Call]:
        """The last so many calls of any method, newest first."""
        return list(islice(reversed(self._calls), count))


async def read_args(request: web.Request) -> Json:
    """Arguments from the query, a form or a JSON body; what Slack takes as JSON text inside a form is unfolded."""
    args: Json = dict(request.query)
    if request.method == "POST":
        if request.content_type == "application/json":
            body = _parsed(await request.text())
            args |= body if isinstance(body, dict) else {}
        else:
            form = await request.post()
            args |= {key: value for key, value in form.items() if isinstance(value, str)}
    for key in NESTED & args.keys():
        if isinstance(args[key], str):
            args[key] = _parsed(args[key])
    return args


def is_true(value: object) -> bool:
    """Slack takes `true` and `1`, in any spelling that a client may choose."""
    return str(value).lower() in ("1", "true")


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
