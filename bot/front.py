"""The address of this process: bound once, early enough to say what is waited for, and told as people type it."""

from __future__ import annotations

import socket
from collections.abc import Callable

from bot.settings import Settings
from bot.signin_links import base_url
from bot.supervisor import Supervisor
from bot.webserver import WebServer, bind

_AT_LOCALHOST = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::")  # noqa: S104 - only compared
"""Addresses to listen on at which `localhost` leads to us, where a wildcard leads nowhere."""
WEB_SERVER = "web server"


class Front:
    """Answers at one address."""

    def __init__(self, settings: Settings, *, or_next_port: bool = False) -> None:
        self._settings = settings
        self._or_next_port = or_next_port
        self._web: WebServer | None = None

    @property
    def is_open(self) -> bool:
        """Say whether it is bound."""
        return self._web is not None

    @property
    def server(self) -> WebServer:
        """The server, once it is bound."""
        if self._web is None:
            raise LookupError("nothing is bound yet")
        return self._web

    @property
    def url(self) -> str:
        """Tell the address."""
        host, port = self.server.address
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"

    def local_url(self) -> str:
        """Tell this machine's own address; the port is known once it is bound."""
        return base_url(None, self.server.address[1])

    def shown_url(self, public_url: str) -> str:
        """Tell the address to type: where links lead, unless this machine's own name does not lead to us."""
        if self._settings.public_url or self._settings.host in _AT_LOCALHOST:
            return f"{public_url}/"
        return self.url

    def listen(self, serve: Callable[[socket.socket], WebServer], tasks: Supervisor) -> None:
        """Bind and answer; `serve` makes the server of what was bound. Raises PortTaken."""
        settings = self._settings
        self._web = serve(bind(settings.host, settings.port, or_next=self._or_next_port))
        tasks.start(WEB_SERVER, self._web.run())

    async def close(self, tasks: Supervisor) -> None:
        """Let requests under way end, and wait for it."""
        if self._web is not None:
            self._web.close()
            await tasks.ended(WEB_SERVER)
