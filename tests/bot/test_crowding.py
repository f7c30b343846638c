"""Somebody else on the same app is told after ten minutes, by two hellos, and no longer than it lasts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.crowding import Crowding

START = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
"""Any time will do."""


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def heard(*counts: tuple[float, int], ours: int = 2, others: int = 0) -> Crowding:
    """Hear hellos: minutes after the start, and how many connections each counted."""
    crowding = Crowding()
    for minutes, counted in counts:
        crowding.hear(counted, ours=ours, others=others, now=after(minutes))
    return crowding


def test_our_own_connections_are_no_crowd() -> None:
    assert heard((0, 1), (0, 2), (600, 2)).words is None


def test_one_too_many_is_not_told_at_once_since_slack_may_count_what_was_just_closed() -> None:
    assert heard((0, 3), (9, 3)).words is None


def test_one_too_many_for_ten_minutes_is_told_with_a_remedy() -> None:
    words = heard((0, 3), (10, 4)).words or ""

    assert "Slack counts 4 connections of this app, but only 2 are known here." in words
    assert "stop the other usersync" in words


def test_the_ten_minutes_begin_anew_when_the_count_was_right_in_between() -> None:
    assert heard((0, 3), (9, 2), (10, 3), (19, 3)).words is None


def test_it_is_told_no_longer_once_a_hello_counts_no_more_than_ours() -> None:
    assert heard((0, 3), (10, 3), (11, 2)).words is None


def test_known_replicas_are_no_crowd() -> None:
    assert heard((0, 4), (10, 4), others=2).words is None
    assert heard((0, 5), (10, 5), others=2).words is not None


def test_a_hello_that_counts_nothing_says_nothing() -> None:
    crowding = heard((0, 3), (10, 3))

    crowding.hear(None, ours=2, now=after(11))

    assert crowding.words is not None


def test_another_hello_is_asked_for_after_ten_minutes_and_once_every_ten_minutes() -> None:
    crowding = heard((0, 3))

    assert [False, True, False, False, True] == [
        crowding.begins_look(after(minutes)) for minutes in (9, 10, 11, 19, 20)
    ]


def test_nobody_is_asked_to_look_again_while_the_count_is_right() -> None:
    assert not heard((0, 3), (5, 2)).begins_look(after(60))
    assert not Crowding().begins_look(after(60))
