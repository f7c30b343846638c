"""Cursors are opaque words: what we wrote comes back, everything else is refused."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.cursor import MAX_CHARS, decode_cursor, decode_time, encode_cursor, with_meant, without_meant
from db.errors import BadCursor

_storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80)


@given(st.lists(_storable, min_size=1, max_size=4))
def test_a_cursor_comes_back_as_it_was_written(parts: list[str]) -> None:
    cursor = encode_cursor(*parts)

    assert tuple(parts) == decode_cursor(cursor, parts=len(parts))
    assert re.fullmatch(r"[A-Za-z0-9_-]+", cursor)


@given(st.text(max_size=60))
def test_whatever_else_is_typed_is_refused_in_words_or_is_a_key(cursor: str) -> None:
    try:
        found = decode_cursor(cursor, parts=3)
    except BadCursor as error:
        assert "page link" in str(error)  # noqa: PT017 - the other outcome is checked below
    else:
        assert 3 == len(found)


def _word(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "", "=", "ä", "a", "!!!!", " ", "WyJh", _word("abc"), _word({"a": 1}), _word(["a", "b"]), _word(["a", "b", 3]),
        _word(["a", "b", None]), _word(["a", "b", "\0"]), _word(["a", "b", "\ud800"]), _word(["a", "b", ["c"]]),
        _word(10**30), base64.urlsafe_b64encode(b"[" * 3_000).decode(), "A" * (MAX_CHARS + 1),
        base64.urlsafe_b64encode(b'["a","b","\xff"]').decode(), base64.urlsafe_b64encode(b"9" * 3_000).decode(),
    ],
)  # fmt: skip
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(cursor, parts=3)


def test_the_longest_key_makes_a_cursor_that_is_read_back() -> None:
    key = ("🦆" * 200, "T" * 64, "U" * 64)

    assert key == decode_cursor(encode_cursor(*key), parts=3)


def test_a_moment_is_read_in_utc() -> None:
    assert datetime(2026, 11, 23, 14, tzinfo=UTC) == decode_time("2026-11-23T16:00:00+02:00")


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-11-23T16:00:00", "2026-13-01T00:00:00+00:00", "0001-01-01T00:00:00+14:00",
     "9999-12-31T23:59:59-14:00"],
)  # fmt: skip
def test_what_is_no_moment_in_utc_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        decode_time(text)


@given(st.lists(_storable, min_size=1, max_size=4), _storable, _storable.map("a{}".format))
def test_what_was_meant_comes_back_for_what_was_typed(parts: list[str], typed: str, meant: str) -> None:
    cursor = with_meant(encode_cursor(*parts), typed, meant)

    assert (meant, encode_cursor(*parts)) == without_meant(cursor, typed)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", cursor)
    with pytest.raises(BadCursor):
        without_meant(cursor, f"{typed} else")


def test_without_anything_meant_a_cursor_stays_as_it_is() -> None:
    assert ("", encode_cursor("a", "b")) == without_meant(encode_cursor("a", "b"), "smith")


@pytest.mark.parametrize("meant", ["", " ", "--"])
def test_nothing_cannot_be_meant(meant: str) -> None:
    with pytest.raises(BadCursor):
        without_meant(with_meant(encode_cursor("a"), "smyth", meant), "smyth")


def test_the_longest_search_makes_a_cursor_that_is_read_back() -> None:
    key = ("best", "0", "🦆" * 200, "T" * 64, "U" * 64)
    cursor = with_meant(encode_cursor(*key), "🦆" * 200, "a" + "🦆" * 280)

    assert encode_cursor(*key) == without_meant(cursor, "🦆" * 200)[1]
