"""What takes long to make of our own files, kept where Python keeps its compiled modules, for later starts."""

from __future__ import annotations

import marshal
import sys
from contextlib import suppress
from hashlib import sha256
from importlib.util import cache_from_source
from pathlib import Path
from secrets import token_hex
from typing import Any

import jinja2
from jinja2.bccache import Bucket


def kept(made_of: Path, stamp: str) -> Any:
    """Give what was kept of a file under the same stamp; None where nothing was, or where it is no longer whole."""
    with suppress(OSError):
        text, head = _place(made_of).read_bytes(), _head(stamp)
        body = text[2 * len(head) :]
        if text.startswith(head + sha256(body).digest()):
            return marshal.loads(body)  # noqa: S302  # nosec B302 - it lies where Python's own lie
    return None


def keep(made_of: Path, stamp: str, value: Any) -> None:
    """Keep a value, whole or not at all; nothing where no file can be written, or Python is told to write none."""
    if sys.dont_write_bytecode:
        return
    place, body = _place(made_of), marshal.dumps(value)
    new = place.with_name(f"{place.name}.{token_hex(4)}")
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            new.write_bytes(_head(stamp) + sha256(body).digest() + body)
            new.replace(place)
        finally:
            new.unlink(missing_ok=True)


def _place(made_of: Path) -> Path:
    return Path(cache_from_source(str(made_of))).with_suffix(".kept")


def _head(stamp: str) -> bytes:
    return sha256(f"{sys.version} {stamp}".encode()).digest()


class Compiled(jinja2.BytecodeCache):
    """Keeps compiled templates: to compile those of a page takes longer than to make the page."""

    def __init__(self, folder: Path, way: str) -> None:
        """`way` tells what the outcome hangs on besides the source."""
        self._folder = folder
        self._way = way

    def get_cache_key(self, name: str, filename: str | None = None) -> str:  # noqa: ARG002 - jinja's signature
        """Name a template by its name alone."""
        return name

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what is kept of the very same source."""
        bucket.code = kept(self._folder / bucket.key, self._stamp(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        keep(self._folder / bucket.key, self._stamp(bucket), bucket.code)

    def _stamp(self, bucket: Bucket) -> str:
        return f"{self._way} {bucket.checksum}"
