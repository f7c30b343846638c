"""Which messages tell of alerts, kept in the table, so that a later process edits the right ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import structlog

from bot.telling.steps import Told
from bot.to_its_end import to_its_end
from db import Store
from db.errors import StoreError
from db.posting import AlertPost
from db.records import Alert

log = structlog.get_logger(__name__)

LOOKED_BACK = 50
"""Episodes among which one may have ended so lately that it can still come back."""

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

    async def read(self, now: datetime, *, calm_s: float) -> list[tuple[Key, Told, Alert]]:
        """Tell what earlier processes told and what may still change, with the episode as it is. Raises StoreError."""
        async with self._store.reading() as rx:
            unfinished = await rx.alert_posts.list_unfinished()
            newest = {each.alert_id: each for each in await rx.alerts.list_newest(LOOKED_BACK)}
            lately = [each.alert_id for each in newest.values() if _is_recent(each, now, calm_s)]
            posts = {(each.alert_id, each.team_id, each.channel_id): each for each in unfinished}
            for post in await rx.alert_posts.list_of(lately):
                posts[post.alert_id, post.team_id, post.channel_id] = post
            older = {post.alert_id for post in posts.values()} - newest.keys()
            known = newest | {each.alert_id: each for each in await rx.alerts.list_of(older)}
        return [
            ((post.team_id, post.channel_id), _told(post, alert), alert)
            for post in sorted(posts.values(), key=lambda each: each.alert_id)
            if (alert := known.get(post.alert_id))
        ]


def _is_recent(alert: Alert, now: datetime, calm_s: float) -> bool:
    return alert.until is None or now - alert.until <= timedelta(seconds=calm_s)


def _told(post: AlertPost, alert: Alert) -> Told:
    until = alert.until if post.is_over else None
    as_told = Alert(alert.alert_id, alert.kind, post.words, alert.since, until, alert.team_id)
    return Told(as_told, alert.since, post.ts)
