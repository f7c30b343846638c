"""How often somebody may fail to come in: counted by address, in memory that no flood can fill."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request

from web.peers import Network, address_of

MOST = 20
WITHIN_S = 60
MOST_SOURCES = 10_000
"""Whoever owns more networks than that is not held up by a count; beyond it all counts begin anew."""
_IPV6_BITS = 64
"""A network of that length is the least that anybody is given, so they could have an address for each try."""


class Attempts:
    """Counts failures in a moving window. Tries under way count as failures, or a burst would slip through."""

    def __init__(self, *, trusted_proxies: Sequence[Network] = (), most: int = MOST, within_s: int = WITHIN_S) -> None:
        self._trusted_proxies = tuple(trusted_proxies)
        self._limit = RateLimitItemPerSecond(most, within_s)
        self._begin_anew()
        self._under_way: Counter[str] = Counter()

    def wait_s(self, request: Request) -> int:
        """Tell how many seconds to wait before the next try; 0 where one is free."""
        source = self._source(request)
        window = self._window.get_window_stats(self._limit, source)
        if window.remaining > self._under_way[source]:
            return 0
        return max(1, math.ceil(window.reset_time - time.time()))

    def note_failure(self, request: Request) -> None:
        """Count a try that did not let anybody in."""
        if len(self._storage.events) >= MOST_SOURCES:
            self._begin_anew()  # the library keeps a key for ever, also once its failures are forgotten
        self._window.hit(self._limit, self._source(request))

    @contextmanager
    def under_way(self, request: Request) -> Iterator[None]:
        """Mark a try that is not decided yet."""
        source = self._source(request)
        self._under_way[source] += 1
        try:
            yield
        finally:
            self._under_way[source] -= 1
            if not self._under_way[source]:
                del self._under_way[source]

    def _begin_anew(self) -> None:
        """Forget all counts. A storage that is emptied instead trips up the thread by which the library tidies it."""
        self._storage = MemoryStorage()
        self._window = MovingWindowRateLimiter(self._storage)

    def _source(self, request: Request) -> str:
        told = address_of(request, self._trusted_proxies)
        try:
            address = ip_address(told)
        except ValueError:
            return told
        return str(ip_network((address, _IPV6_BITS), strict=False)) if isinstance(address, IPv6Address) else told
