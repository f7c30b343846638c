"""Entries of a page that only repeat what the rows hold: known by their digests, and not even read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bot.entries import digest_of_member
from db import Store
from db.tables import could_be_id

BREATH_USERS = 100
"""Compared, or read, between two turns of everybody else in the process; a few milliseconds."""


class Told(NamedTuple):
    """An entry of a page, and by what it is known again."""

    member: Any
    digest: int | None = None


@dataclass(frozen=True, slots=True)
class Parted:
    """A page in two: what has to be read, and the ids of those whose rows say all of it already."""

    news: list[Told]
    repeated: list[str]


async def part(store: Store, team_id: str, members: Sequence[Any]) -> Parted:
    """Part the entries of a page. Raises StoreUnavailable.

    The rows are those of a moment that may have passed: whoever is written meanwhile holds something newer.
    """
    ids = [_id(member) for member in members]
    async with store.reading() as rx:
        known = await rx.users.find_digests(team_id, {each for each in ids if each})
    parted = Parted([], [])
    for number, (user_id, member) in enumerate(zip(ids, members, strict=True)):
        if number % BREATH_USERS == 0:
            await asyncio.sleep(0)  # whoever waits for a page waits a millisecond for this rather than ten
        digest = digest_of_member(member)
        if digest is not None and digest == known.get(user_id):
            parted.repeated.append(user_id)
        else:
            parted.news.append(Told(member, digest))
    return parted


def _id(member: Any) -> str:
    """Take what may be an id, of a row that has it or of none; what it is, is told where the entry is read."""
    user_id = member.get("id") if isinstance(member, dict) else None
    return user_id if isinstance(user_id, str) and could_be_id(user_id) else ""
