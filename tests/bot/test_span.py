"""How far back somebody looks: hours, days or weeks, up to ninety days, and nothing that is none of these."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.command.span import read_span, span_words


@pytest.mark.parametrize(
    ("text", "hours", "words"),
    [
        ("", 7 * 24, "7 days"),
        ("7d", 7 * 24, "7 days"),
        ("7", 7 * 24, "7 days"),
        ("1h", 1, "1 hour"),
        ("1d", 24, "24 hours"),
        ("36 hrs", 36, "36 hours"),
        ("48H", 48, "2 days"),
        ("2 weeks", 14 * 24, "14 days"),
        ("90 days", 90 * 24, "90 days"),
        ("2160h", 90 * 24, "90 days"),
    ],
)
def test_a_span_is_read_and_said(text: str, hours: int, words: str) -> None:
    span = read_span(text)

    assert timedelta(hours=hours) == span
    assert span is not None
    assert words == span_words(span)


@pytest.mark.parametrize(
    "text", ["0d", "0", "91d", "13w", "2161h", "-7d", "7m", "d7", "7dd", "1.5d", "٧d", "99999d", " "]
)
def test_what_is_none_is_none(text: str) -> None:
    assert read_span(text) is None
