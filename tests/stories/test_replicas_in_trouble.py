"""Two replicas on one PostgreSQL, and something breaks: one is killed or cut off, or the database goes away under both.

Nothing that was acked is missing afterwards, and both tell the same.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from bot.service import Service
from bot.simulator import Simulator
from tests.conftest import QUICK, settings_for
from tests.support.killing import KILLED, Talk, killed, missing, serving
from tests.support.lines import Line, a_line
from tests.support.outages import Outage, an_eager_slack
from tests.support.postgres import PostgresServer
from tests.support.program import Program
from tests.support.replicas import all_is_well, is_ready, people_at
from tests.support.waiting import eventually

SEED = 20261129
SLOW = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END $$"
TO_COMMIT = (
    "CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON workspaces INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()"
)
"""Each commit of changes takes so long that a kill meets it; one row of `workspaces` is written by each."""


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A pretend Slack that sends again soon and does not give up."""
    async with an_eager_slack() as slack:
        yield slack


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[str]:
    """The name of an empty database."""
    async with postgres.database() as name:
        yield name


@pytest.fixture
async def line(postgres: PostgresServer) -> AsyncIterator[Line]:
    """What lies between one replica and the server."""
    async with a_line(postgres.port) as line:
        yield line


@asynccontextmanager
async def two_programs(slack: Simulator, url: str, folder: Path) -> AsyncIterator[tuple[Program, Program]]:
    """Run two replicas, each a process of its own, both connected to Slack."""
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(serving(slack, url, folder))
        await one.url()
        other = await stack.enter_async_context(serving(slack, url, folder))
        await other.url()
        await slack.connected(4, timeout=60)
        yield one, other


@pytest.mark.slow
async def test_a_replica_killed_in_the_middle_of_a_commit_loses_nothing_and_the_other_goes_on(
    slack: Simulator, postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    url, talk = postgres.url(database), Talk(slack, random.Random(SEED))
    async with AsyncExitStack() as stack:
        survivor = await stack.enter_async_context(serving(slack, url, tmp_path))
        address = await survivor.url()
        await slack.connected(2, timeout=60)
        ours = await _backends(postgres, database)
        for statement in (SLOW, TO_COMMIT):
            await postgres.say(statement, database=database)
        for _ in range(2):
            async with serving(slack, url, tmp_path) as program, talk.never_ending():
                await slack.connected(4, timeout=60)
                await eventually(lambda: _is_committing(postgres, database, but=ours), within_s=60, of="a commit")
                assert KILLED == await killed(program)
                assert [] == await missing(talk, slack, url), "before anything can heal it"
        in_flight = talk.in_flight()

        await all_is_well(talk, slack, url)
        assert await is_ready(address)
        assert in_flight > 0
        assert survivor.process.returncode is None


async def _backends(postgres: PostgresServer, database: str) -> str:
    """Name the backends of the replica that is to live, as SQL lists them."""
    found = await postgres.say(
        "SELECT string_agg(pid::text, ',') FROM pg_stat_activity"
        f" WHERE datname = '{database}' AND application_name = 'usersync'"
    )
    return str(found)


async def _is_committing(postgres: PostgresServer, database: str, *, but: str) -> bool:
    found = await postgres.say(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query ILIKE 'COMMIT%'"
        f" AND datname = '{database}' AND application_name = 'usersync' AND pid NOT IN ({but})"
    )
    return bool(found)


@pytest.mark.slow
async def test_a_replica_that_is_cut_off_acks_nothing_says_so_and_catches_up(
    slack: Simulator, postgres: PostgresServer, database: str, line: Line
) -> None:
    cut_url, url = postgres.url(database, port=line.port), postgres.url(database)
    async with (
        Service(settings_for(slack, cut_url), pace=QUICK) as cut,
        Service(settings_for(slack, url), pace=QUICK) as whole,
    ):
        for each in (cut, whole):
            await eventually(lambda: each.runs.finished, within_s=40, of="the first run")  # noqa: B023
        outage = Outage(slack, cut)
        await outage.before()
        await line.down()
        acked, refused, runs = cut.ingest.tally.committed, cut.ingest.tally.not_committed, cut.runs.finished
        while cut.ingest.tally.not_committed < refused + 3:
            outage.something_happens()
            await slack.eventually_acked(timeout=60)
        told = await eventually(outage.reasons, within_s=40, of="a reason not to be ready")
        page = await outage.get("")

        assert acked == cut.ingest.tally.committed
        assert "The database cannot be reached" in told[0]
        assert 503 == page.status_code
        assert await is_ready(whole.url)
        assert set() == set(outage.events.values()) - await Outage(slack, whole).ids()
        await line.mend()
        await outage.is_over()
        await eventually(lambda: cut.runs.finished > runs, within_s=40, of="a reconcile of whoever was cut off")
        assert await people_at(cut.url) == await people_at(whole.url)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_database_that_restarts_under_two_replicas_has_both_again_by_themselves(
    slack: Simulator, postgres: PostgresServer, database: str, tmp_path: Path, mode: str
) -> None:
    url, talk = postgres.url(database), Talk(slack, random.Random(SEED))
    async with two_programs(slack, url, tmp_path) as pair:
        addresses = [await each.url() for each in pair]
        async with talk.never_ending():
            await eventually(lambda: len(talk.acked()) > 5, within_s=60, of="some acks")
            for _ in range(2):
                await postgres.restart(mode)
                before = len(slack.acked())
                await eventually(lambda: len(slack.acked()) > before + 50, within_s=60, of="acks again")  # noqa: B023
        for address in addresses:
            await eventually(lambda: is_ready(address), within_s=60, of="readiness")  # noqa: B023

        await all_is_well(talk, slack, url)
        assert [None, None] == [each.process.returncode for each in pair]
        assert await people_at(addresses[0]) == await people_at(addresses[1])
    assert "Traceback" not in pair[0].output + pair[1].output
