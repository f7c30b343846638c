"""Reads the proxies that are believed, as addresses and networks, and says which of them is none."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network


def networks(value: object) -> object:
    """Read addresses and networks, parted by commas or blanks. Raises ValueError, in words."""
    if not isinstance(value, str):
        return value
    return tuple(_network(word) for word in re.split(r"[\s,]+", value.strip(" \t\n,")))


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
