"""A real HTTP server of this machine that hears what Apprise posts as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

SECRET = "planted-secret"


@dataclass
class Receiver:
    """What was heard, oldest first; `status` is what it answers, after so many seconds."""

    heard: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    slow_s: float = 0
    port: int = 0

    @property
    def url(self) -> str:
        """Its address as Apprise writes it, with a secret in it."""
        return f"json://127.0.0.1:{self.port}/{SECRET}"

    @property
    def titles(self) -> list[str]:
        return [each["title"] for each in self.heard]

    async def hear(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.slow_s)
        if self.status == 200:
            self.heard.append(await request.json())
        return web.Response(status=self.status)


@asynccontextmanager
async def a_receiver() -> AsyncIterator[Receiver]:
    """Listen on any free port."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{rest:.*}", receiver.hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()
