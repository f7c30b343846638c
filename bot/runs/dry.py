"""What a run would change, worked out without writing a row: the same pages, the same merge, the same questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.entries import entry_of_member
from bot.parse import is_user_id
from bot.runs.absentees import absent_of, ask_for
from bot.runs.pages import CursorRefused, Pages, SlackPage
from bot.runs.patience import Patience
from bot.runs.progress import Progress
from bot.runs.words import shrink
from bot.slack import SlackClient
from db import Store
from db.listed import Listed
from db.merge import merge
from db.records import User


@dataclass(frozen=True, slots=True)
class Difference:
    """One user who would be written differently; `fields` is empty where the whole user is new or missing."""

    user_id: str
    name: str
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Differences:
    """What a run would do; `held` says that it would mark nobody, and why."""

    new: dict[str, Difference] = field(default_factory=dict)
    changed: dict[str, Difference] = field(default_factory=dict)
    missing: dict[str, Difference] = field(default_factory=dict)
    unreadable: int = 0
    held: str = ""
    is_held: bool = False
    """True where a run would be held; with unreadable ids it would end, and only mark nobody."""


class DryRun:
    """A pass over one workspace that only looks."""

    def __init__(self, store: Store, client: SlackClient, progress: Progress, *, lists: Patience, asks: Patience):
        self._store = store
        self._client = client
        self._progress = progress
        self._lists = lists
        self._asks = asks
        self._listed = Listed()
        self._since: int | None = None
        self.found = Differences()

    async def run(self, *, is_confirmed: bool) -> Differences:
        """Read to the end. Raises PassFailed, StoreError."""
        pages = Pages(self._client, self._lists, team_id=self._progress.team_id)
        try:
            await self._walk(pages)
        except CursorRefused:
            pages.forget()
            await self._walk(pages)
        if self._progress.nameless:
            self.found.held = "Some entries have no readable id, so nobody would be marked as missing."
        else:
            await self._look_for_absentees(is_confirmed=is_confirmed)
        return self.found

    async def _walk(self, pages: Pages) -> None:
        self._progress.seen = 0
        cursor: str | None = None
        while True:
            page = await pages.fetch(cursor)
            self._progress.calls += 1
            await self._compare(page)
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    async def _compare(self, page: SlackPage) -> None:
        moment = int((page.asked_at_s - 1) * 1_000_000)
        self._since = self._since or int(page.asked_at_s * 1_000_000)
        team_id, now_s = self._progress.team_id, page.asked_at_s
        entries = [entry_of_member(each, team_id=team_id, moment=moment, now_s=now_s) for each in page.members]
        ids = {entry.user_id for entry in entries if entry.user_id and is_user_id(entry.user_id)}
        self._listed.add(ids)
        async with self._store.reading() as rx:
            stored = await rx.users.find_users(team_id, ids)
        for entry in entries:
            self._progress.seen += 1
            self._progress.nameless += not (entry.user_id and is_user_id(entry.user_id))
            if entry.observation is None:
                self.found.unreadable += 1
                continue
            known = stored.get(entry.observation.id)
            merged = merge(known, entry.observation)
            if known is None:
                self.found.new[entry.observation.id] = _difference(merged.user)
            elif merged.before:
                self.found.changed[known.id] = _difference(merged.user, tuple(sorted(merged.after)))

    async def _look_for_absentees(self, *, is_confirmed: bool) -> None:
        team_id = self._progress.team_id
        async with self._store.reading() as rx:
            absent = await absent_of(
                rx, team_id, since=self._since or 0, listed=self._listed, is_confirmed=is_confirmed
            )
        self._progress.absent = absent.count
        if absent.is_held:
            self.found.is_held = True
            said = shrink(absent.count, absent.gone, absent.active)
            self.found.held = f"{said} A run would be held, and mark nobody as missing."
            return
        asked = await ask_for(self._client, self._asks, absent.user_ids, on_asked=self._note_asked)
        for answer in asked.found:
            await self._compare(SlackPage([answer.member], None, answer.asked_at_s))
            self._progress.seen -= 1  # not of the list
        await self._note_missing(asked.not_found)

    async def _note_missing(self, user_ids: Sequence[str]) -> None:
        async with self._store.reading() as rx:
            users = await rx.users.find_users(self._progress.team_id, user_ids)
        self.found.missing = {user_id: _difference(user) for user_id, user in users.items()}

    def _note_asked(self, number: int) -> None:
        self._progress.asked = number
        self._progress.calls += 1


def _difference(user: User, fields: tuple[str, ...] = ()) -> Difference:
    return Difference(user.id, user.shown_name, fields)
