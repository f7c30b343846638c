"""Local times in words, on both sides of a clock change, and the hours two people share."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from web.clocks import local_time, offset_words, zone_of
from web.overlap import overlap, pieces
from web.words import ago, counted, when

LISBON, MEXICO, TOKYO, KOLKATA = (
    ZoneInfo(name) for name in ("Europe/Lisbon", "America/Mexico_City", "Asia/Tokyo", "Asia/Kolkata")
)
MONDAY = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words", "tz"),
    [
        ("16:42", "working hours", "Europe/Lisbon"),
        ("17:42", "working hours, 1 h ahead", "Europe/Paris"),
        ("18:42", "evening, 2 h ahead", "Asia/Jerusalem"),
        ("10:42", "working hours, 6 h behind", "America/Mexico_City"),
        ("22:12", "probably asleep, 5 ½ h ahead", "Asia/Kolkata"),
        ("22:27", "probably asleep, 5 ¾ h ahead", "Asia/Kathmandu"),
        ("08:42", "early morning, 8 h behind", "America/Los_Angeles"),
        ("00:42", "probably asleep, 8 h ahead", "Asia/Shanghai"),
    ],
)
def test_a_local_time_is_told_in_words(text: str, words: str, tz: str) -> None:
    time = local_time(tz, MONDAY, LISBON)

    assert time is not None
    assert (text, words) == (time.text, time.summary)


def test_saturday_noon_is_not_working_hours() -> None:
    time = local_time("Europe/Lisbon", datetime(2026, 11, 28, 12, tzinfo=UTC), None)

    assert time is not None
    assert (time.words, time.is_weekend) == ("weekend", True)


@pytest.mark.parametrize("tz", [None, "", "Nowhere/Atlantis", "Europe", "../../etc/passwd", "UTC\x00", "x" * 1000])
def test_an_unknown_zone_shows_no_time(tz: str | None) -> None:
    assert zone_of(tz) is None
    assert local_time(tz, MONDAY, LISBON) is None


def test_a_local_time_follows_the_zone_over_its_clock_change() -> None:
    before = local_time("America/New_York", datetime(2026, 10, 31, 12, tzinfo=UTC), LISBON)
    after = local_time("America/New_York", datetime(2026, 11, 2, 12, tzinfo=UTC), LISBON)

    assert before is not None
    assert after is not None
    assert (before.text, before.offset) == ("08:00", "4 h behind")
    assert (after.text, after.offset) == ("07:00", "5 h behind")


def test_odd_differences_are_told_in_minutes() -> None:
    assert offset_words(20) == "20 min ahead"
    assert offset_words(-(5 * 60 + 20)) == "5 h 20 min behind"
    assert offset_words(0) == ""


def test_shared_hours_are_told_on_the_viewers_clock() -> None:
    shared = overlap(MEXICO, LISBON, MONDAY)

    assert [piece.range for piece in shared.shared] == ["15:00 to 18:00"]
    assert (shared.hours, shared.now_text) == ("3 hours", "16:42")


def test_no_shared_hours_name_the_closest() -> None:
    shared = overlap(TOKYO, LISBON, MONDAY)

    assert shared.shared == ()
    assert shared.closest == ("09:00", "18:00")


def test_a_day_that_passes_midnight_is_drawn_in_two_pieces() -> None:
    assert [piece.range for piece in pieces(18 * 60, 27 * 60)] == [("00:00 to 03:00"), ("18:00 to 24:00")]


def test_a_difference_that_is_about_to_change_is_announced() -> None:
    soon = overlap(ZoneInfo("America/New_York"), LISBON, datetime(2026, 10, 29, 12, tzinfo=UTC)).soon

    assert soon == "5 h behind from Sunday"


def test_ages_are_told_in_the_words_of_the_house() -> None:
    def told(*moment: int) -> str:
        return ago(datetime(*moment, tzinfo=UTC), MONDAY, LISBON)  # type: ignore[arg-type,misc]

    assert told(2026, 11, 23, 16, 41, 58) == "just now"
    assert told(2026, 11, 23, 16, 41, 46) == "14 seconds ago"
    assert told(2026, 11, 23, 16, 40) == "2 minutes ago"
    assert told(2026, 11, 23, 9, 14) == "today at 09:14"
    assert told(2026, 11, 22, 18) == "yesterday, 18:00"
    assert told(2026, 11, 12, 12) == "12 November"
    assert told(2025, 3, 3, 12) == "3 March 2025"


def test_a_time_without_a_known_viewer_says_whose_it_is() -> None:
    assert ago(datetime(2026, 11, 23, 9, 14, tzinfo=UTC), MONDAY, None) == "today at 09:14 UTC"
    assert when(MONDAY, MONDAY, KOLKATA).title == "Monday 23 November 2026, 22:12"


def test_counts_agree_with_their_noun() -> None:
    assert counted(1, "person", "people") == "1 person"
    assert counted(1176, "person", "people") == "1,176 people"
