"""Copies of a SQLite file, made before its tables change shape: the way back to the older usersync. Three are kept."""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

KEPT_COPIES = 3
_STAMP = "%Y%m%dT%H%M%S%fZ"


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy, and the revision that its tables have."""

    path: Path
    revision: str


def keep_copy(file: Path, revision: str, *, now: datetime) -> Path:
    """Copy a file as it stands committed, readable for its owner alone; drop the oldest beyond three.

    Whoever calls it holds the write lock. Raises OSError, sqlite3.Error; then no half of a copy is left.
    """
    path = file.with_name(f"{file.name}.before-{now.strftime(_STAMP)}-from-{revision}")
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(unfinished)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    for each in list_copies(file)[KEPT_COPIES:]:
        each.path.unlink(missing_ok=True)
    return path


def list_copies(file: Path) -> list[Copy]:
    """List the copies of a file, newest first."""
    found = sorted(file.parent.glob(f"{glob.escape(file.name)}.before-*-from-*"), reverse=True)
    return [Copy(each, each.name.rpartition("-from-")[2]) for each in found if not each.name.endswith(".unfinished")]


def drop_copies(file: Path, *, before: datetime | None = None) -> list[Path]:
    """Delete all copies, halves of them included, or those made before a moment: they hold what went since.

    Raises OSError.
    """
    found = sorted(file.parent.glob(f"{glob.escape(file.name)}.before-*-from-*"))
    if before is not None:
        oldest_kept = f"{file.name}.before-{before.astimezone(UTC).strftime(_STAMP)}"
        found = [each for each in found if each.name < oldest_kept]
    for each in found:
        each.unlink(missing_ok=True)
    return found


def list_set_aside(file: Path) -> list[Path]:
    """List what the way back to an older usersync moved aside: it is the operator's to keep or delete."""
    return [path for tail in ("", "-wal", "-shm") if (path := Path(f"{_set_aside(file)}{tail}")).exists()]


def _set_aside(file: Path) -> str:
    return f"{file}.newer"


def way_back(file: Path, revisions: Collection[str]) -> str | None:
    """Say how to go back to a version that knows these revisions; None where no copy fits."""
    copy = next((each for each in list_copies(file) if each.revision in revisions), None)
    if copy is None:
        return None
    newer = _set_aside(file)
    moves = " && ".join(
        f"{{ [ ! -e {quote(f'{file}{tail}')} ] || mv {quote(f'{file}{tail}')} {quote(f'{newer}{tail}')}; }}"
        for tail in ("", "-wal", "-shm")
    )
    return (
        f"To go back, end every usersync on it and put the copy made before the change in its place: {moves} && "
        f"cp -p {quote(str(copy.path))} {quote(str(file))}"
    )
