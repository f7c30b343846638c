"""How often somebody may fail to come in: counted by address, in memory that no flood can fill."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from starlette.requests import Request

from web.peers import Network, address_of

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.storage import MemoryStorage
    from limits.strategies import MovingWindowRateLimiter

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
        self._most = most
        self._within_s = within_s
        self._window: MovingWindowRateLimiter | None = None
        self._under_way: Counter[str] = Counter()

    def wait_s(self, request: Request) -> int:
        """Tell how many seconds to wait before the next try; 0 where one is free."""
        source = self._source(request)
        window = self._counts().get_window_stats(self._limit, source)
        if window.remaining > self._under_way[source]:
            return 0
        return max(1, math.ceil(window.reset_time - time.time()))

    def note_failure(self, request: Request) -> None:
        """Count a try that did not let anybody in."""
        counts = self._counts()
        if len(self._storage.events) >= MOST_SOURCES:
            counts = self._begin_anew()  # the library keeps a key for ever, also once its failures are forgotten
        counts.hit(self._limit, self._source(request))

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

    def _counts(self) -> MovingWindowRateLimiter:
        return self._window or self._begin_anew()

    def _begin_anew(self) -> MovingWindowRateLimiter:
        """Forget all counts. A storage that is emptied instead trips up the thread by which the library tidies it."""
        from limits import RateLimitItemPerSecond  # it is loaded once somebody tries to come in
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        self._limit: RateLimitItem = RateLimitItemPerSecond(self._most, self._within_s)
        self._storage: MemoryStorage = MemoryStorage()
        self._window = MovingWindowRateLimiter(self._storage)
        return self._window

    def _source(self, request: Request) -> str:
        told = address_of(request, self._trusted_proxies)
        try:
            address = ip_address(told)
        except ValueError:
            return told
        return str(ip_network((address, _IPV6_BITS), strict=False)) if isinstance(address, IPv6Address) else told
