"""A line between a client and a server that can be cut, fall silent, be taken down, and be mended."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Line:
    """Passes bytes on between whoever connects to `port` and a server on this machine."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._is_silent = False
        self.port = 0

    async def up(self) -> None:
        """Listen, on the same port as before."""
        if self._server is None:
            self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> int:
        """Reset every connection, as a rebooted router does; new ones work. Tells how many there were."""
        cut = list(self._connections)
        for each in cut:
            each.cut()
        return len(cut)

    async def down(self) -> None:
        """Reset every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    def silence(self) -> None:
        """Half-open: every connection, old or new, takes bytes and answers nothing."""
        self._is_silent = True
        for each in self._connections:
            each.is_deaf = True

    async def mend(self) -> None:
        """Let new connections through; those that fell silent stay so, as behind a router that forgot them."""
        self._is_silent = False
        await self.up()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(writer, is_deaf=self._is_silent)
        self._connections.add(connection)
        try:
            await connection.run(reader, self._to_port)
        finally:
            self._connections.discard(connection)
            connection.cut()


class _Connection:
    def __init__(self, client: asyncio.StreamWriter, *, is_deaf: bool) -> None:
        self._ends = [client]
        self.is_deaf = is_deaf

    async def run(self, from_client: asyncio.StreamReader, to_port: int) -> None:
        """Pass bytes on until either side is gone."""
        client = self._ends[0]
        if self.is_deaf:  # nobody is behind it
            await self._pass(from_client, client)
            return
        try:
            from_server, server = await asyncio.open_connection("127.0.0.1", to_port)
        except OSError:
            return
        self._ends.append(server)
        passing = [
            asyncio.create_task(self._pass(from_client, server), name="line, there"),
            asyncio.create_task(self._pass(from_server, client), name="line, back"),
        ]
        try:
            await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in passing:
                each.cancel()
            await asyncio.gather(*passing, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(65_536):
                if not self.is_deaf:
                    writer.write(chunk)
                    await writer.drain()

    def cut(self) -> None:
        """Drop both ends without a goodbye."""
        for each in self._ends:
            each.transport.abort()


@contextlib.asynccontextmanager
async def a_line(to_port: int) -> AsyncIterator[Line]:
    """Keep a line until the block ends."""
    line = Line(to_port)
    await line.up()
    try:
        yield line
    finally:
        await line.down()
