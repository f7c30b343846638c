"""The address alone decides: which host is answered, whose form counts, and what every answer carries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message

import web
from db import Store
from tests.support.html import read
from tests.web.conftest import TEAM, Clock, Service, Slack
from tests.web.test_door import a_door
from web.address import Address
from web.attempts import Attempts
from web.waiting import Waiting

PUBLIC = "https://people.example"
YEAR = "max-age=31536000"
CARRIED = {
    "content-security-policy", "x-content-type-options", "referrer-policy", "cross-origin-opener-policy",
    "cross-origin-resource-policy", "cache-control",
}  # fmt: skip

MakeApp = Callable[..., Starlette]


@pytest.fixture
def make_app(store: Store, clock: Clock, service: Service) -> MakeApp:
    def make(**options: object) -> Starlette:
        given = {"store": store, "bell": store.bell, "status": service, "clock": clock} | options
        return web.create_app(**given)  # type: ignore[arg-type]

    return make


@asynccontextmanager
async def visiting(app: object, base_url: str = "http://localhost") -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=base_url, headers={"Accept": "text/html"}) as client:
        yield client


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "people.example.evil.example", "localhost", "127.0.0.1", "[::1]", "", ":80", "people.example:",
        "people.example@evil.example", "people.example/", "people.example,people.example", "people.example:123456",
        "people.example ", "http://people.example", "people.example#", "people.example\\", "xn--people.example",
    ],
)  # fmt: skip
def test_with_an_address_every_other_host_is_foreign(host: str) -> None:
    assert not Address(PUBLIC).accepts(host)


@pytest.mark.parametrize("host", ["people.example", "PEOPLE.example", "people.example:443", "people.example:3000"])
def test_with_an_address_its_name_is_ours_with_any_port(host: str) -> None:
    assert Address(PUBLIC).accepts(host)
    assert Address("http://[FD00::1]:3000/").accepts("[fd00::1]")


@pytest.mark.parametrize("public_url", ["https://B\u00fccher.example", "https://xn--bcher-kva.example."])
def test_a_name_is_compared_as_browsers_say_it(public_url: str) -> None:
    address = Address(public_url)

    assert address.accepts("xn--bcher-kva.example")
    assert address.accepts("XN--bcher-kva.example.:443")
    assert address.is_ours("https://xn--bcher-kva.example", "xn--bcher-kva.example")
    assert not [
        host for host in ("bucher.example", "b\u00fccher.example", "xn--bcher-kva", ".") if address.accepts(host)
    ]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "evil.localhost", "127.0.0.1.evil.example", "127.1", "0x7f000001", ""],
)
def test_without_one_no_name_is_ours_that_a_stranger_could_point_at_us(host: str) -> None:
    assert not Address().accepts(host)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:3000", "127.0.0.1:8080", "10.0.0.5", "[::1]:3000"])
def test_without_one_localhost_and_addresses_are_ours(host: str) -> None:
    assert Address().accepts(host)


@pytest.mark.parametrize(
    ("origin", "host", "public_url", "ours"),
    [
        ("http://people.example", "people.example", PUBLIC, False),
        ("https://people.example.evil", "people.example", PUBLIC, False),
        ("https://people.example:444", "people.example:444", PUBLIC, False),
        ("https://evil@people.example", "people.example", PUBLIC, False),
        ("http://localhost:3000", "people.example", PUBLIC, False),
        ("http://localhost:3001", "localhost:3000", None, False),
        ("http://localhost@evil", "localhost", None, False),
        ("http://evil", "localhost", None, False),
        ("null", "null", None, False),
        ("", "", None, False),
        ("https://people.example..", "people.example", PUBLIC, False),
        ("https://people.example.", "people.example.", PUBLIC, True),
        ("http://", "localhost", None, False),
        ("http://localhost:99999", "localhost:99999", None, False),
        ("https://people.example", "people.example", PUBLIC, True),
        ("https://people.example:443", "people.example", PUBLIC, True),
        ("http://people.example:8080", "people.example", "http://people.example:8080/", True),
        ("http://LOCALHOST:3000", "localhost:3000", None, True),
        ("http://10.0.0.5:80", "10.0.0.5", None, True),
        ("https://localhost", "localhost", None, True),
    ],
)
def test_a_form_counts_from_our_own_address_alone(origin: str, host: str, public_url: str | None, ours: bool) -> None:
    assert ours == Address(public_url).is_ours(origin, host)


@pytest.mark.parametrize("door", [None, a_door()], ids=["open", "with a door"])
@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/", "/"),
        (f"/users/{TEAM}/U1", f"/users/{TEAM}/U1"),
        ("/?q=a%22%3E%3Cb%3E&kind=bot", "/?q=a%22%3E%3Cb%3E&kind=bot"),
        ("/nowhere", "/nowhere"),
        ("/signin?token=x", "/"),
        ("http://evil.example//else.example/x", "/"),
        ("/\\else.example", "/"),
    ],
)
async def test_a_wrong_host_gets_a_page_that_names_the_right_address(
    make_app: MakeApp, slack: Slack, door: web.Door | None, path: str, there: str
) -> None:
    await slack.says("U1", real_name="Ada")
    async with visiting(make_app(door=door, address=Address(PUBLIC)), "http://evil.example") as client:
        page = await client.get(path)
        line = await client.get(path, headers={"Accept": "application/json"})

    assert (400, 400) == (page.status_code, line.status_code)
    link = read(page.text).one("main").one("a")
    assert ("https://people.example/", f"https://people.example{there}") == (link.text, link.attributes["href"])
    assert f"The directory has another address: https://people.example{there}\n" == line.text
    assert not [word for word in ("Ada", "evil", "else.example", "token") if word in page.text + line.text]


async def test_two_hosts_or_none_are_refused(make_app: MakeApp) -> None:
    app = make_app()
    one = [(b"host", b"localhost")]
    statuses = [await _status(app, headers) for headers in ([], one, one * 2, [(b"host", b"localhost, localhost")])]

    assert [400, 200, 400, 400] == statuses


async def _status(app: Starlette, headers: list[tuple[bytes, bytes]]) -> int:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": headers}
    await app(scope | {"root_path": "", "http_version": "1.1", "scheme": "http"}, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_whatever_watches_us_may_use_any_name(make_app: MakeApp, path: str) -> None:
    async with visiting(make_app(address=Address(PUBLIC)), "http://10-0-0-5.pods.example") as client:
        assert (await client.get(path)).status_code in (200, 503)


async def test_the_page_while_the_database_is_waited_for_asks_for_the_host_as_well() -> None:
    waiting = Waiting(address=Address(PUBLIC))
    async with visiting(waiting, "http://evil.example") as client:
        page, health = await client.get("/"), await client.get("/healthz")
    async with visiting(waiting, "http://people.example") as client:
        right = await client.get("/")

    assert (400, 200, 503) == (page.status_code, health.status_code, right.status_code)
    assert "https://people.example/" in page.text
    assert {YEAR} == {each.headers["strict-transport-security"] for each in (page, health, right)}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/signin", "/signout", "/live", "/nowhere", "/healthz"])
async def test_no_foreign_page_can_send_anything_anywhere(make_app: MakeApp, method: str, path: str) -> None:
    async with visiting(make_app()) as client:
        for headers in ({}, {"Origin": "null"}, {"Origin": "http://evil.example"}):
            answer = await client.request(method, path, headers=headers)
            assert 403 == answer.status_code
            assert "not sent from a page of the directory" in answer.text
        twice = [("Origin", "http://localhost"), ("Origin", "http://localhost")]
        assert 403 == (await client.request(method, path, headers=twice)).status_code
        assert 403 != (await client.request(method, path, headers={"Origin": "http://localhost"})).status_code


@pytest.mark.parametrize(
    ("url", "told"),
    [(None, None), ("http://people.example", None), (PUBLIC, YEAR), ("HTTPS://people.example", YEAR)],
)
async def test_only_an_https_address_is_held_to_https(make_app: MakeApp, url: str | None, told: str | None) -> None:
    host = "people.example" if url else "localhost"
    async with visiting(make_app(address=Address(url)), f"http://{host}") as client:
        answer = await client.get("/", headers={"X-Forwarded-Proto": "https", "Forwarded": "proto=https"})

    assert told == answer.headers.get("strict-transport-security")


async def test_every_answer_carries_the_headers_whatever_has_gone_wrong(make_app: MakeApp) -> None:
    app = make_app(door=a_door(), address=Address(PUBLIC), attempts=Attempts(most=1, within_s=60))
    ours = {"Origin": PUBLIC}
    async with visiting(app, "http://people.example") as client:
        answers = [await client.get(path) for path in ("/", "/nowhere", "/healthz", "/signin")]
        answers.append(await client.get("/", headers={"Host": "evil"}))
        answers += [await client.post(path) for path in ("/signout", "/healthz")]
        answers += [await client.post(path, headers=ours) for path in ("/signin", "/signin", "/signout")]
    assert [401, 401, 200, 200, 400, 403, 403, 410, 429, 303] == [each.status_code for each in answers]

    async with visiting(make_app(read_metrics=_breaks, address=Address(PUBLIC)), "http://people.example") as client:
        answers.append(await client.get("/metrics"))
    assert 500 == answers[-1].status_code
    for each in answers:
        assert CARRIED | {"strict-transport-security"} <= each.headers.keys(), each.status_code
        policy = each.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert {"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(
            policy.split("; ")
        )


def _breaks() -> tuple[bytes, str]:
    raise RuntimeError("whatever nobody expected")
