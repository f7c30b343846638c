"""What every answer carries: a strict content policy; no guessing, no framing, no telling others whence one came."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def content_policy(image_sources: Iterable[str]) -> str:
    """Return the policy: everything from here, nothing inline, pictures from where Slack keeps them as well."""
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": " ".join(["'self'", *image_sources]),
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


class SecurityHeaders:
    """Plain ASGI: a stream must not pass through a middleware that buffers."""

    def __init__(self, app: ASGIApp, *, image_sources: Iterable[str], is_https: bool = False) -> None:
        """Under `is_https` browsers are told to come back over HTTPS alone; a subdomain is not ours to speak for."""
        self._app = app
        self._headers = {
            "Content-Security-Policy": content_policy(image_sources),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if is_https:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                # Pages tell the time and hold personal details: no cache may keep them.
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)
