"""Whose the episodes in the table are: what others have, what the dead left behind, what was taken from this one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from db import Store
from db.errors import StoreError
from db.instances import InstanceReader
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
    """Of our own, what is another process's now: it had not heard of this one for a while, or we left it to others."""
    beside: frozenset[AlertKind]
    """Of which kinds other living processes have an episode that lasts, or are to have it."""


async def look_around(
    store: Store, instance: str, own: Iterable[Alert], now: datetime, *, is_mute: bool = False
) -> Found:
    """Say that we are alive, and take over what the dead left; `own` is what lasts here. Raises StoreError.

    Whoever is mute, since Slack takes no word with its token, leaves all there is to one that is not.
    """
    numbers = {alert.kind: alert.alert_id for alert in own if alert.alert_id}
    async with store.transaction() as tx:
        await tx.instances.beat(instance)
        if is_mute and await _is_heard_beside(tx.instances, instance):
            await tx.alerts.release(instance)
            return Found((), frozenset(numbers.values()), frozenset(AlertKind))
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


@dataclass(frozen=True, slots=True)
class Begun:
    """An episode that is ours from now on."""

    alert: Alert
    before: Left | None
    """The one of its kind that ended last, at another process or here, with what was told of it."""


async def begin(store: Store, instance: str, alert: Alert, now: datetime, *, is_mute: bool = False) -> Begun | None:
    """Keep a new episode as ours; None where a living process has one of its kind already. Raises StoreError.

    Whoever is mute begins none where another could tell it: that one hears of it, and begins it.
    Of two that see the same trouble in the same second one begins: who looks whether it may holds up the other.
    """
    async with store.transaction() as tx:
        if alert.until is not None:  # it came and went while the table was away; nobody joins it any more
            return Begun(replace(alert, alert_id=await tx.alerts.begin(alert, instance=instance)), None)
        await tx.instances.lock()
        if is_mute and await _is_heard_beside(tx.instances, instance):
            return None
        if await tx.alerts.find_open(alert.kind, await tx.instances.list_living() - {instance}):
            return None
        before = await tx.alerts.find_last_ended(alert.kind, since=now - RECENT)
        posts = await tx.alert_posts.list_of([before.alert_id]) if before else ()
        begun = replace(alert, alert_id=await tx.alerts.begin(alert, instance=instance))
    return Begun(begun, Left(before, posts) if before and posts else None)


async def _is_heard_beside(instances: InstanceReader, instance: str) -> bool:
    """Say whether another living process follows Slack with a token that is good, as far as it knows."""
    said = await instances.list_said()
    return any(each.role.follows_slack and not each.refusal for each in said if each.instance != instance)


async def leave(store: Store, instance: str) -> None:
    """Leave what lasts to whoever comes next; if the database does not answer, they wait for our silence."""
    with suppress(StoreError):
        async with store.transaction() as tx:
            await tx.instances.leave(instance)
