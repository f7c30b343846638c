"""The connections of an app are shared among replicas: everybody one first, further ones only while there is room."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shares import MOST, ROOMY, allotted, shares

WANTED = st.lists(st.integers(1, 10), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("replicas", "expected"),
    [
        (1, [2]),
        (2, [2, 2]),
        (4, [2, 2, 2, 2]),
        (5, [2, 2, 2, 1, 1]),
        (6, [2, 2, 1, 1, 1, 1]),
        (8, [1] * 8),
        (10, [1] * 10),
        (11, [1] * 10 + [0]),
        (13, [1] * 10 + [0] * 3),
    ],
)
def test_replicas_that_want_two_each_get_their_share(replicas: int, expected: list[int]) -> None:
    assert expected == shares([2] * replicas)


def test_whoever_is_alone_holds_what_the_settings_say() -> None:
    assert [10] == shares([10])
    assert [1] == shares([1])


def test_what_one_does_not_want_goes_to_the_others() -> None:
    assert [1, 7] == shares([1, 9])
    assert [4, 1, 3] == shares([9, 1, 3])


def test_nobody_is_there_to_share() -> None:
    assert [] == shares([])


@given(WANTED)
def test_no_share_is_more_than_wanted_and_all_are_no_more_than_slack_opens(wanted: list[int]) -> None:
    given_ = shares(wanted)

    assert all(share <= each for share, each in zip(given_, wanted, strict=True))
    assert sum(given_) <= MOST
    assert min(given_[:MOST]) >= 1
    assert len(wanted) == 1 or sum(given_) <= max(ROOMY, len(wanted))


@given(WANTED)
def test_whoever_started_later_takes_nobodys_first_one(wanted: list[int]) -> None:
    """One who joins costs the others second ones alone."""
    before, after = shares(wanted), shares([*wanted, 2])

    assert all(min(was, 1) <= now for was, now in zip(before[:MOST], after, strict=False))


def test_what_is_above_the_share_is_given_up_at_once() -> None:
    assert 1 == allotted(1, held=2, elsewhere=8)
    assert 0 == allotted(0, held=1, elsewhere=10)


def test_a_first_one_is_taken_while_slack_opens_one_more() -> None:
    assert 1 == allotted(1, held=0, elsewhere=9)
    assert 0 == allotted(1, held=0, elsewhere=10)


def test_a_second_one_waits_until_others_have_made_room() -> None:
    assert 1 == allotted(2, held=1, elsewhere=7)
    assert 2 == allotted(2, held=1, elsewhere=6)


def test_what_is_held_and_fair_is_kept_however_crowded_it_is() -> None:
    assert 2 == allotted(2, held=2, elsewhere=9)


@given(st.integers(0, 10), st.integers(0, 10), st.integers(0, 12))
def test_never_more_than_the_share(share: int, held: int, elsewhere: int) -> None:
    assert allotted(share, held=held, elsewhere=elsewhere) <= share
