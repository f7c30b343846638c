"""A disk that a test fills."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass
class Disk:
    """What the system tells of it, in bytes; None where it cannot tell."""

    total: int
    free: int | None

    def __call__(self, _: Path) -> Disk:
        if self.free is None:
            raise OSError("gone")
        return self
