"""A way to a server that can be cut and mended: every byte passes through, until the line is dead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class Relay:
    """Passes connections on to one address; `cut` breaks all of them off, and no new one comes through until `mend`."""

    def __init__(self, to: str) -> None:
        self._to = urlsplit(to)
        self._open: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self._server: asyncio.Server | None = None
        self.cuts = 0

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Break off every connection, in the middle of whatever it carries."""
        self._is_cut = True
        self.cuts += 1
        for writer in tuple(self._open):
            writer.transport.abort()

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def close(self) -> None:
        assert self._server is not None
        self.cut()
        self._server.close()
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        beyond_reader, beyond = await asyncio.open_connection(self._to.hostname, self._to.port)
        ends = {writer, beyond}
        self._open |= ends
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, beyond, ends))
                group.create_task(_pump(beyond_reader, writer, ends))
        finally:
            self._open -= ends


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ends: set[asyncio.StreamWriter]) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    for each in ends:
        each.close()


@asynccontextmanager
async def relaying(to: str) -> AsyncIterator[Relay]:
    """Open a way to a server; it is closed after."""
    relay = Relay(to)
    await relay.start()
    try:
        yield relay
    finally:
        await relay.close()
