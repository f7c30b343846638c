"""The pass: every page through the same parse, merge and write path as events; then whoever is absent is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from bot.commit import Also, commit_entries
from bot.entries import Entry, entry_of_member
from bot.parse import is_user_id
from bot.runs.absentees import Answer, Asked, absent_of, ask_for
from bot.runs.claim import Claim
from bot.runs.drift import drift_of
from bot.runs.halt import Halt, RunCancelled
from bot.runs.pages import CursorRefused, Pages, SlackPage
from bot.runs.patience import Patience
from bot.runs.progress import Progress
from bot.runs.put_off import PutOff
from bot.runs.repeats import BREATH_USERS, Told, part
from bot.runs.slice import Slice
from bot.runs.words import shrink
from bot.slack import SlackClient
from bot.to_its_end import to_its_end
from db import Recorded, Store, Transaction, mark_missing
from db.records import RunKind

log = structlog.get_logger(__name__)

MARKED_USERS = 200
"""Users who are marked as missing by one transaction."""


class Held(Exception):
    """Too many seem to be gone; everybody was read, nobody was marked. The message says so in a sentence or two."""


class Resync:
    """One pass over one workspace, from wherever its claim says that an earlier process left it."""

    def __init__(
        self,
        store: Store,
        client: SlackClient,
        claim: Claim,
        progress: Progress,
        *,
        lists: Patience,
        asks: Patience,
        clock: Callable[[], datetime],
        halt: Halt,
    ) -> None:
        self._store = store
        self._client = client
        self._claim = claim
        self._lists = lists
        self._asks = asks
        self._clock = clock
        self._halt = halt
        self._slice = Slice()
        self._put_off = PutOff(store, progress)
        self.progress = progress

    async def run(self) -> str | None:
        """Walk to the end; return why nobody was marked missing, if that is so.

        Raises PassFailed, RunCancelled where that was wished, Held, StoreError.
        """
        self._halt.look()
        is_listed = self._claim.run.is_listed
        async with self._put_off.during(may_begin=self.progress.kind is RunKind.BACKFILL and not is_listed):
            if not is_listed:
                await self._list()
        if self.progress.nameless:
            return (
                f"{self.progress.nameless} of Slack's entries had no readable id, so nobody was marked as missing. "
                "They are kept as dead letters."
            )
        await self._look_for_absentees()
        return None

    async def _list(self) -> None:
        pages = Pages(self._client, self._lists, team_id=self.progress.team_id)
        try:
            await self._walk(pages, self._claim.run.next_cursor)
        except CursorRefused:
            log.info("Slack forgot the cursor, so the list is read from its beginning", team_id=self.progress.team_id)
            self.progress.begin_again()
            pages.forget()
            await self._walk(pages, None)

    async def _walk(self, pages: Pages, cursor: str | None) -> None:
        """Read from a cursor to the end; while a page is written, the next is fetched."""
        fetching = asyncio.create_task(pages.fetch(cursor), name="fetching a page")
        try:
            while True:
                page = await self._halt.unless(asyncio.shield(fetching))
                self.progress.calls += 1
                if page.next_cursor is None:
                    await self._write(page)
                    return
                fetching = asyncio.create_task(pages.fetch(page.next_cursor), name="fetching a page")
                await self._write(page)
        finally:
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)

    async def _write(self, page: SlackPage) -> None:
        """Write whoever of a page the rows do not know so, in slices; the page's ids and the checkpoint in the last."""
        self._claim.note_since(page.asked_at_s)
        parted = await part(self._store, self.progress.team_id, page.members)
        ids, news = parted.repeated, parted.news
        self.progress.seen += len(ids)
        known, is_last = self.progress.inserted, False
        while not is_last:
            told = self._slice.first_of(news)
            news = news[len(told) :]
            entries = await self._entries(told, page.asked_at_s)
            named = [entry.user_id for entry in entries if entry.user_id and is_user_id(entry.user_id)]
            self.progress.nameless += len(entries) - len(named)
            ids += named
            also = self._counting(entries, page.asked_at_s)
            if is_last := not news:
                also = self._checkpoint(page, ids, last=entries)
            await self._commit(entries, page.asked_at_s, also=also)
            self._halt.look()
        if self.progress.inserted > known and await self._put_off.after_page():
            self._slice = Slice()  # with indexes a row costs several times as much, of time and of memory

    def _found(self, entries: Sequence[Entry], done: Recorded, asked_at_s: float) -> dict[str, Any]:
        """Count what was found so far: a page that is read again after a kill would find none of it."""
        so_far = self.progress
        drifted, fields = drift_of(entries, done.changes, asked_at_s=asked_at_s)
        return {
            "inserted": so_far.inserted + done.inserted,
            "updated": so_far.updated + done.updated,
            "drift": so_far.drift + drifted,
            "drift_fields": dict(so_far.drift_fields + fields) or None,
        }

    def _counting(self, entries: Sequence[Entry], asked_at_s: float) -> Also:
        """Keep with each slice what was found in it, in its own transaction."""

        async def keep(tx: Transaction, done: Recorded) -> None:
            await self._claim.hold(tx, self._found(entries, done, asked_at_s))

        return keep

    def _checkpoint(self, page: SlackPage, ids: Sequence[str], *, last: Sequence[Entry]) -> Also:
        """Keep the place with the page's last slice, and how many were seen, which counts whole pages."""

        async def keep(tx: Transaction, done: Recorded) -> None:
            so_far = self.progress
            counts = so_far.counts() | {
                **self._found(last, done, page.asked_at_s),
                "seen": so_far.seen + len(last),
                "unreadable": so_far.unreadable + sum(entry.reason is not None for entry in last),
            }
            await self._claim.checkpoint(tx, ids, next_cursor=page.next_cursor, counts=counts)

        return keep

    async def _entries(self, told: Sequence[Told], asked_at_s: float) -> list[Entry]:
        # A page says how things were a moment before it was asked for: an event on its way then is newer.
        moment, team_id = int((asked_at_s - 1) * 1_000_000), self.progress.team_id
        entries: list[Entry] = []
        for start in range(0, len(told), BREATH_USERS):
            entries += [
                entry_of_member(member, team_id=team_id, moment=moment, now_s=asked_at_s, digest=digest)
                for member, digest in told[start : start + BREATH_USERS]
            ]
            await asyncio.sleep(0)
        return entries

    async def _commit(self, entries: Sequence[Entry], asked_at_s: float, *, also: Also | None = None) -> None:
        progress = self.progress
        is_backfill = progress.kind is RunKind.BACKFILL
        with self._slice.timed(len(entries)):
            done = await to_its_end(
                commit_entries(self._store, entries, now=self._clock(), is_backfill=is_backfill, also=also)
            )
        progress.seen += len(entries)
        progress.inserted += done.inserted
        progress.updated += done.updated
        progress.unreadable += len(done.put_aside) + len(done.refused)
        drifted, fields = drift_of(entries, done.changes, asked_at_s=asked_at_s)
        progress.drift += drifted
        progress.drift_fields.update(fields)
        await asyncio.sleep(0)  # a page must not hold up acks

    async def _look_for_absentees(self) -> None:
        run, since = self._claim.run, self._claim.since
        async with self._store.reading() as rx:
            listed = await rx.runs.gather_listed(run.run_id)
            absent = await absent_of(rx, run.team_id, since=since, listed=listed, is_confirmed=run.is_confirmed)
        self.progress.absent = absent.count
        if absent.is_held:
            raise Held(
                f"The run was held: {shrink(absent.count, absent.gone, absent.active)} That looks more like a broken "
                "list than like people who left, so nobody was marked as missing. If it is true, confirm it with "
                "/usersync confirm in Slack or with usersync resync --confirm: the list is then read afresh."
            )
        unseen = absent.user_ids
        asked = await self._halt.unless(ask_for(self._client, self._asks, unseen, on_asked=self._note_asked))
        await self._merge_found(asked.found)
        self._halt.look()  # for the last time: whom Slack does not know is marked as a whole, or not at all
        await self._mark(asked, since=since)

    def _note_asked(self, number: int) -> None:
        self.progress.asked = number
        self.progress.calls += 1

    async def _merge_found(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            entries = await self._entries([Told(answer.member)], answer.asked_at_s)
            await self._commit(entries, answer.asked_at_s)
            self.progress.seen -= 1  # not of the list

    async def _mark(self, asked: Asked, *, since: int) -> None:
        at = datetime.fromtimestamp(since / 1_000_000, UTC) - timedelta(seconds=1)
        for user_ids in _slices(asked.not_found):
            self.progress.missing += await to_its_end(self._mark_some(user_ids, since=at))

    async def _mark_some(self, user_ids: Sequence[str], *, since: datetime) -> int:
        async with self._store.transaction() as tx:
            marked = await mark_missing(tx, self.progress.team_id, user_ids, since=since, now=self._clock())
            await self._claim.hold(tx, self.progress.counts())
            if not self.progress.missing and (by := await self._claim.find_wish(tx)):  # the next beat would be late
                raise RunCancelled(by)
        return len(marked)


def _slices(user_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (user_ids[start : start + MARKED_USERS] for start in range(0, len(user_ids), MARKED_USERS))
