"""The "just now" strip: the last changes as sentences with a face and a time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from db.records import Change, User
from web.faces import Face, face_of
from web.news import Sentence, news_of
from web.rows import profile_link
from web.words import When, when

SHOWN = 3
LOOKED_AT = 40
"""How many changes are read to find that many worth a sentence; most may be of bots."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the strip."""

    key: str
    href: str
    face: Face
    sentence: Sentence
    at: When


class Told(NamedTuple):
    """A change with its sentence, which says no time and so holds until there is another."""

    change: Change
    user: User
    sentence: Sentence


def told_of(changes: Iterable[Change], users: Mapping[tuple[str, str], User]) -> tuple[Told, ...]:
    """Choose the newest changes that are worth a sentence, newest first."""
    found: list[Told] = []
    for change in changes:
        user = users.get((change.team_id, change.user_id or ""))
        sentence = news_of(change, user) if user else None
        if user and sentence:
            found.append(Told(change, user, sentence))
        if len(found) == SHOWN:
            break
    return tuple(found)


def entries(told: Iterable[Told], now: datetime, zone: ZoneInfo | None) -> tuple[Entry, ...]:
    """Lay out what is told as of a moment."""
    return tuple(entry_of(*each, now, zone) for each in told)


def entry_of(change: Change, user: User, sentence: Sentence, now: datetime, zone: ZoneInfo | None) -> Entry:
    """Lay out one change."""
    return Entry(
        key=f"n-{change.team_id}-{change.rev}-{change.seq}",
        href=profile_link(user.team_id, user.id),
        face=face_of(user),
        sentence=sentence,
        at=when(change.at, now, zone),
    )
