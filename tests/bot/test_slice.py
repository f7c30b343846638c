"""A transaction of a run writes as many users as fit into a moment."""

from __future__ import annotations

from bot.runs.slice import AIM_S, FEWEST, FIRST, MOST, Slice


class Machine:
    """Writes so many users a second."""

    def __init__(self, users_a_second: float) -> None:
        self.users_a_second = users_a_second
        self.now_s = 0.0
        self.slice = Slice(monotonic=lambda: self.now_s)

    def write(self, users: int | None = None) -> int:
        many = self.slice.users if users is None else users
        with self.slice.timed(many):
            self.now_s += many / self.users_a_second
        return self.slice.users


def test_a_quick_machine_writes_many_at_once_and_a_slow_one_few() -> None:
    quick, slow = Machine(50_000), Machine(500)

    assert [FIRST * 2, FIRST * 4, MOST, MOST] == [quick.write() for _ in range(4)]
    assert [FEWEST, FEWEST] == [slow.write() for _ in range(2)]


def test_the_size_finds_the_moment_that_is_aimed_at() -> None:
    machine = Machine(3_000)

    assert 3_000 * AIM_S == [machine.write() for _ in range(5)][-1]


def test_a_page_is_parted_into_slices_of_one_size() -> None:
    parts, page = Slice(), list(range(FIRST * 5 // 2))

    sizes = []
    while page:
        sizes.append(len(parts.first_of(page)))
        page = page[sizes[-1] :]

    assert 3 == len(sizes)
    assert max(sizes) - min(sizes) <= 1
    assert [] == list(parts.first_of([]))


def test_a_slice_that_is_not_half_full_says_nothing() -> None:
    assert FIRST == Machine(10).write(users=7)
