"""Entries of one workspace → one transaction; a row the database refuses is put aside alone, and hurts no other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from bot.entries import Entry
from bot.payloads import payload_text
from db import Recorded, Store, Transaction, record
from db.errors import RowRefused, UnknownWorkspace
from db.records import Change, DeadLetter

log = structlog.get_logger(__name__)

Also = Callable[[Transaction, Recorded], Awaitable[None]]
"""What else a transaction does, told what its own entries came to."""

WITHOUT_PAYLOAD = "(the database refuses to keep it)"
"""Stands for the payload of a letter that is kept for its reason alone."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit did."""

    changes: tuple[Change, ...] = ()
    inserted: int = 0
    updated: int = 0
    put_aside: Mapping[str, str] = field(default_factory=dict)
    """Reasons by the key of the entry."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Letters that the database keeps in no form, so nothing is known of them: words by the key of the entry."""

    def __add__(self, other: Committed) -> Committed:
        return Committed(
            self.changes + other.changes,
            self.inserted + other.inserted,
            self.updated + other.updated,
            {**self.put_aside, **other.put_aside},
            {**self.refused, **other.refused},
        )


async def commit_entries(
    store: Store, entries: Sequence[Entry], *, now: datetime, is_backfill: bool = False, also: Also | None = None
) -> Committed:
    """Commit all of them, refused ones as dead letters, and with the last of them whatever `also` does.

    Raises StoreUnavailable and what `also` raises; then nothing of its part stands.
    """
    try:
        return await _in_one(store, entries, now=now, is_backfill=is_backfill, also=also)
    except (RowRefused, UnknownWorkspace) as error:
        if len(entries) > 1:
            middle = len(entries) // 2
            first = await commit_entries(store, entries[:middle], now=now, is_backfill=is_backfill)
            return first + await commit_entries(store, entries[middle:], now=now, is_backfill=is_backfill, also=also)
        if not entries:
            raise
        if (milder := _milder(entries[0], error)) is not None:
            return await commit_entries(store, [milder], now=now, is_backfill=is_backfill, also=also)
        log.warning("a dead letter could not be kept: the database refuses it in any form", reason=str(error))
        rest = await commit_entries(store, [], now=now, is_backfill=is_backfill, also=also) if also else Committed()
        return rest + Committed(refused={str(entries[0].key): str(error)})


def _milder(entry: Entry, error: RowRefused | UnknownWorkspace) -> Entry | None:
    """Make of a refused entry what may yet be kept: a letter of a row, of a letter its reason; None if nothing is."""
    if entry.observation is not None:
        log.warning("a row was refused", reason=type(error).__name__)
        return entry.put_aside(_reason_of(error))
    return replace(entry, payload=WITHOUT_PAYLOAD) if entry.payload != WITHOUT_PAYLOAD else None


async def _in_one(
    store: Store, entries: Sequence[Entry], *, now: datetime, is_backfill: bool, also: Also | None
) -> Committed:
    observations = [entry.observation for entry in entries if entry.observation is not None]
    letters = [entry for entry in entries if entry.reason is not None]
    done = Recorded((), 0, 0, 0, 0)
    async with store.transaction() as tx:
        if not observations and letters:
            await _lock_if_known(tx, letters[0].team_id)
        if observations:
            done = await record(tx, observations[0].team_id, observations, now=now, is_backfill=is_backfill)
        for entry in letters:
            letter = _letter(entry, now=now)
            is_erased = await _is_erased(tx, entry)  # after `record`: it may have happened in this very batch
            await tx.dead_letters.put_aside(replace(letter, payload="") if is_erased else letter)
        if also is not None:
            await also(tx, done)
    if letters:
        log.warning("put aside as dead letters", letters=len(letters))
    reasons = {str(entry.key): str(entry.reason) for entry in letters}
    return Committed(done.changes, done.inserted, done.updated, reasons)


async def _lock_if_known(tx: Transaction, team_id: str | None) -> None:
    """Wait for whoever writes to the workspace: an erasure under way must be seen before a letter is kept."""
    if team_id is not None:
        with suppress(UnknownWorkspace):
            await tx.workspaces.lock(team_id)


async def _is_erased(tx: Transaction, entry: Entry) -> bool:
    """Say whether it is about somebody who was erased: then no word of the payload may be kept."""
    if entry.team_id is None or entry.user_id is None:
        return False
    return await tx.users.is_erased(entry.team_id, entry.user_id)


def _reason_of(error: Exception) -> str:
    if isinstance(error, UnknownWorkspace):
        return "its workspace has not installed usersync"
    return f"the database refuses it: {error}"


def _letter(entry: Entry, *, now: datetime) -> DeadLetter:
    return DeadLetter(
        letter_id=0,
        key=str(entry.key),
        team_id=entry.team_id,
        user_id=entry.user_id,
        reason=str(entry.reason),
        payload=payload_text(entry.payload),
        source=entry.source,
        put_aside_at=now,
    )
