"""Promise 1: an envelope is acked only after its transaction committed, whatever happens to the database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.service import Service
from bot.simulator import Simulator
from tests.stories.test_a_change_in_slack import changes, find
from tests.support.locks import Lock, held
from tests.support.waiting import eventually


@pytest.fixture
async def lock(service: Service, database_url: str) -> AsyncIterator[Lock]:
    """Another process holds the database's write lock, until it rolls back."""
    async with held(database_url) as connection:
        yield connection


async def test_while_the_database_is_locked_nothing_is_acked(slack: Simulator, service: Service, lock: Lock) -> None:
    ada = slack.joins("Ada Lovelace")
    event_id = slack.envelopes[-1].key

    await eventually(lambda: service.ingest.tally.not_committed, within_s=40, of="an envelope that was refused")

    assert [event_id] == slack.unacked()
    lock.rollback()
    await slack.eventually_acked(timeout=60)
    assert await find(service, slack, ada.id) is not None
    assert slack.deliveries(event_id) > 1


async def test_a_commit_that_comes_too_late_is_not_acked_and_its_redelivery_changes_nothing(
    slack: Simulator, service: Service, lock: Lock
) -> None:
    ada = slack.joins("Ada Lovelace")
    event_id = slack.envelopes[-1].key
    await eventually(lambda: service.ingest.tally.not_committed, within_s=40, of="an envelope that was refused")

    lock.rollback()
    await slack.eventually_acked(timeout=60)

    row = await find(service, slack, ada.id)
    assert row is not None
    told = [change for change in await changes(service) if change.user_id == ada.id]
    assert [True] == [change.is_new_user for change in told[:1]]
    # A run may have been quicker than the redelivery, and knows of no joining.
    assert {"joined_at"} >= {field for change in told[1:] for field in change.fields}
    assert event_id in slack.acked()
