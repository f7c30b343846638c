"""Dead letters once more, with today's code: one that can be applied leaves, any other stays with its reason.

The merge decides as ever, so what is outdated changes nothing, and a replay that is cut short can be made again.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.commit import commit_entries
from bot.entries import Entry, entry_of, entry_of_member
from bot.payloads import MAX_PAYLOAD_CHARS
from db import Store
from db.records import Change, DeadLetter, Source

CUT = "its payload was too long to be kept whole, so it cannot be replayed"
NOT_KEPT = "its payload was not kept, so it cannot be replayed"
PAGE = 100

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a letter: the changes it made, perhaps none, or why it stays."""

    letter: DeadLetter
    changes: tuple[Change, ...] = ()
    reason: str | None = None


async def replay(store: Store, letter: DeadLetter, *, clock: Clock) -> Replayed:
    """Apply one letter. Raises StoreUnavailable; then it stays as it was."""
    entry = entry_of_letter(letter, now_s=clock().timestamp())
    if entry.reason is not None:
        return await _stays(store, letter, entry.reason)
    done = await commit_entries(store, [entry], now=clock())
    if reason := done.put_aside.get(letter.key):
        return await _stays(store, letter, reason)
    # A letter that outlives its replay by a crash is replayed again, and then changes nothing.
    async with store.transaction() as tx:
        await tx.dead_letters.resolve(letter.letter_id)
        tx.rings()
    return Replayed(letter, done.changes)


async def _stays(store: Store, letter: DeadLetter, reason: str) -> Replayed:
    async with store.transaction() as tx:
        await tx.dead_letters.note_reason(letter, reason)
    return Replayed(letter, reason=reason)


async def replay_all(store: Store, *, clock: Clock) -> AsyncIterator[Replayed]:
    """Apply every letter that is there now, oldest first. Raises StoreUnavailable."""
    after = 0
    while True:
        async with store.reading() as rx:
            letters = await rx.dead_letters.list_oldest(PAGE, after=after)
        for letter in letters:
            after = letter.letter_id
            yield await replay(store, letter, clock=clock)
        if len(letters) < PAGE:
            return


def entry_of_letter(letter: DeadLetter, *, now_s: float) -> Entry:
    """Read a letter's payload as it would be read today; `now_s` is Slack's now in epoch seconds."""
    payload = _payload_of(letter)
    if isinstance(payload, str):
        entry = Entry(letter.key, letter.team_id, letter.user_id, {}, letter.source).put_aside(payload)
    elif letter.source is Source.RUN:
        # Nobody knows any more when the page was asked for, so whatever else was said in the same second is newer.
        entry = entry_of_member(payload.get("member"), team_id=str(letter.team_id), moment=0, now_s=now_s)
    else:
        entry = entry_of(_as_of_then(payload, letter), now_s=now_s, source=letter.source)
    return replace(entry, key=letter.key)


def _payload_of(letter: DeadLetter) -> Mapping[str, Any] | str:
    """Give the payload, or why there is none."""
    if not letter.payload:
        return NOT_KEPT
    try:
        payload = json.loads(letter.payload)
    except ValueError:
        return CUT if len(letter.payload) >= MAX_PAYLOAD_CHARS else NOT_KEPT
    if letter.source is Source.RUN:
        return {"member": payload}
    return payload if isinstance(payload, dict) else {}


def _as_of_then(payload: Mapping[str, Any], letter: DeadLetter) -> Mapping[str, Any]:
    """Let an event without a time of its own be as old as its letter, or it would pass for news."""
    event = payload.get("event")
    if not isinstance(event, dict) or event.get("event_ts") is not None:
        return payload
    return {**payload, "event": {**event, "event_ts": f"{letter.put_aside_at.timestamp():.6f}"}}
