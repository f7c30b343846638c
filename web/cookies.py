"""A cookie of ours: out of reach of scripts and of other sites' requests, and bound to HTTPS where the address is."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response


class Cookie:
    """One cookie by its name. Browsers take the prefixes from HTTPS alone: `__Host-` lets no neighbour set it."""

    def __init__(self, name: str, *, public_url: str | None, path: str = "/") -> None:
        self._is_secure = (public_url or "").lower().startswith("https:")
        prefix = "__Host-" if path == "/" else "__Secure-"
        self.name = f"{prefix}{name}" if self._is_secure else name
        self._path = path

    def read(self, request: Request) -> str:
        """Tell what the browser sent; nothing where it sent none."""
        return request.cookies.get(self.name, "")

    def keep(self, response: Response, value: str, lifetime: timedelta | None) -> None:
        """Let the browser keep a value; without a lifetime, until it ends."""
        self._set(response, value, None if lifetime is None else int(lifetime.total_seconds()))

    def clear(self, response: Response) -> None:
        """Let the browser forget it."""
        self._set(response, "", 0)

    def _set(self, response: Response, value: str, max_age_s: int | None) -> None:
        response.set_cookie(
            self.name, value, max_age=max_age_s, path=self._path, secure=self._is_secure, httponly=True, samesite="lax"
        )
