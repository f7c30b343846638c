"""A share as a bar of text, which every client of Slack shows. Pure."""

from __future__ import annotations

CELLS = 12


def bar(share: float) -> str:
    """Draw a share between 0 and 1: `▓▓▓▓▓░░░░░░░ 42 %`. It is full only when all is done."""
    share = min(max(share, 0.0), 1.0)
    full, percent = int(share * CELLS), int(share * 100)
    return f"{'▓' * full}{'░' * (CELLS - full)} {percent} %"
