"""Whether this process may write its SQLite file: asked before it is opened, and refused with the command that helps.

SQLite itself says no more than "unable to open database file", whatever the reason.
"""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote

from sqlalchemy.engine import URL

from db.dialects import file_of
from db.errors import StoreUnavailable


def refuse_unwritable(url: URL) -> None:
    """Look, without writing, whether file and folder can be written. Raises StoreUnavailable, in words."""
    named = file_of(url)
    if named is None:
        return
    file = named.absolute()
    folder = file.parent
    if not _exists(folder):
        _refuse_folder_that_cannot_be_made(folder)
        return
    if folder.is_dir() and not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise StoreUnavailable(_words(folder, folder))
    # SQLite keeps files of its own beside it; one that somebody else left behind blocks just as well.
    for each in (file, *sorted(folder.glob(f"{file.name}-*"))):
        if each.is_file() and not os.access(each, os.R_OK | os.W_OK):
            raise StoreUnavailable(_words(each, folder))


def _refuse_folder_that_cannot_be_made(folder: Path) -> None:
    above = next(parent for parent in folder.parents if _exists(parent))
    if above.is_dir() and not os.access(above, os.W_OK | os.X_OK):
        user = os.geteuid()
        raise StoreUnavailable(
            f"User {user} cannot make the folder {folder}. As root: "
            f"mkdir -p {quote(str(folder))} && chown -R {user} {quote(str(folder))}"
        )


def _words(found: Path, folder: Path) -> str:
    """Say what cannot be written, and what to do about it."""
    user = os.geteuid()
    what = f"User {user} may not write {found}."
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return f"{what} It is mounted read-only: mount it for writing."
    if found.stat().st_uid == user:
        return f"{what} It is that user's own: chmod -R u+rwX {quote(str(folder))}"
    if folder == Path(folder.anchor):
        return f"{what} Name a file in a folder of its own in DATABASE_URL."
    remedy = f"chown -R {user} {quote(str(folder))}"
    return f"{what} If {folder} is there for usersync alone, give it to that user, as root: {remedy}"


def _exists(path: Path) -> bool:
    """Say whether it is there; one below a folder that we may not look into counts as not there."""
    try:
        return path.exists()
    except PermissionError:
        return False
