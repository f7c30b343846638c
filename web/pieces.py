"""Pages in pieces: what stays the same for a while is written and compressed once, and what tells seconds never is.

Pieces that were compressed apart can follow one another in one stream: none looks back into another (RFC 1951, 2).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from starlette.requests import Request
from starlette.responses import Response

LEVEL = 1
"""The lightest: the next ones cost more time than they save."""
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""Of a stream of gzip (RFC 1952): deflated, without a name or a time."""
_LAST_BLOCK = b"\x03\x00"
_MOST_AT_ONCE = 0xFFFF
"""Bytes that a block takes as they are."""
_WORD = 1 << 32

Fill = Callable[[datetime], Mapping[str, str]]
"""Writes by their names, as of a moment, the parts of a page that tell seconds."""


class Piece:
    """A part of a page that stays as it is; it is compressed once, when that is first asked for."""

    def __init__(self, text: str) -> None:
        self.plain = text.encode()

    @cached_property
    def deflated(self) -> bytes:
        """Blocks that end where a byte does, none of them the last."""
        stream = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        return stream.compress(self.plain) + stream.flush(zlib.Z_FULL_FLUSH)


@dataclass(frozen=True, slots=True)
class Printed:
    """A page as it is printed: its pieces, and between them the names of those that are written at each answer."""

    pieces: tuple[Piece | str, ...]
    fill: Fill
    endings: tuple[int, ...] = ()
    """When a custom status on it ends, in epoch seconds; 0 is never."""

    def holds(self, now: datetime) -> bool:
        """Say whether every custom status that is shown holds yet."""
        return all(each > now.timestamp() for each in self.endings if each)

    def answer(self, request: Request, now: datetime) -> PrintedAnswer:
        """Answer with it as of a moment, compressed where that is understood."""
        written = {name: text.encode() for name, text in self.fill(now).items()}
        if "gzip" not in request.headers.get("accept-encoding", ""):
            body = b"".join(written[each] if isinstance(each, str) else each.plain for each in self.pieces)
            return PrintedAnswer(self, body, {"Vary": "Accept-Encoding"})
        return PrintedAnswer(
            self, zipped(self.pieces, written), {"Vary": "Accept-Encoding", "Content-Encoding": "gzip"}
        )


class PrintedAnswer(Response):
    """An answer that tells what it was printed from, so that the next one can be."""

    media_type = "text/html"

    def __init__(self, printed: Printed, body: bytes, headers: Mapping[str, str]) -> None:
        super().__init__(body, headers=dict(headers))
        self.printed = printed


def zipped(pieces: Sequence[Piece | str], written: Mapping[str, bytes]) -> bytes:
    """Put pieces together as a stream of gzip; what was written in between goes into it as it is."""
    found, checksum, size = [_HEAD], 0, 0
    for each in pieces:
        plain = written[each] if isinstance(each, str) else each.plain
        found += _stored(plain) if isinstance(each, str) else (each.deflated,)
        checksum, size = zlib.crc32(plain, checksum), size + len(plain)
    ending = checksum.to_bytes(4, "little") + (size % _WORD).to_bytes(4, "little")
    return b"".join((*found, _LAST_BLOCK, ending))


def _stored(plain: bytes) -> list[bytes]:
    """Write blocks of bytes that are not compressed: there are few of them."""
    found = []
    for start in range(0, len(plain), _MOST_AT_ONCE):
        some = plain[start : start + _MOST_AT_ONCE]
        size = len(some).to_bytes(2, "little")
        found += [b"\x00", size, bytes(each ^ 0xFF for each in size), some]
    return found
