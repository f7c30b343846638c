"""The program on a terminal: what it draws there."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
from collections.abc import Mapping
from pathlib import Path


async def on_a_terminal(*arguments: str, env: Mapping[str, str], cwd: Path) -> tuple[int | None, str]:
    """Run `usersync ARGUMENTS` on a terminal of its own; tell its exit code, and all that was drawn."""
    outside, inside = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments,
        env=dict(env) | {"TERM": "xterm-256color"}, cwd=cwd, stdin=inside, stdout=inside, stderr=inside,
    )  # fmt: skip
    os.close(inside)
    shown = bytearray()
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def read() -> None:
        try:
            part = os.read(outside, 65_536)
        except OSError:  # the other end is closed
            part = b""
        shown.extend(part)
        if not part:
            loop.remove_reader(outside)
            ended.set()

    loop.add_reader(outside, read)
    async with asyncio.timeout(60):
        await process.wait()
        await ended.wait()
    os.close(outside)
    return process.returncode, shown.decode()
