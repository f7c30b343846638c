"""Trouble to order: which call of which method goes wrong, how, and how often."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

RESPONSE_URL = "response_url"
"""Stands for a post to a response URL; `*` does not mean those."""


@dataclass
class Fault:
    """One kind of trouble. `after` calls still succeed, then `times` go wrong (None: all of them)."""

    method: str
    times: int | None
    after: int
    http_status: int | None = None
    error: str | None = None
    ratelimited: float | None = None
    html: bool = False
    truncated: bool = False
    drop: bool = False
    slow_seconds: float = 0.0
    alter: Callable[[Json], Json] | None = None

    def strikes(self, method: str) -> bool:
        """Count one call and say whether it is one of those that go wrong."""
        if self.method != method and (self.method != "*" or method == RESPONSE_URL):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


class Faults:
    """All faults ordered; the first that strikes decides."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def fail(
        self,
        method: str,
        *,
        http_status: int | None = None,
        error: str | None = None,
        ratelimited: float | None = None,
        html: bool = False,
        truncated: bool = False,
        drop: bool = False,
        slow_seconds: float = 0.0,
        alter: Callable[[Json], Json] | None = None,
        times: int | None = 1,
        after: int = 0,
    ) -> Fault:
        """Let calls of `method` (`*` for any, `response_url` for posts to one) go wrong.

        `http_status` comes with a JSON body, or with a page of HTML if `html` (503 if no status is given). `error` is
        an answer with `ok: false`. `ratelimited` is HTTP 429 with so many seconds of Retry-After. `truncated` cuts the
        JSON in half, `drop` the line instead of an answer. `slow_seconds` delays what follows, `alter` rewrites the
        good answer. An aiohttp client, hence Slack's SDK, repeats a GET once by itself if its line is dropped: then
        order two. The fault returned can be asked how often it still strikes.
        """
        self._ordered.append(
            Fault(method, times, after, http_status, error, ratelimited, html, truncated, drop, slow_seconds, alter)
        )
        return self._ordered[-1]

    def clear(self) -> None:
        """From now on everything works again."""
        self._ordered.clear()

    def striking(self, method: str) -> Fault | None:
        """The fault that befalls this call, if any; asking counts as a call."""
        return next((fault for fault in self._ordered if fault.strikes(method)), None)
