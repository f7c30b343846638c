"""Our socket: what is answered leaves at once, and whoever comes early is kept waiting and not sent away."""

from __future__ import annotations

import asyncio
import socket

import pytest
from starlette.applications import Starlette

from bot.webserver import PortTaken, WebServer, bind


def test_an_answer_on_a_connection_that_is_kept_does_not_wait_for_an_ack() -> None:
    with (
        bind("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_who_comes_before_it_answers_is_kept_waiting() -> None:
    bound = bind("127.0.0.1", 0)
    _, early = await asyncio.open_connection(*bound.getsockname())
    server = WebServer(Starlette(), bound)

    server.close()
    await server.run()

    early.close()


def test_a_port_that_is_bound_already_is_told_at_once() -> None:
    with bind("127.0.0.1", 0) as first, pytest.raises(PortTaken):
        bind("127.0.0.1", first.getsockname()[1])


async def test_a_server_that_ends_before_it_has_begun_lets_go_of_its_port() -> None:
    bound = bind("127.0.0.1", 0)
    server = WebServer(Starlette(), bound)

    server.close()
    await server.run()

    assert -1 == bound.fileno()


async def test_a_server_that_is_broken_off_lets_go_of_its_port() -> None:
    bound = bind("127.0.0.1", 0)
    server = WebServer(Starlette(), bound)
    serving = asyncio.create_task(server.run())
    await server.started()

    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving

    assert -1 == bound.fileno()
