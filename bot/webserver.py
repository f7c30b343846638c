"""The web server inside our process: our socket, our signals, our end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

_PORTS = 1 << 16
_QUEUE = 2048
"""Connections that wait to be taken; uvicorn's own figure."""


class PortTaken(Exception):
    """The address to listen on is not to be had. The message is a sentence with its remedy."""


class _QuietServer(uvicorn.Server):
    """uvicorn without its own signal handlers: it would raise ours again after `serve()` and end the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.is_up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """Serves one application on one bound socket."""

    def __init__(self, app: ASGIApp, bound: socket.socket) -> None:
        self._socket = bound
        self._address = (str(bound.getsockname()[0]), int(bound.getsockname()[1]))
        self._server = _QuietServer(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                http="httptools",
                ws="none",
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=3,
            )
        )

    @property
    def address(self) -> tuple[str, int]:
        """Tell host and port; also once it is closed, for whoever still answers somebody then."""
        return self._address

    async def run(self) -> None:
        """Serve until `close`."""
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            self._give_back()

    def _give_back(self) -> None:
        """Let go of the port: uvicorn does so itself, but not where it was told to end before it had begun."""
        for server in getattr(self._server, "servers", []):
            server.close()
        self._socket.close()

    async def started(self) -> None:
        """Wait until requests are answered."""
        await self._server.is_up.wait()

    def close(self) -> None:
        """Let requests under way end, and take no more; `run` returns then."""
        self._server.should_exit = True


def bind(host: str, port: int, *, or_next: bool = False) -> socket.socket:
    """Bind host and port and let callers queue; with `or_next`, the next free one of twenty. Raises PortTaken."""
    for candidate in range(port, min(port + (20 if or_next and port else 1), _PORTS)):
        try:
            return _bound(host, candidate)
        except (OSError, UnicodeError) as error:  # a host name that is none fails in its encoding
            problem = error
    raise PortTaken(
        f"Cannot listen on {host}, port {port} ({getattr(problem, 'strerror', None) or 'no such host'}). "
        "End what listens there, or choose another with USERSYNC_PORT or USERSYNC_HOST."
    )


def _bound(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Inherited by each connection. asyncio sets it where a socket names its protocol, and one that was accepted
        # here does not: then the body of an answer waits 40 ms for the ack of its head.
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        found.bind(address)
        # At once: the address may be told before the server has begun, and two who start together must not both
        # believe that they have it. Who comes early waits in the queue.
        found.listen(_QUEUE)
    except OSError:
        found.close()
        raise
    return found
