"""Slack's now: told by the `Date` of its responses, and by nothing that cannot be true."""

from __future__ import annotations

import pytest

from bot.slack import SlackClock

NOON = "Mon, 23 Nov 2026 12:00:00 GMT"
NOON_S = 1_795_435_200


def a_clock(*, wall_s: float) -> tuple[SlackClock, list[float]]:
    monotonic = [100.0]
    return SlackClock(wall=lambda: wall_s, monotonic=lambda: monotonic[0]), monotonic


def test_until_slack_has_answered_the_hosts_clock_holds() -> None:
    clock, _ = a_clock(wall_s=5.0)

    assert 5.0 == clock.now_s()


def test_a_wrong_host_clock_does_not_matter_once_slack_has_answered() -> None:
    clock, monotonic = a_clock(wall_s=5.0)

    clock.hear({"Date": NOON})
    monotonic[0] += 30

    assert NOON_S + 30 == clock.now_s()


@pytest.mark.parametrize(
    "stamp",
    [
        "", "yesterday", "Mon, 99999999999 Jan 2020 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 +1200",
        "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 23 Nov 2026", "\x00",
    ],
)  # fmt: skip
def test_a_date_that_cannot_be_read_or_cannot_be_true_says_nothing(stamp: str) -> None:
    clock, _ = a_clock(wall_s=5.0)
    clock.hear({"Date": NOON})

    clock.hear({"Date": stamp})

    assert NOON_S == clock.now_s()


def test_slacks_whole_seconds_never_turn_time_back() -> None:
    clock, monotonic = a_clock(wall_s=5.0)
    clock.hear({"Date": NOON})
    monotonic[0] += 0.9
    before = clock.now_s()

    clock.hear({"Date": NOON})

    assert before == clock.now_s()


def test_a_date_far_behind_is_believed() -> None:
    clock, _ = a_clock(wall_s=5.0)
    clock.hear({"Date": "Mon, 23 Nov 2026 12:00:05 GMT"})

    clock.hear({"Date": NOON})

    assert NOON_S == clock.now_s()


def test_a_host_clock_that_agrees_with_slack_knows_the_fraction() -> None:
    clock, monotonic = a_clock(wall_s=NOON_S + 0.7)

    clock.hear({"Date": NOON})
    monotonic[0] += 0.1

    assert NOON_S + 0.8 == pytest.approx(clock.now_s(), abs=0.001)


def test_a_date_whose_answer_took_long_turns_no_time_back() -> None:
    clock, monotonic = a_clock(wall_s=5.0)
    clock.hear({"Date": NOON})
    asked_at_s = clock.monotonic()
    monotonic[0] += 25

    clock.hear({"Date": NOON}, asked_at_s=asked_at_s)

    assert NOON_S + 25 == clock.now_s()
