"""Many who join at once, and whom of them a SQLite file holds."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from bot.simulator import Simulator


def join(slack: Simulator, count: int) -> dict[str, str]:
    """Let many join at once; tell the user's id by the id of the event."""
    joined = {}
    for number in range(count):
        user = slack.joins(f"Ada {number}")
        joined[slack.envelopes[-1].key] = user.id
    return joined


def kept_in(file: Path) -> set[str]:
    """Read the ids of the users that a database file holds."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return {row[0] for row in connection.execute("SELECT id FROM users")}
