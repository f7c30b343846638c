"""`usersync dead-letters`: what was put aside and why, as a person reads it; shown, replayed, or dropped."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.feed import change_words
from bot.replay import Replayed, replay, replay_all
from bot.runs.words import counted
from db import Store
from db.records import DeadLetter, Source

_SOURCES = {Source.EVENT: "an event", Source.RUN: "a page of users.list", Source.FEED: "usersync feed"}


class NoSuchLetter(Exception):
    """No dead letter has that number. The message names it, and says how to find those that are there."""

    def __init__(self, letter_id: int) -> None:
        super().__init__(f"There is no dead letter {letter_id}. `usersync dead-letters` lists those that are there.")


@dataclass(frozen=True, slots=True)
class Told:
    """A line for the terminal, and whether the letter it speaks of stays."""

    words: str
    stays: bool = False


class Letters:
    """The dead letters of one store, in words."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def list_lines(self, limit: int) -> list[str]:
        """List the newest, newest first, and say how many there are. Raises StoreUnavailable."""
        async with self._store.reading() as rx:
            letters = await rx.dead_letters.list_newest(limit)
            count = await rx.dead_letters.count_letters()
        if not count:
            return ["No dead letters: everything that Slack said was applied."]
        older = [f"… and {count - len(letters):,} older; --limit shows more."] if count > len(letters) else []
        remedy = "`usersync dead-letters replay --all` applies what today's usersync can read."
        return [*(line(each) for each in letters), *older, f"{counted(count, 'dead letter', 'dead letters')}. {remedy}"]

    async def show(self, letter_id: int) -> str:
        """Give one with its payload, indented for reading. Raises NoSuchLetter, StoreUnavailable."""
        letter = await self._get(letter_id)
        return f"{line(letter)}\n{_readable(letter.payload)}"

    async def replay(self, letter_ids: Sequence[int]) -> AsyncIterator[Told]:
        """Replay some, in the order given. Raises NoSuchLetter before any is touched, StoreUnavailable."""
        for letter in [await self._get(each) for each in letter_ids]:
            yield _told(await replay(self._store, letter, clock=self._clock))

    async def replay_all(self) -> AsyncIterator[Told]:
        """Replay every one, oldest first. Raises StoreUnavailable."""
        async for each in replay_all(self._store, clock=self._clock):
            yield _told(each)

    async def drop(self, letter_ids: Sequence[int]) -> list[str]:
        """Drop some that are not wanted. Raises NoSuchLetter before any is touched, StoreUnavailable."""
        letters = [await self._get(each) for each in letter_ids]
        async with self._store.transaction() as tx:
            for letter in letters:
                await tx.dead_letters.resolve(letter.letter_id)
            tx.rings()
        return [f"{letter.letter_id}: dropped, and not applied" for letter in letters]

    async def _get(self, letter_id: int) -> DeadLetter:
        async with self._store.reading() as rx:
            letter = await rx.dead_letters.find_letter(letter_id)
        if letter is None:
            raise NoSuchLetter(letter_id)
        return letter


def line(letter: DeadLetter) -> str:
    """Describe one: number, when, about whom, from where, how often, and why."""
    whom = "/".join(filter(None, (letter.team_id, letter.user_id))) or "nobody that can be told"
    when = f"{letter.put_aside_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    often = f", {letter.times:,} times" if letter.times > 1 else ""
    return f"{letter.letter_id}  {when}  {whom}  from {_SOURCES[letter.source]}{often}: {letter.reason}"


def _told(done: Replayed) -> Told:
    head = f"{done.letter.letter_id} ({done.letter.user_id or 'no user'})"
    if done.reason is not None:
        return Told(f"{head}: stays: {done.reason}", stays=True)
    if not done.changes:
        return Told(f"{head}: applied; nothing was new in it")
    return Told(f"{head}: applied; {', '.join(change_words(each) for each in done.changes)}")


def _readable(payload: str) -> str:
    try:
        return json.dumps(json.loads(payload), indent=2)
    except ValueError:
        return payload or "(The payload was not kept.)"
