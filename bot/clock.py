"""The host's clock, for whoever is handed none."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Tell the host's time, aware UTC."""
    return datetime.now(UTC)
