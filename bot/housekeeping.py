"""What must not be kept for ever: changes, contact data of who left, runs, letters, alerts, links, sessions, copies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from db import Store, drop_contact
from db.errors import StoreError

log = structlog.get_logger(__name__)

EVERY_S = 600
STATUS_KEEP = timedelta(hours=1)
LETTERS_KEEP = timedelta(days=90)
LINKS_KEEP = timedelta(days=1)
COPIES_KEEP = timedelta(days=30)
"""Long enough to go back to the older usersync; what had to go from the tables must not live on in a copy."""
SLICE = 200
"""Rows in one transaction, so that events get in between."""


async def keep_house(
    store: Store,
    *,
    clock: Callable[[], datetime],
    history_keep: Callable[[], timedelta],
    contact_keep: Callable[[], timedelta],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Prune every ten minutes, until cancelled; a database that is away is tried again next time."""
    while True:
        try:
            now = clock()
            await prune(store, now=now, history_keep=history_keep())
            await drop_old_contact(store, now=now, contact_keep=contact_keep())
            await drop_old_copies(store, now=now)
        except StoreError as error:
            log.warning("housekeeping was put off", reason=str(error))
        await sleep(EVERY_S)


async def prune(store: Store, *, now: datetime, history_keep: timedelta) -> None:
    """Prune once. Raises StoreUnavailable."""
    async with store.reading() as rx:
        workspaces = await rx.workspaces.list_workspaces()
    kept = (("live_from_rev", True, now - STATUS_KEEP), ("changes_from_rev", False, now - history_keep))
    for workspace in workspaces:
        team_id = workspace.team_id
        async with store.transaction() as tx:
            await tx.workspaces.lock(team_id)
            for column, is_status, before in kept:
                newest = await tx.changes.prune(team_id, before=before, is_status=is_status)
                if newest is not None:
                    await tx.workspaces.set_kept_from([team_id], column, newest)
                    if not is_status:
                        log.info("old changes were deleted", team_id=team_id, older_than=before.isoformat())
    # In the order of `forget` in db/traces.py, so that on a server the two never wait for each other.
    async with store.transaction() as tx:
        await tx.dead_letters.prune(before=now - LETTERS_KEEP)
        await tx.runs.prune(before=now - history_keep)
        await tx.alerts.prune(before=now - history_keep)
        await tx.alert_posts.prune()
        await tx.signins.prune(before=now - LINKS_KEEP)
        await tx.sessions.prune(now=now)
        await tx.wishes.prune()


async def drop_old_contact(store: Store, *, now: datetime, contact_keep: timedelta) -> int:
    """Drop the contact data of whoever left that long ago, a slice at a time; count them. Raises StoreUnavailable."""
    dropped, before = 0, now - contact_keep
    async with store.reading() as rx:
        workspaces = await rx.workspaces.list_workspaces()
    for team_id in (workspace.team_id for workspace in workspaces):
        last = ""
        while True:
            async with store.reading() as rx:
                user_ids = await rx.users.list_left(team_id, before=before, after=last, limit=SLICE)
            if not user_ids:
                break
            async with store.transaction() as tx:
                dropped += await drop_contact(tx, team_id, user_ids, left_before=before, now=now)
            last = user_ids[-1]
    if dropped:
        log.info("contact data of people who left was dropped", people=dropped)
    return dropped


async def drop_old_copies(store: Store, *, now: datetime) -> None:
    """Delete copies of the file that are too old. Raises StoreUnavailable."""
    for path in await store.drop_copies(before=now - COPIES_KEEP):
        log.info("an old copy of the database was deleted", path=str(path))
