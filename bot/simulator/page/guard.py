"""Who is answered: this machine's own names alone; and what changes something, only from a page of the same origin."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MOST_BYTES = 16_000
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with less, a browser would keep the origin of a form to itself
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def guarded(handler: Handler) -> Handler:
    """Turn away who must not be answered; every answer carries the policy."""

    async def guard(request: web.Request) -> web.StreamResponse:
        refusal = _refusal(request)
        response = refusal or await handler(request)
        response.headers.update(HEADERS)
        return response

    return guard


def _refusal(request: web.Request) -> web.Response | None:
    # A name that somebody else made lead here (DNS rebinding) is not one of ours.
    if _host_name(request.host) not in LOOPBACK:
        return web.Response(status=421, text="This page is for the machine it runs on: open it at 127.0.0.1.")
    if request.method in ("GET", "HEAD"):
        return None
    if request.headers.get("Origin") != f"http://{request.host}":
        return web.Response(status=403, text="That did not come from this page, so nothing was done.")
    if request.content_length is None:
        return web.Response(status=411, text="Nothing was sent, or not how much, so nothing was done.")
    if request.content_length > MOST_BYTES:
        return web.Response(status=413, text="That is more than anybody types here, so nothing was done.")
    return None


def _host_name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
