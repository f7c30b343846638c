"""Which proxies are believed, read from settings; what cannot be is told in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

Networks = tuple[IPv4Network | IPv6Network, ...]


def networks(value: object) -> object:
    """Read addresses and networks, parted by commas or blanks. Raises ValueError, in words."""
    if not isinstance(value, str):
        return value
    return tuple(_network(word) for word in re.split(r"[\s,]+", value.strip(" \t\n,")))


def proxy_problems(header: str | None, trusted: Sequence[object]) -> list[str]:
    """Tell what is missing before a proxy can be believed."""
    found: list[str] = []
    if header is None:
        found.append(
            "USERSYNC_AUTH_HEADER is missing. With USERSYNC_AUTH=proxy it names the header in which the proxy tells "
            "who somebody is, like X-Auth-Request-Email."
        )
    if not trusted:
        found.append(
            "USERSYNC_TRUSTED_PROXIES is missing. With USERSYNC_AUTH=proxy it says from which addresses that header "
            "is believed, like 10.0.0.7 or 10.0.0.0/24; from anywhere else it could be forged."
        )
    return found


def wrong_header(header: str) -> bool:
    """Say whether that cannot be the name of a header (RFC 9110, 5.6.2)."""
    return re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", header) is None


def _network(word: str) -> IPv4Network | IPv6Network:
    try:
        found = _as_compared(ip_network(word))
    except ValueError as error:
        if "has host bits set" in str(error):
            whole = ip_network(word, strict=False)
            raise ValueError(f"{word[:60]!r} is an address within a network: write {whole}") from None
        raise ValueError(f"write addresses or networks, like 10.0.0.5; {word[:60]!r} is neither") from None
    if found.prefixlen == 0:
        raise ValueError(f"{word[:60]!r} is everybody: then any visitor could say who they are")
    return found


def _as_compared(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """Peers are compared as IPv4, whatever the socket calls them."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return IPv4Network((mapped, network.prefixlen - 96)) if mapped and network.prefixlen >= 96 else network
