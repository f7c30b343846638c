"""From where pictures may come: one list for the content policy and for the links on a page alike. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

SLACKS = (
    "https://*.slack-edge.com",
    "https://secure.gravatar.com",
    "https://i0.wp.com",
    "https://i1.wp.com",
    "https://i2.wp.com",
    "https://i3.wp.com",
)
"""What people upload and the emoji of their own are at Slack's edge. A picture of Slack's default is asked for at
Gravatar, which sends browsers on to the others; a content policy counts every step."""

_ORIGIN = re.compile(r"[^/?#]*//[^/?#]*")
"""The scheme and the authority of an address (RFC 3986, appendix B)."""
_ODD = re.compile(r"[^!-~]|[\\\"'<>]")
"""What a browser might read otherwise than we do."""
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Pictures:
    """The sources, as a content policy writes them: a scheme and a host, which may begin with `*.`, and a port."""

    sources: tuple[str, ...] = SLACKS

    def shown(self, url: str | None) -> str:
        """Give the address back if its picture may be shown, else nothing: no workspace sends viewers elsewhere."""
        url = url or ""
        origin = _ORIGIN.match(url)
        is_shown = origin is not None and not _ODD.search(url) and _are_from(self.sources, origin[0])
        return url if is_shown else ""


def pictures_from(sources: Iterable[str], *, is_https: bool) -> Pictures:
    """Take the sources that a page may use: one that came over HTTPS loads nothing over HTTP."""
    return Pictures(tuple(each for each in sources if not (is_https and each.startswith("http:"))))


@lru_cache(maxsize=256)
def _are_from(sources: tuple[str, ...], origin: str) -> bool:
    """Say whether what is at an origin may be shown: a hundred pictures of a page are of two or three."""
    asked = _parts(origin)
    if asked is None or asked.username is not None or asked.password is not None:
        return False
    return any(_covers(source, asked) for source in sources)


def _covers(source: str, asked: SplitResult) -> bool:
    listed = _listed(source)
    if listed is None or listed.scheme != asked.scheme or _port(listed) != _port(asked):
        return False
    host, wanted = asked.hostname or "", listed.hostname or ""
    return host.endswith(wanted.removeprefix("any")) if "://*." in source else host == wanted


@lru_cache(maxsize=64)
def _listed(source: str) -> SplitResult | None:
    """Take a source apart, once: a page asks a few hundred times for the same ones."""
    return _parts(source.replace("://*.", "://any.", 1))


def _parts(url: str) -> SplitResult | None:
    """Take an address apart; None for what is none of the web."""
    try:
        parts = urlsplit(url)
        return parts if parts.scheme in _DEFAULT_PORTS and parts.hostname and _port(parts) else None
    except ValueError:
        return None


def _port(parts: SplitResult) -> int:
    return parts.port or _DEFAULT_PORTS[parts.scheme]
