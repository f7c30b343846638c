"""PostgreSQL is stopped, read-only, cut off or silent: nothing is acked that is not committed, and all is made good."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from inspect import isawaitable
from pathlib import Path

import httpx
import pytest

from bot.service import Service
from bot.simulator import Simulator
from db import Store
from tests.conftest import QUICK, settings_for
from tests.stories.test_a_change_in_slack import changes, find
from tests.support.alerting import posts, resolved, told
from tests.support.lines import Line, a_line
from tests.support.outages import Outage, an_eager_slack, done, outlast
from tests.support.postgres import PostgresServer
from tests.support.program import running, serve_environment
from tests.support.waiting import eventually


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A pretend Slack that sends again soon."""
    async with an_eager_slack() as slack:
        yield slack


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[str]:
    """The name of an empty database."""
    async with postgres.database() as name:
        yield name


@pytest.fixture
async def line(postgres: PostgresServer) -> AsyncIterator[Line]:
    """What lies between the service and the server."""
    async with a_line(postgres.port) as line:
        yield line


@pytest.fixture
async def service(slack: Simulator, postgres: PostgresServer, database: str, line: Line) -> AsyncIterator[Service]:
    """The whole service, its first run done, reaching its database by the line."""
    async with Service(settings_for(slack, postgres.url(database, port=line.port)), pace=QUICK) as service:
        await eventually(lambda: service.runs.finished, within_s=40, of="the first run")
        yield service


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_server_that_is_stopped_and_started(
    slack: Simulator, service: Service, postgres: PostgresServer, mode: str
) -> None:
    await outlast(
        Outage(slack, service),
        begin=lambda: postgres.stop(mode),
        end=postgres.start,
        words="The database cannot be reached",
        page=503,
    )


async def test_a_server_that_takes_no_writes(slack: Simulator, service: Service, postgres: PostgresServer) -> None:
    await outlast(
        Outage(slack, service),
        begin=postgres.refuse_writes,
        end=lambda: postgres.refuse_writes(refuses=False),
        words="The database refuses every write",
        page=200,
    )


async def test_a_line_that_is_down(slack: Simulator, service: Service, line: Line) -> None:
    await outlast(
        Outage(slack, service), begin=line.down, end=line.mend, words="The database cannot be reached", page=503
    )


@pytest.mark.parametrize("how", ["down", "silence"])
async def test_an_alert_is_told_in_slack_whatever_became_of_the_line(
    slack: Simulator, postgres: PostgresServer, database: str, line: Line, how: str
) -> None:
    ops = slack.opens_channel("ops")
    settings = settings_for(slack, postgres.url(database, port=line.port))
    async with Service(settings.model_copy(update={"alert_channel": ops.id}), pace=QUICK) as service:
        await eventually(lambda: service.runs.finished, within_s=20, of="the first run")
        away = getattr(line, how)()
        if isawaitable(away):
            await away
        begun = await told(slack, ops, "*The database is away*", within_s=40)
        await line.mend()
        await resolved(slack, ops, begun, within_s=60)

    assert 1 == len(posts(slack, ops))


@pytest.mark.slow
async def test_a_line_that_falls_silent(slack: Simulator, service: Service, line: Line) -> None:
    await outlast(
        Outage(slack, service), begin=line.silence, end=line.mend, words="The database cannot be reached", page=503
    )


async def test_connections_that_died_without_a_word_cost_seconds(
    slack: Simulator, service: Service, line: Line
) -> None:
    outage = Outage(slack, service)
    await outage.before()
    line.silence()
    await line.mend()
    outage.something_happens()

    await slack.eventually_acked(timeout=60)

    kept = await outage.ids()
    assert set() == set(outage.events.values()) - kept


async def test_events_go_on_after_a_restart_and_after_connections_were_cut(
    slack: Simulator, service: Service, postgres: PostgresServer, line: Line
) -> None:
    outage = Outage(slack, service)
    await outage.before()
    for again in (postgres.restart, postgres.end_connections, line.cut):
        outage.something_happens()
        await done(again())
        outage.something_happens()
        await slack.eventually_acked(timeout=60)

    kept = await outage.ids()
    assert set() == set(outage.events.values()) - kept
    assert not service.failed.done()
    await eventually(outage.is_ready, within_s=40, of="readiness")


@pytest.mark.slow
async def test_a_signal_while_the_database_is_silent_ends_the_process_well(
    slack: Simulator, postgres: PostgresServer, database: str, line: Line, tmp_path: Path
) -> None:
    env = serve_environment(slack, postgres.url(database, port=line.port))
    async with running("serve", env=env, cwd=tmp_path) as program:
        address = await program.url()
        await eventually(lambda: "following changes" in program.output, within_s=30, of="the first run")
        line.silence()
        slack.joins("Ada Lovelace")
        await eventually(lambda: "not committed" in program.output, within_s=40, of="an event refused")
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            assert 503 == (await client.get(f"{address}readyz")).status_code
        program.tell(signal.SIGTERM)

        assert 0 == await program.ended(within_s=12)
    assert "Traceback" not in program.output


async def test_a_store_is_closed_in_time_beside_a_server_that_no_longer_says_goodbye(
    postgres: PostgresServer, database: str, line: Line
) -> None:
    store = await Store.open(postgres.url(database, port=line.port))
    async with store.reading() as rx, store.transaction() as tx:
        await rx.workspaces.list_workspaces()
        await tx.workspaces.list_workspaces()
    line.silence()

    async with asyncio.timeout(8):
        await store.close()


async def test_a_commit_slower_than_the_budget_is_not_acked_and_its_redelivery_changes_nothing(
    slack: Simulator, service: Service, postgres: PostgresServer, database: str
) -> None:
    await postgres.say(
        "CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN PERFORM pg_sleep(4); RETURN NULL; END $$",
        database=database,
    )
    await postgres.say(
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW WHEN (NEW.title = 'slow') EXECUTE FUNCTION be_slow()",
        database=database,
    )
    ada = slack.joins("Ada Lovelace", title="slow")
    event_id = slack.envelopes[-1].key

    row = await eventually(lambda: find(service, slack, ada.id), within_s=40, of="a late commit")
    refused = service.ingest.tally.not_committed
    await slack.eventually_acked(timeout=60)
    (envelope,) = (each for each in slack.envelopes if each.key == event_id)

    assert row is not None
    assert 1 <= refused
    assert envelope.deliveries[0].envelope_id not in {ack.envelope_id for ack in envelope.acks}
    assert slack.deliveries(event_id) > 1
    assert 1 == sum(change.user_id == ada.id for change in await changes(service))
