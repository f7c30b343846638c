"""Before there is a directory every address says in words what is waited for; afterwards nothing of that is left."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from web.waiting import Waiting


def asking(waiting: Waiting) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=waiting), base_url="http://localhost")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/users/T1/U1"), ("GET", "/live"), ("POST", "/signin")]
)
async def test_a_program_and_a_person_are_told_alike(method: str, path: str) -> None:
    waiting = Waiting()
    waiting.reason = "The database <away> is waited for."
    async with asking(waiting) as client:
        text = await client.request(method, path, headers={"Accept": "application/json"})
        page = await client.request(method, path, headers={"Accept": "text/html"})

    assert (503, 503) == (text.status_code, page.status_code)
    assert "The database <away> is waited for." in text.text
    assert "The database &lt;away&gt; is waited for." in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


async def test_a_program_that_asks_the_api_is_told_in_its_form() -> None:
    async with asking(Waiting()) as client:
        answer = await client.get("/api/v1/users", headers={"Accept": "text/html"})

    expected = {"error": "unavailable", "message": "The directory is about to open. The memory is being opened."}
    assert (503, expected) == (answer.status_code, answer.json())
    assert "5" == answer.headers["Retry-After"]


async def test_the_process_lives_and_is_not_ready() -> None:
    async with asking(Waiting(version="1.2")) as client:
        lives, ready = await client.get("/healthz"), await client.get("/readyz")

    assert (200, {"status": "ok", "version": "1.2"}) == (lives.status_code, lives.json())
    assert (503, False) == (ready.status_code, ready.json()["ready"])
    assert "no-store" == ready.headers["Cache-Control"]


async def test_once_it_is_open_the_directory_answers() -> None:
    async def directory(_request: object) -> PlainTextResponse:
        return PlainTextResponse("people")

    waiting = Waiting()
    waiting.open(Starlette(routes=[Route("/", directory)]))
    async with asking(waiting) as client:
        page, nowhere = await client.get("/"), await client.get("/readyz")

    assert (200, "people", 404) == (page.status_code, page.text, nowhere.status_code)
