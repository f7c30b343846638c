"""Our socket: what is answered leaves at once."""

from __future__ import annotations

import socket

from bot.webserver import bind


def test_an_answer_on_a_connection_that_is_kept_does_not_wait_for_an_ack() -> None:
    with bind("127.0.0.1", 0) as listening:
        listening.listen()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
