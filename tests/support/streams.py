"""Reading a stream of changes: what comes first tells a browser how to come back, and not yet that it is heard."""

from __future__ import annotations

from collections.abc import AsyncIterator


async def from_now_on(lines: AsyncIterator[str]) -> None:
    """Read on to the first place in the log: only what changes after it is sure to be told."""
    while not (await anext(lines)).startswith("id: "):
        pass
