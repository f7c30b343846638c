"""Reads a small form that a page of ours has sent; a large one is not read at all."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request

MOST_BYTES = 8192


async def read_form(request: Request) -> dict[str, str]:
    """Read the fields; of one that comes twice the first counts. Raises HTTPException 413."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413)
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}
