"""A disk that is nearly full is told before it is full, and once, however its figure sways."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from bot.disk_watch import MB, DiskWatch, limit_of
from tests.support.pretend_disk import Disk
from tests.support.waiting import eventually


@pytest.mark.parametrize(
    ("total_mb", "limit_mb"), [(500, 50), (1_000, 100), (5_000, 500), (20_000, 1_000), (1_000_000, 2_000)]
)
def test_the_limit_follows_the_size_of_the_disk_within_reason(total_mb: int, limit_mb: int) -> None:
    assert limit_mb * MB == limit_of(total_mb * MB)


async def test_a_disk_that_is_nearly_full_is_told_with_its_figures() -> None:
    watch = DiskWatch("x/usersync.sqlite3", usage=Disk(10_000 * MB, 123 * MB))

    await watch.look()

    assert "123 MB of 10.0 GB are free" in (watch.trouble or "")


async def test_a_figure_that_sways_around_the_limit_is_one_trouble() -> None:
    disk = Disk(10_000 * MB, 600 * MB)
    watch = DiskWatch("usersync.sqlite3", usage=disk)
    told = []
    for free_mb in (600, 499, 501, 590, 601, 501, 499):
        disk.free = free_mb * MB
        await watch.look()
        told.append(watch.trouble is not None)

    assert [False, True, True, True, False, False, True] == told


async def test_a_disk_that_cannot_be_asked_is_neither_full_nor_well() -> None:
    disk = Disk(10_000 * MB, 100 * MB)
    watch = DiskWatch("usersync.sqlite3", usage=disk)
    assert not watch.is_told
    await watch.look()
    disk.free = None

    await watch.look()

    assert watch.trouble
    assert not watch.is_told


async def test_the_disk_of_a_database_server_is_none_of_ours() -> None:
    watch = DiskWatch(None, usage=Disk(1, 0))

    await watch.look()

    assert (None, True) == (watch.trouble, watch.is_told)


async def test_a_disk_that_does_not_answer_holds_up_nothing_and_is_asked_by_one_thread_at_most() -> None:
    may_answer, asked = threading.Event(), []

    def usage(_: Path) -> Disk:
        asked.append(1)
        may_answer.wait(20)
        return Disk(10_000 * MB, 100 * MB)

    watch = DiskWatch("usersync.sqlite3", usage=usage, patience_s=0.01)
    try:
        for _ in range(3):
            await asyncio.wait_for(watch.look(), 5)
            assert not watch.is_told
    finally:
        may_answer.set()
    await eventually(lambda: looked(watch), within_s=40, of="the answer")

    assert watch.trouble
    assert 2 >= len(asked), "the one that hung, and one more at most"


async def looked(watch: DiskWatch) -> bool:
    await watch.look()
    return watch.is_told


async def test_a_disk_that_does_not_answer_holds_up_no_process_that_ends() -> None:
    """A thread that the interpreter waits for at its end would hold it up for as long as the disk."""
    never = threading.Event()

    def usage(_: Path) -> Disk:
        never.wait(20)
        return Disk(1, 1)

    watch = DiskWatch("usersync.sqlite3", usage=usage, patience_s=0.01)
    await watch.look()
    hanging = [each for each in threading.enumerate() if each.name == "disk watch"]
    never.set()

    assert [True] == [each.daemon for each in hanging]


async def test_a_figure_that_moves_by_less_than_a_tenth_makes_no_new_words() -> None:
    disk = Disk(100_000 * MB, 0)
    watch = DiskWatch("usersync.sqlite3", usage=disk)
    told = []
    for free_mb in (1_490, 1_450, 1_349, 1_340, 1_400, 1_475, 400, 401, 361, 359):
        disk.free = free_mb * MB
        await watch.look()
        told.append((watch.trouble or "").split(": ")[1].split(" of ")[0])

    assert ["1.5 GB"] * 3 + ["1.3 GB"] * 2 + ["1.5 GB"] + ["400 MB"] * 3 + ["359 MB"] == told
