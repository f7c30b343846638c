"""Who was listed is known of a million ids, in eight bytes each."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from db.listed import Listed


@given(st.lists(st.text()), st.lists(st.text()), st.lists(st.text()))
def test_whoever_was_added_is_listed_and_nobody_else(first: list[str], more: list[str], others: list[str]) -> None:
    listed = Listed(first)
    before = [each for each in (*first, *more, *others) if each in listed]
    listed.add(more)

    assert [each for each in (*first, *more, *others) if each in first] == before
    assert [each for each in others if each in {*first, *more}] == [each for each in others if each in listed]


def test_ids_take_little_more_than_eight_bytes_each() -> None:
    tracemalloc.start()
    listed = Listed(f"U0{number:09}" for number in range(100_000))
    assert all(f"U0{number:09}" in listed for number in range(100_000))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held < 12 * 100_000
