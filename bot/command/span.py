"""How far back somebody wants to look: `7d`, `24h`, `2 weeks`. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

USUALLY = timedelta(days=7)
MOST = timedelta(days=90)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "": 24}
_SPAN = re.compile(r"([0-9]{1,4}) ?(?:(h)(?:(?:ou)?rs?)?|(d)(?:ays?)?|(w)(?:eeks?)?)?", re.IGNORECASE)


def read_span(text: str) -> timedelta | None:
    """Read it; a bare number is days, nothing at all is a week. None for what is no span up to 90 days."""
    if not text:
        return USUALLY
    found = _SPAN.fullmatch(text)
    if found is None:
        return None
    unit = next((each for each in found.groups()[1:] if each), "").casefold()
    span = timedelta(hours=int(found[1]) * _HOURS[unit])
    return span if timedelta() < span <= MOST else None


def span_words(span: timedelta) -> str:
    """Say it: "7 days", "36 hours", "24 hours"."""
    hours = int(span.total_seconds()) // 3_600
    if hours % 24 or hours <= 24:
        return f"{hours} hour{'' if hours == 1 else 's'}"
    return f"{hours // 24} days"
