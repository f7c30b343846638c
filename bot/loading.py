"""Loading rooms at the start: without looking for garbage, which modules do not make, and without what nobody uses."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bot.partly import Parts, partly

_UNUSED = "rich"
"""structlog loads it for coloured tracebacks wherever it is installed, and typer installs it; ours are plain."""
YOUNG = 10_000
"""New objects between two looks for garbage; Python's own 700 are a sixth of one page of Slack's.

Whatever is in no circle goes at once, without a look, and circles are few: so many of them are some megabytes at most.
"""

_PARTLY: dict[str, Parts] = {
    "sqlalchemy.ext.asyncio": {"engine": ("AsyncConnection", "AsyncEngine", "create_async_engine")},
    "uvicorn": {"config": ("Config",), "server": ("Server",)},
}
"""What the one loads besides is the ORM, the other a command line: a tenth of a service's memory, and unused by us."""


@contextmanager
def loading() -> Iterator[None]:
    """Import within this block. What is there at its end is taken to stay for good.

    The collector begins anew with each ten thousands of objects, and a start makes some hundred thousand: to walk them
    over and over took a quarter of the time until the first page. Once they are frozen, no walk holds up the service;
    and it looks at what comes in less often, for to walk the pages of a run as they were read took a tenth of the run.
    """
    gc.disable()
    try:
        with _without_the_unused(), partly(_PARTLY):
            yield
    finally:
        gc.freeze()
        gc.set_threshold(YOUNG)
        gc.enable()


@contextmanager
def _without_the_unused() -> Iterator[None]:
    """Let it be as good as not installed: what stands as None is not found (docs.python.org, The import system)."""
    if _UNUSED in sys.modules:
        yield
        return
    sys.modules[_UNUSED] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[_UNUSED]
