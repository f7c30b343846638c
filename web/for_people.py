"""Whether an answer is a page that somebody reads, or one for a program."""

from __future__ import annotations

from starlette.requests import Request

_NEVER_READ_BY_PEOPLE = ("/live", "/api/", "/export", "/metrics")


def is_for_people(request: Request) -> bool:
    """Say whether the answer is a page that somebody reads, as far as the request tells; a part of one is not."""
    if "hx-request" in request.headers:
        return False
    accept = request.headers.get("accept", "*/*")
    return not request.url.path.startswith(_NEVER_READ_BY_PEOPLE) and ("text/html" in accept or "*/*" in accept)
