"""Whose the episodes in the table are: what processes that are gone left behind, and what was taken from this one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from db import Store
from db.errors import StoreError
from db.posting import AlertPost
from db.records import Alert, AlertKind

RECENT = timedelta(hours=1)
"""What ended so lately may come back, so that it matters what was told of it."""


@dataclass(frozen=True, slots=True)
class Left:
    """An episode that a process left behind and that is ours now, with the messages that tell of it."""

    alert: Alert
    posts: tuple[AlertPost, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the table showed."""

    left: tuple[Left, ...]
    """Oldest first; of a kind one that lasts at most, and none of a kind that lasts here already."""
    taken: frozenset[int]
    """Of our own, what another process has now: it had not heard of this one for a while."""
    beside: frozenset[AlertKind]
    """Of which kinds other living processes have an episode that lasts."""


async def look_around(store: Store, instance: str, own: Iterable[Alert], now: datetime) -> Found:
    """Say that we are alive, and take over what the dead left; `own` is what lasts here. Raises StoreError."""
    numbers = {alert.kind: alert.alert_id for alert in own if alert.alert_id}
    async with store.transaction() as tx:
        await tx.instances.beat(instance)
        living = await tx.instances.list_living() | {instance}
        taken = await tx.alerts.list_taken(numbers.values(), instance=instance)
        left = await tx.alerts.list_left(living, since=now - RECENT)
        wanted = _one_that_lasts(left, {kind for kind, number in numbers.items() if number not in taken})
        ours = [each for each in wanted if await tx.alerts.take_over(each.alert_id, instance=instance, living=living)]
        posts = await tx.alert_posts.list_of([alert.alert_id for alert in ours])
        beside = await tx.alerts.list_kinds(living - {instance})
    with_posts = (Left(alert, tuple(post for post in posts if post.alert_id == alert.alert_id)) for alert in ours)
    return Found(tuple(with_posts), taken, beside)


def _one_that_lasts(left: Sequence[Alert], held: Set[AlertKind]) -> list[Alert]:
    """Leave for later what belongs to a kind that lasts here; of several that last, the oldest goes first."""
    lasting: dict[AlertKind, Alert] = {}
    for alert in left:
        if alert.until is None:
            lasting.setdefault(alert.kind, alert)
    return [each for each in left if each.kind not in held and (each.until or lasting[each.kind] is each)]


async def leave(store: Store, instance: str) -> None:
    """Leave what lasts to whoever comes next; if the database does not answer, they wait for our silence."""
    with suppress(StoreError):
        async with store.transaction() as tx:
            await tx.instances.leave(instance)
