"""Promise 1: an envelope is acked only after its transaction committed, whatever happens to process or database."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.service import Service
from bot.simulator import Simulator
from tests.stories.test_a_change_in_slack import changes, find
from tests.support.program import running, serve_environment
from tests.support.waiting import eventually


def join(slack: Simulator, count: int) -> dict[str, str]:
    """Let many join at once; tell the user's id by the id of the event."""
    joined = {}
    for number in range(count):
        user = slack.joins(f"Ada {number}")
        joined[slack.envelopes[-1].key] = user.id
    return joined


def kept_in(file: Path) -> set[str]:
    """Read the ids of the users that a database file holds."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return {row[0] for row in connection.execute("SELECT id FROM users")}


@pytest.fixture
def lock(service: Service, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another process holds the database's write lock, until it rolls back."""
    connection = sqlite3.connect(tmp_path / "usersync.sqlite3", isolation_level=None, timeout=10)
    connection.execute("BEGIN EXCLUSIVE")
    yield connection
    connection.close()


async def test_while_the_database_is_locked_nothing_is_acked(
    slack: Simulator, service: Service, lock: sqlite3.Connection
) -> None:
    ada = slack.joins("Ada Lovelace")
    event_id = slack.envelopes[-1].key

    await eventually(lambda: service.ingest.tally.not_committed, within_s=5, of="an envelope that was refused")

    assert [event_id] == slack.unacked()
    lock.rollback()
    await slack.eventually_acked(timeout=10)
    assert await find(service, slack, ada.id) is not None
    assert slack.deliveries(event_id) > 1


async def test_a_commit_that_comes_too_late_is_not_acked_and_its_redelivery_changes_nothing(
    slack: Simulator, service: Service, lock: sqlite3.Connection
) -> None:
    ada = slack.joins("Ada Lovelace")
    event_id = slack.envelopes[-1].key
    await eventually(lambda: service.ingest.tally.not_committed, within_s=5, of="an envelope that was refused")

    lock.rollback()
    await slack.eventually_acked(timeout=10)

    row = await find(service, slack, ada.id)
    assert row is not None
    assert 1 == sum(change.user_id == ada.id for change in await changes(service))
    assert event_id in slack.acked()


@pytest.mark.parametrize("kill_after", [1, 40, 150])
async def test_after_a_kill_no_acked_event_is_missing(slack: Simulator, tmp_path: Path, kill_after: int) -> None:
    url = f"sqlite:///{tmp_path / 'killed.sqlite3'}"
    async with running("serve", env=serve_environment(slack, url), cwd=tmp_path) as program:
        await slack.connected(1, timeout=20)
        joined = join(slack, 300)
        await eventually(lambda: len(slack.acked()) >= kill_after, within_s=20, of="enough acks")
        program.tell(signal.SIGKILL)
        await program.ended()

    kept = kept_in(tmp_path / "killed.sqlite3")
    acked = {joined[event_id] for event_id in slack.acked()}
    assert len(acked) >= kill_after
    assert set() == acked - kept


async def test_on_sigterm_the_service_drains_and_ends_well(slack: Simulator, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ended.sqlite3'}"
    async with running("serve", env=serve_environment(slack, url), cwd=tmp_path) as program:
        await slack.connected(1, timeout=20)
        joined = join(slack, 300)
        await eventually(slack.acked, within_s=20, of="a first ack")
        program.tell(signal.SIGTERM)

        code = await program.ended()

    kept = kept_in(tmp_path / "ended.sqlite3")
    assert 0 == code
    assert set() == {joined[event_id] for event_id in slack.acked()} - kept
    assert "Traceback" not in program.output


async def test_an_open_page_does_not_hold_up_the_end(slack: Simulator, tmp_path: Path) -> None:
    import httpx

    url = f"sqlite:///{tmp_path / 'ended.sqlite3'}"
    async with running("serve", env=serve_environment(slack, url), cwd=tmp_path) as program:
        address = await program.url()
        await slack.connected(1, timeout=20)
        async with (
            httpx.AsyncClient(trust_env=False) as client,
            client.stream("GET", f"{address}live", timeout=10) as stream,
        ):
            assert 200 == stream.status_code
            program.tell(signal.SIGTERM)

            assert 0 == await program.ended(within_s=8)
