"""A disk that is nearly full is told before it is full, and once, however its figure sways."""

from __future__ import annotations

import pytest

from bot.disk_watch import MB, DiskWatch, limit_of
from tests.support.pretend_disk import Disk


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
