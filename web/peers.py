"""Who is at the other end of a connection, and which proxies are believed when they say whom they speak for."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.requests import Request

Network = IPv4Network | IPv6Network
_FORWARDED_FOR = "x-forwarded-for"


def is_trusted(peer: str | None, networks: Sequence[Network]) -> bool:
    """Say whether a peer is in one of the networks. An IPv4 address that is mapped into IPv6 counts as IPv4."""
    address = _read(peer)
    return address is not None and any(address in network for network in networks)


def address_of(request: Request, networks: Sequence[Network]) -> str:
    """Tell whose request this is: the peer's, or whom a trusted peer names. Empty where nothing is known.

    Each proxy appends who spoke to it, so the list is read from its end: what stands before the first address that is
    not trusted, anybody may have written.
    """
    peer = request.client.host if request.client else None
    if not is_trusted(peer, networks):
        return _plain(peer)
    named = ",".join(request.headers.getlist(_FORWARDED_FOR)).split(",")
    for told in reversed(named):
        if _read(told) is None:
            break  # a trusted proxy that names nobody we could count speaks for itself
        if not is_trusted(told, networks):
            return _plain(told)
        peer = told
    return _plain(peer)


def _plain(text: str | None) -> str:
    address = _read(text)
    return str(address) if address is not None else text or ""


def _read(text: str | None) -> IPv4Address | IPv6Address | None:
    """Read an address, with or without the port that some proxies add."""
    told = (text or "").strip()
    if told.startswith("["):
        told = told[1:].partition("]")[0]
    elif told.count(":") == 1:
        told = told.partition(":")[0]
    try:
        address = ip_address(told.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
