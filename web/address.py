"""Where people reach the directory: the operator's word alone decides which hosts and origins are ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._\-]+)(?::(?P<port>[0-9]{1,5}))?")
Place = tuple[str, str, int]
"""Scheme, name and port."""


class Address:
    """The address that was set, or else this machine's own. What a request says of itself never counts for more."""

    def __init__(
        self, public_url: str | None = None, *, local_url: Callable[[], str] = lambda: "http://localhost:3000"
    ) -> None:
        """`local_url` is asked where nothing is set: the port may be known only once it is bound."""
        self._public_url = (public_url or "").rstrip("/")
        self._public = _as_browsers_say(_place(self._public_url))
        self._local_url = local_url

    @property
    def url(self) -> str:
        """Tell where people are to go, without a slash at the end."""
        return self._public_url or self._local_url()

    @property
    def is_https(self) -> bool:
        """Say whether browsers reach us over HTTPS alone."""
        return self._public is not None and self._public[0] == "https"

    def accepts(self, host: str) -> bool:
        """Say whether a `Host` is ours: the name that was set, with any port, for proxies often leave it out.

        Where none was set: `localhost` and bare IP addresses, since those no stranger can point at us.
        """
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = found["name"].lower().removesuffix(".")
        return name == _bracketed(self._public[1]) if self._public else name == "localhost" or _is_ip(name)

    def is_ours(self, origin: str, host: str) -> bool:
        """Say whether a page of ours sent what says to come from `origin`; `host` is what was asked, and accepted."""
        sender = _place(origin)
        if sender is None:
            return False
        # Unset, a proxy may still add HTTPS, unseen from here: of the host that was asked only name and port count.
        return sender == (self._public or _place(f"{sender[0]}://{host}"))


def _place(url: str) -> Place | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None or parts.path.strip("/"):
        return None
    return parts.scheme, parts.hostname.lower().removesuffix("."), port or _PORTS[parts.scheme]


def _as_browsers_say(place: Place | None) -> Place | None:
    """Write a name in the form in which `Host` and `Origin` bear it."""
    if place is None or place[1].isascii():
        return place
    scheme, name, port = place
    return scheme, name.encode("idna").decode("ascii"), port


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _is_ip(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
