"""The key that signs sessions: made once beside the SQLite file, for its owner alone, and the same ever after."""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import suppress
from pathlib import Path

KEY_BYTES = 32
SHORTEST = 16
"""Characters of a key that somebody chose; ours has 43."""
_READ_AT_MOST = 4096


class KeyUnusable(Exception):
    """The key file cannot be used. The message is a sentence with its remedy."""


def key_path(database: str) -> Path:
    """Name the key file of a SQLite file."""
    return Path(f"{database}.key")


def signing_key(secret_key: str | None, sqlite_file: str | None) -> str:
    """Tell what signs sessions: what the operator set, else what lies beside the SQLite file. Raises KeyUnusable."""
    return secret_key or read_or_make_key(key_path(sqlite_file or ""))


def read_or_make_key(path: Path) -> str:
    """Read the key, or make it; of several who start at once one makes it for all. Raises KeyUnusable.

    A file that is empty, or was cut while it was written, holds no key that anybody ever signed with: it is made anew.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        return _read_only(path, error)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go of when the file is closed
        with suppress(PermissionError):  # somebody else's: theirs to close to others
            os.fchmod(file, 0o600)
        return _usable(os.read(file, _READ_AT_MOST)) or _write(file)
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, error) from error
    finally:
        os.close(file)


def _read_only(path: Path, refusal: OSError) -> str:
    """Read a key that somebody else put there and we may not write to. Raises KeyUnusable."""
    try:
        key = _usable(path.read_bytes()[:_READ_AT_MOST])
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, error) from error
    if key is None:
        raise _unusable(path, refusal)
    return key


def _usable(content: bytes) -> str | None:
    """Tell the key, if it is whole: it ends its line, or is as long as ours."""
    key = content.decode("ascii").strip()
    is_whole = content.endswith(b"\n") or len(key) >= len(secrets.token_urlsafe(KEY_BYTES))
    return key if is_whole and len(key) >= SHORTEST else None


def _write(file: int) -> str:
    key = secrets.token_urlsafe(KEY_BYTES)
    os.lseek(file, 0, os.SEEK_SET)
    os.ftruncate(file, 0)
    os.write(file, f"{key}\n".encode())
    os.fsync(file)
    return key


def _unusable(path: Path, error: OSError | UnicodeDecodeError) -> KeyUnusable:
    reason = error.strerror if isinstance(error, OSError) else "it holds no text"
    return KeyUnusable(
        f"The key that signs sessions cannot be read from {path} ({reason}), so nobody could sign in. Let usersync "
        "read and write that file, remove it to have a new one made, or give a key in USERSYNC_SECRET_KEY."
    )
