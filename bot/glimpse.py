"""How far a long verb's work is at a moment, for whatever shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

LOOKS_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Glimpse:
    """How far some work is right now."""

    words: str
    done: int
    total: int | None
    """None where nobody knows, or where the end has moved."""


Look = Callable[[], Glimpse | None]
