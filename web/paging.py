"""Numbers in an address that lead on in a list, newest first: read with suspicion, written as links. Pure."""

from __future__ import annotations

from starlette.requests import Request

from db.errors import BadCursor

PARAMETER = "before"
_MOST = 2**53


def number_in(text: str) -> int | None:
    """Read a positive number as a person writes it; None for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        return None
    return value if 0 < (value := int(text)) < _MOST else None


def before_of(request: Request) -> int | None:
    """Read from where a list goes on; None at its beginning. Raises BadCursor."""
    text = request.query_params.get(PARAMETER)
    if text is None:
        return None
    before = number_in(text)
    if before is None:
        raise BadCursor
    return before


def older_link(path: str, last: int | None) -> str:
    """Return the link to what came before the last one shown; empty where that is the end."""
    return f"{path}?{PARAMETER}={last}" if last else ""
