"""Before its tables change shape, a SQLite file is copied; an older usersync says how to go back to the copy."""

from __future__ import annotations

import resource
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db import Store
from db.copies import KEPT_COPIES, keep_copy, list_copies
from db.errors import NewerSchema, StoreUnavailable
from db.migrate import newest_revision
from tests.support.program import environment, running_command
from tests.support.schemas import make_older, set_revision

NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "my people's [old].sqlite3"


def url_of(file: Path) -> str:
    return f"sqlite:///{file}"


async def start(file: Path) -> None:
    store = await Store.open(url_of(file))
    await store.close()


def half_of(file: Path) -> int:
    return file.stat().st_size // 2


def rows(file: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(file)) as connection:
        names = connection.execute("SELECT name FROM workspaces").fetchall()
        return [(row[0], connection.execute("SELECT version_num FROM usersync_schema").fetchone()[0]) for row in names]


async def test_a_file_of_an_older_shape_is_copied_before_it_changes(file: Path) -> None:
    await make_older(url_of(file), "0002")

    await start(file)

    (copy,) = list_copies(file)
    assert "0002" == copy.revision
    assert [("Of old", "0002")] == rows(copy.path)
    assert [("Of old", newest_revision())] == rows(file)
    assert 0o600 == copy.path.stat().st_mode & 0o777


async def test_where_nothing_changes_no_copy_is_made(file: Path) -> None:
    await start(file)
    await start(file)

    assert [] == list_copies(file)


async def test_the_last_three_copies_are_kept(file: Path) -> None:
    await make_older(url_of(file), "0002")

    made = [keep_copy(file, "0002", now=NOW + timedelta(seconds=number)) for number in range(5)]

    assert list(reversed(made[-KEPT_COPIES:])) == [copy.path for copy in list_copies(file)]
    assert 1 + KEPT_COPIES == len([each for each in file.parent.iterdir() if not each.name.endswith(("-wal", "-shm"))])


async def test_what_another_process_has_written_and_not_yet_moved_into_the_file_is_in_the_copy(file: Path) -> None:
    await make_older(url_of(file), "0002")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA wal_autocheckpoint=0")
        other.execute("UPDATE workspaces SET name = 'Of late'")
        copied = rows(keep_copy(file, "0002", now=NOW))

    assert [("Of late", "0002")] == copied


async def test_where_no_copy_can_be_made_nothing_changes_and_that_is_said(
    file: Path,
) -> None:
    await make_older(url_of(file), "0002")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (half_of(file), limits[1])
    )  # Python hears EFBIG where a disk would be full
    try:
        with pytest.raises(StoreUnavailable, match=r"no copy could be made.*Make room"):
            await start(file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert [("Of old", "0002")] == rows(file)
    assert [] == list_copies(file)
    assert not list(file.parent.glob("*.unfinished"))


async def test_an_older_usersync_prints_commands_that_lead_back(file: Path) -> None:
    await make_older(url_of(file), "0002")
    await start(file)
    await set_revision(url_of(file), "9999")
    with pytest.raises(NewerSchema, match="9999") as refusal:
        await start(file)

    words = str(refusal.value)
    commands = words.partition("in its place: ")[2]
    async with running_command("sh", "-ec", commands, env=environment(), cwd=file.parent) as typed:
        code = await typed.ended()

    assert (0, "") == (code, typed.output)
    assert "Start that version." in words
    assert [("Of old", "0002")] == rows(file)
    assert [("Of old", "9999")] == rows(Path(f"{file}.newer"))
    await start(file)
    assert [("Of old", newest_revision())] == rows(file)


async def test_without_a_copy_that_fits_a_backup_is_the_way_back(file: Path) -> None:
    await start(file)
    await set_revision(url_of(file), "9999")

    with pytest.raises(NewerSchema, match="restore a backup"):
        await start(file)
