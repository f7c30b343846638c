"""Where a sign-in may end: on a page of ours, and nowhere else."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import Response

from web.returning import LONGEST, Returning, is_local


@pytest.mark.parametrize(
    "place",
    [
        "", "people", "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "/a\\b",
        "/\tevil.example", "/a\r\nSet-Cookie: x=1", "/a\x00", "/a\x7f", "/é", " /a", "javascript:alert(1)", "/a b",
        "/signin", "/signin?token=x", "/signin/slack", "/signout", "/live", "/live?after=1", "/api/v1/users",
        "/static/x/y.css", "/" + "a" * LONGEST,
    ],
    ids=ascii,
)  # fmt: skip
def test_no_sign_in_ends_elsewhere(place: str) -> None:
    assert not is_local(place)


@pytest.mark.parametrize(
    "place", ["/", "/?q=Ada%20L", "/users/T1/U1", "/lively", "/signing", "/runs", "/?u=https://evil.example", "/a[1]"]
)
def test_a_sign_in_ends_on_any_page_of_ours(place: str) -> None:
    assert is_local(place)


@pytest.mark.parametrize(
    ("headers", "is_remembered"),
    [
        ({"accept": "text/html,*/*;q=0.8"}, True),
        ({"accept": "text/html,*/*;q=0.8", "sec-fetch-dest": "document"}, True),
        ({"accept": "text/html", "sec-fetch-dest": "image"}, False),
        ({"accept": "image/avif,image/webp,*/*;q=0.8"}, False),
        ({"accept": "*/*"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_only_where_somebody_went_is_remembered(headers: dict[str, str], is_remembered: bool) -> None:
    named = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": "/favicon.ico", "raw_path": b"/favicon.ico", "headers": named}
    answer = Response()
    Returning(None).remember(Request({**scope, "query_string": b""}), answer)

    assert is_remembered == ("set-cookie" in answer.headers)
