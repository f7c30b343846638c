"""Behind a proxy that signs people in: it names the viewer by e-mail, and is believed only where we know it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.requests import Request

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class TrustedProxy:
    """Which header names the viewer, and from whose hands."""

    header: str
    networks: tuple[Network, ...]

    def named(self, request: Request) -> str:
        """Tell the e-mail address in the header; nothing where it does not come from the proxy, or not once."""
        told = request.headers.getlist(self.header)
        if len(told) != 1 or not self._is_from_it(request):
            return ""
        return told[0].encode("latin-1", "replace").decode("utf-8", "replace").strip(" ")

    def _is_from_it(self, request: Request) -> bool:
        peer = _address(request.client.host if request.client else "")
        return peer is not None and any(peer in network for network in self.networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
