"""Behind a proxy that signs people in: it names the viewer by e-mail, and is believed only where we know it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from web.peers import Network, is_trusted


@dataclass(frozen=True, slots=True)
class TrustedProxy:
    """Which header names the viewer, and from whose hands."""

    header: str
    networks: tuple[Network, ...]

    def named(self, request: Request) -> str:
        """Tell the e-mail address in the header; nothing where it does not come from the proxy, or not once."""
        told = request.headers.getlist(self.header)
        peer = request.client.host if request.client else None
        if len(told) != 1 or not is_trusted(peer, self.networks):
            return ""
        return told[0].encode("latin-1", "replace").decode("utf-8", "replace").strip(" ")
