"""A volume that belongs to somebody else: the start ends at once, and says which command gives it to us."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.simulator import Simulator
from tests.support.program import serve_environment
from tests.support.strangers import NEEDS_ROOT, STRANGER, public_folder, running_as_a_stranger

pytestmark = pytest.mark.runs_on("sqlite", because="a server has no folder")


@pytest.fixture
def place() -> Iterator[Path]:
    """A place where everybody may look around."""
    with public_folder() as folder:
        yield folder


async def told(slack: Simulator, file: Path, cwd: Path) -> str:
    """Start on this file, and return what is told as the start ends."""
    async with running_as_a_stranger("serve", env=serve_environment(slack, f"sqlite:///{file}"), cwd=cwd) as program:
        assert 1 == await program.ended()
    assert "Traceback" not in program.output
    return program.output


@NEEDS_ROOT
async def test_a_folder_of_somebody_else_is_told_with_the_chown_for_this_user(slack: Simulator, place: Path) -> None:
    folder = place / "data"
    folder.mkdir()

    words = await told(slack, folder / "usersync.sqlite3", place)

    assert f"chown -R {STRANGER} {folder}" in words
    assert [] == list(folder.iterdir())


@NEEDS_ROOT
async def test_a_folder_that_we_may_not_even_look_into_is_told_the_same_way(slack: Simulator, place: Path) -> None:
    folder = place / "data"
    folder.mkdir(mode=0o700)

    assert f"chown -R {STRANGER} {folder}" in await told(slack, folder / "usersync.sqlite3", place)


@pytest.mark.slow
@NEEDS_ROOT
@pytest.mark.parametrize("left_behind", ["usersync.sqlite3", "usersync.sqlite3-wal", "usersync.sqlite3-shm"])
async def test_a_file_that_root_left_in_our_folder_is_told(slack: Simulator, place: Path, left_behind: str) -> None:
    folder = place / "data"
    folder.mkdir()
    os.chown(folder, STRANGER, STRANGER)
    (folder / left_behind).touch(mode=0o644)

    words = await told(slack, folder / "usersync.sqlite3", place)

    assert left_behind in words
    assert f"chown -R {STRANGER} {folder}" in words


@NEEDS_ROOT
async def test_a_folder_that_cannot_be_made_is_told_with_the_commands_that_make_it(
    slack: Simulator, place: Path
) -> None:
    folder = place / "not there" / "yet"

    assert f"mkdir -p '{folder}' && chown -R {STRANGER} '{folder}'" in await told(slack, folder / "x.sqlite3", place)


@NEEDS_ROOT
async def test_nobody_is_told_to_take_over_the_whole_machine(slack: Simulator, place: Path) -> None:
    words = await told(slack, Path("/usersync.sqlite3"), place)

    assert "chown" not in words
    assert "DATABASE_URL" in words


async def test_a_folder_of_our_own_that_is_closed_is_told_with_the_chmod(slack: Simulator, place: Path) -> None:
    folder = place / "data"
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, STRANGER, STRANGER)
    folder.chmod(0o500)

    words = await told(slack, folder / "usersync.sqlite3", place)
    folder.chmod(0o700)

    assert f"chmod -R u+rwX {folder}" in words
