"""Whether a form was sent from a page of ours: browsers say so in `Origin`, and no other page can say it for them."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

_PORTS = {"http": 80, "https": 443}
Place = tuple[str, str, int]


def is_ours(request: Request, public_url: str | None) -> bool:
    """Say whether `Origin` is the public address, or the host that was asked. None, `null` and two are foreign."""
    told = request.headers.getlist("origin")
    origin = _place(told[0]) if len(told) == 1 else None
    if origin is None:
        return False
    # Behind a proxy we cannot see which scheme the browser used, so of the host that was asked only the name counts.
    asked = _place(f"{origin[0]}://{request.headers.get('host', '')}")
    return origin in (asked, _place(public_url or ""))


def _place(url: str) -> Place | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        return None
    return parts.scheme, parts.hostname.lower(), port or _PORTS[parts.scheme]
