"""Who a request comes from: a forwarded address counts from a trusted proxy alone, and only as far as it is trusted."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from starlette.requests import Request

from web.peers import address_of, is_trusted

PROXIES = (ip_network("10.0.0.1"), ip_network("172.16.0.0/12"), ip_network("fd00::/8"))


def asked(peer: str | None, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return Request({"type": "http", "headers": headers, "client": (peer, 5) if peer else None})


@pytest.mark.parametrize("peer", [None, "", "10.0.0.2", "::1", "fe00::1", "proxy", "10.0.0.1.evil", "::ffff:10.0.0.2"])
def test_a_peer_outside_the_networks_is_not_trusted(peer: str | None) -> None:
    assert not is_trusted(peer, PROXIES)


@pytest.mark.parametrize("peer", ["10.0.0.1", "172.31.255.255", "fd12::5", "::ffff:10.0.0.1"])
def test_a_peer_inside_them_is_trusted(peer: str) -> None:
    assert is_trusted(peer, PROXIES)
    assert not is_trusted(peer, ())


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1, 172.16.0.9"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "[2001:db8::1]:443"], "2001:db8::1"),
        ("10.0.0.1", ["1.1.1.1, unknown, 172.16.0.9"], "172.16.0.9"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["172.16.0.8, 172.16.0.9"], "172.16.0.8"),
        (None, ["198.51.100.1"], ""),
    ],
)
def test_the_last_address_that_no_trusted_proxy_bears_is_the_visitors(
    peer: str | None, forwarded: list[str], address: str
) -> None:
    assert address == address_of(asked(peer, *forwarded), PROXIES)
