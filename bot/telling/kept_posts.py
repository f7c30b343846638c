"""Which messages tell of alerts, kept in the table, so that a later process edits the right ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.alerts_left import Left
from bot.telling.steps import Told
from bot.to_its_end import to_its_end
from db import Store
from db.errors import StoreError
from db.posting import AlertPost
from db.records import Alert

log = structlog.get_logger(__name__)

Key = tuple[str, str]


class KeptPosts:
    """Writes each message down as soon as the database takes it; until then it is kept in memory."""

    def __init__(self, store: Store, *, is_away: Callable[[], bool]) -> None:
        """`is_away` says that the database is known not to answer: then nobody waits for it."""
        self._store = store
        self._is_away = is_away
        self._unwritten: dict[tuple[int, Key], AlertPost] = {}
        self._writing = asyncio.Lock()

    def keep(self, key: Key, told: Told, *, is_over: bool | None = None) -> None:
        """Keep what was told; an episode without a number waits until it has one, and is kept then."""
        if not told.alert.alert_id:
            return
        team_id, channel_id = key
        is_over = told.is_over if is_over is None else is_over
        post = AlertPost(told.alert.alert_id, team_id, channel_id, told.ts, told.alert.words, is_over)
        self._unwritten[told.alert.alert_id, key] = post

    async def write(self) -> None:
        """Write what is not written yet; what the database does not take is tried at the next look."""
        async with self._writing:  # two that wrote the same message at once would collide on its key
            if not self._unwritten or self._is_away():
                return
            batch = dict(self._unwritten)
            try:
                await to_its_end(self._put(batch.values()))
            except StoreError as error:
                log.info("which messages tell of alerts is written later", reason=str(error))
                return
            self._unwritten = {each: post for each, post in self._unwritten.items() if batch.get(each) is not post}

    async def _put(self, posts: Collection[AlertPost]) -> None:
        async with self._store.transaction() as tx:
            there = {each.alert_id for each in await tx.alerts.list_of({post.alert_id for post in posts})}
            for post in posts:
                if post.alert_id in there:  # one that speaks of somebody may have gone with them
                    await tx.alert_posts.put(post)


def told_of(left: Sequence[Left], now: datetime, *, calm_s: float) -> list[tuple[Key, Told]]:
    """Tell what processes that are gone told and what may still change, oldest first."""
    first: dict[tuple[str, str, str], Alert] = {}
    found = []
    for each in left:
        for post in each.posts:
            key = post.team_id, post.channel_id
            before = first.setdefault((*key, post.ts), each.alert) if post.ts else each.alert
            if not post.is_over or _is_recent(each.alert, now, calm_s):
                found.append((key, _told(post, each.alert, before)))
    return found


def _is_recent(alert: Alert, now: datetime, calm_s: float) -> bool:
    return alert.until is None or now - alert.until <= timedelta(seconds=calm_s)


def _told(post: AlertPost, alert: Alert, before: Alert) -> Told:
    """`before` is the first of which the same message told: where it is another one, this one came back."""
    as_told = replace(alert, words=post.words, until=alert.until if post.is_over else None)
    if before is alert:
        return Told(as_told, alert.since, post.ts)
    return Told(as_told, alert.since, post.ts, before.since, times_back=1, back_after=before.until)
