"""A page that is put together from pieces is the page, however it is sent."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest
from starlette.requests import Request

from web.pieces import Piece, Printed, zipped

NOW = datetime(2026, 3, 4, 12, 0, 5, tzinfo=UTC)
TEXT = "".join(f"<li>{number} Zoë</li>" for number in range(5000))


def asking(encoding: str) -> Request:
    return Request({"type": "http", "headers": [(b"accept-encoding", encoding.encode())]})


@pytest.mark.parametrize("written", ["", "4 seconds ago", "á" * 100_000], ids=["nothing", "words", "more than a block"])
def test_a_stream_of_pieces_is_what_was_written(written: str) -> None:
    pieces = (Piece("<ul>"), Piece(TEXT), "age", Piece(TEXT), "age", Piece(""))

    packed = zipped(pieces, {"age": written.encode()})

    assert f"<ul>{TEXT}{written}{TEXT}{written}" == gzip.decompress(packed).decode()
    assert len(packed) < len(TEXT.encode()) + 2 * len(written.encode())


def test_what_tells_seconds_is_written_at_each_answer() -> None:
    printed = Printed((Piece("<b>"), "age"), fill=lambda now: {"age": f"{now:%S} s"})

    assert b"<b>05 s" == printed.answer(asking("identity"), NOW).body
    assert b"<b>17 s" == gzip.decompress(printed.answer(asking("gzip, br"), NOW.replace(second=17)).body)


def test_a_page_holds_until_the_first_custom_status_on_it_ends() -> None:
    printed = Printed((), fill=lambda _: {}, endings=(0, int(NOW.timestamp()) + 2, int(NOW.timestamp()) + 60))

    assert printed.holds(NOW)
    assert not printed.holds(NOW.replace(second=7))
