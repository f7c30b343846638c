"""Places in the memory, and the messages that stand there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from db import Store
from db.posting import AlertPost, Place, Purpose
from db.records import Alert, AlertKind
from tests.support.memory import NOW

ALERTS = Place("T1", Purpose.ALERTS, "C1")
DIGEST = Place("T1", Purpose.DIGEST, "C2")


async def put(store: Store, *places: Place) -> None:
    async with store.transaction() as tx:
        for place in places:
            await tx.places.put(place)


async def listed(store: Store) -> tuple[Place, ...]:
    async with store.reading() as rx:
        return await rx.places.list_places()


async def test_each_purpose_has_a_place_of_its_own_and_the_latest_counts(store: Store) -> None:
    await put(store, ALERTS, DIGEST, replace(ALERTS, channel_id="C3"), Place("T2", Purpose.ALERTS, None))

    assert (replace(ALERTS, channel_id="C3"), DIGEST, Place("T2", Purpose.ALERTS, None)) == await listed(store)


async def test_of_two_who_post_by_the_clock_only_one_does(store: Store) -> None:
    await put(store, DIGEST)

    async with store.transaction() as tx:
        first = await tx.places.note_posted(DIGEST, at=NOW)
    async with store.transaction() as tx:
        second = await tx.places.note_posted(DIGEST, at=NOW)
        elsewhere = await tx.places.note_posted(replace(DIGEST, channel_id="C9", posted_at=NOW), at=NOW)
        later = await tx.places.note_posted(replace(DIGEST, posted_at=NOW), at=NOW + timedelta(days=7))

    assert (True, False, False, True) == (first, second, elsewhere, later)
    assert (replace(DIGEST, posted_at=NOW + timedelta(days=7)),) == await listed(store)


async def test_a_message_is_found_until_it_says_that_all_is_well_and_goes_with_its_alert(store: Store) -> None:
    async with store.transaction() as tx:
        ours = await tx.alerts.begin(Alert(0, AlertKind.LAG, "Late.", since=NOW, until=NOW))
        post = AlertPost(ours, "T1", "C1", "1700000000.000100", "Late.")
        other = AlertPost(ours, "T1", "C9", None, "Late.")
        await tx.alert_posts.put(post)
        await tx.alert_posts.put(other)
    async with store.transaction() as tx:
        await tx.alert_posts.put(replace(other, is_over=True))
        assert (post,) == await tx.alert_posts.list_unfinished()
        assert (post, replace(other, is_over=True)) == await tx.alert_posts.list_of([ours])
        assert {("T1", "C1"), ("T1", "C9")} == await tx.alert_posts.list_channels()
        await tx.alert_posts.prune()
        assert (post,) == await tx.alert_posts.list_unfinished()

    async with store.transaction() as tx:
        await tx.alerts.prune(before=NOW + timedelta(days=1))
        await tx.alert_posts.prune()
        assert () == await tx.alert_posts.list_of([ours])
