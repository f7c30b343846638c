"""SIGTERM: what is under way is committed and acked, runs are left where they stand, sockets say goodbye, in 10 s."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bot.service import Service
from bot.simulator import Simulator
from db.engine import parse_url
from db.records import RunState
from db.tables import workspaces
from tests.conftest import QUICK, settings_for
from tests.support.killing import Talk, cursors, kept_in, missing, number_of, runs_of, serving, unlike_slack
from tests.support.waiting import eventually

WITHIN_S = 10
"""What `docker stop` grants before it kills."""

on_both = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def _name_of(hindrances: set[str]) -> str:
    return "".join(hindrances).replace(" ", "-") if len(hindrances) == 1 else "everything"


@contextlib.asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    """Hold the lock that every write needs, from outside."""
    engine = create_async_engine(parse_url(url), isolation_level=None)
    async with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            await connection.exec_driver_sql("BEGIN EXCLUSIVE")
        else:
            await connection.execute(sa.select(workspaces).with_for_update())
        yield
        await connection.rollback()
    await engine.dispose()


@contextlib.asynccontextmanager
async def silenced(url: str) -> AsyncIterator[None]:
    """Stop the server's processes that answer the program, as if their machine hung; they go on afterwards."""
    engine = create_async_engine(parse_url(url))
    ours = sa.text("SELECT pid FROM pg_stat_activity WHERE application_name = 'usersync' AND datname = :name")
    async with engine.connect() as connection:
        pids = [row[0] for row in await connection.execute(ours, {"name": engine.url.database})]
    await engine.dispose()
    stopped = [pid for pid in pids if str(engine.url.database).encode() in _command_of(pid)]
    if not stopped:
        pytest.skip("the server's processes cannot be seen from here, so none was stopped")
    try:
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        yield
    except PermissionError:
        pytest.skip("the server's processes belong to somebody else, so none was stopped")
    finally:
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGCONT)


def _command_of(pid: int) -> bytes:
    file = Path("/proc", str(pid), "cmdline")
    return file.read_bytes() if file.exists() else b""


@on_both
async def test_what_is_committed_is_acked_and_nothing_else(slack: Simulator, database_url: str, tmp_path: Path) -> None:
    talk = Talk(slack, random.Random(1))
    async with serving(slack, database_url, tmp_path) as program:
        await slack.connected(1, timeout=60)
        await eventually(lambda: _is_read(database_url), within_s=40, of="the first run")
        async with talk.never_ending():
            await eventually(lambda: len(slack.acked()) > 50, within_s=40, of="some acks")
            program.tell(signal.SIGTERM)
            code = await program.ended(WITHIN_S)

    _, log = await kept_in(slack, database_url)
    committed = {number_of(change.after["title"]) for change in log if change.after.get("title")}
    assert 0 == code
    assert set() == committed - {talk.told[event_id][1] for event_id in slack.acked()}
    assert [] == await missing(talk, slack, database_url)
    assert "Traceback" not in program.output


async def _is_read(url: str) -> bool:
    return any(run.ended_at for run in await runs_of(url))


async def test_every_connection_is_closed_with_a_close_frame(slack: Simulator, service: Service) -> None:
    await slack.connected(2)
    slack.disconnects("refresh_requested", closes_after=60)
    await slack.connected(4)

    await service.close()

    assert [1000] * 4 == [ending.close_code for ending in slack.endings], "also those about to be let go"


async def test_a_connection_is_closed_with_a_close_frame_also_while_slack_goes_on_talking(
    slack: Simulator, database_url: str, tmp_path: Path
) -> None:
    url = database_url
    async with serving(slack, url, tmp_path, USERSYNC_SOCKETS="1") as program:
        await slack.connected(1, timeout=60)
        await eventually(lambda: _is_read(url), within_s=40, of="the first run")
        program.tell(signal.SIGTERM)
        for _ in range(120):
            slack.sends_frame(json.dumps({"type": "noise", "text": "x" * 100_000}))
        code = await program.ended(WITHIN_S)

    assert 0 == code
    assert [1000] == [ending.close_code for ending in slack.endings]


@on_both
async def test_a_run_is_left_at_its_checkpoint_and_the_next_start_goes_on_at_once(
    slack: Simulator, database_url: str, tmp_path: Path
) -> None:
    slack.page_limit = 4
    for number in range(32):
        slack.adds(f"Ada {number}")
    slack.faults.fail("users.list", after=3, slow_seconds=60, times=None)
    async with serving(slack, database_url, tmp_path) as program:
        await eventually(lambda: len(slack.calls("users.list")) == 4, within_s=30, of="the fourth page asked for")
        program.tell(signal.SIGTERM)
        code = await program.ended(WITHIN_S)
    slack.faults.clear()
    [left] = await runs_of(database_url)
    async with Service(settings_for(slack, database_url), pace=QUICK) as service:
        await eventually(lambda: service.runs.finished, within_s=40, of="the run that goes on")
        unlike = await unlike_slack(slack, service.store)

    asked = Counter(cursors(slack.calls("users.list")[:10]))
    assert 0 == code
    assert (RunState.RUNNING, None) == (left.state, left.instance)
    assert 2 == asked.pop(left.next_cursor)
    assert {1} == set(asked.values())
    assert set() == unlike


EVERYTHING = {"a locked database", "an open stream", "a deaf socket", "a slow list", "a slow answer"}


@on_both
@pytest.mark.parametrize(
    "hindrances",
    [{"an open stream"}, {"a deaf socket"}, {"a slow list"}, pytest.param(EVERYTHING, marks=pytest.mark.slow)],
    ids=_name_of,
)
async def test_nothing_holds_up_the_end(
    slack: Simulator, database_url: str, tmp_path: Path, hindrances: set[str]
) -> None:
    talk = Talk(slack, random.Random(1))
    ada = slack.adds("Ada Lovelace")
    if "a slow list" in hindrances:
        slack.faults.fail("users.list", slow_seconds=60, times=None)
    async with AsyncExitStack() as stack:
        program = await stack.enter_async_context(serving(slack, database_url, tmp_path, USERSYNC_SOCKETS="1"))
        address = await program.url()
        await slack.connected(1, timeout=60)
        await eventually(lambda: slack.calls("users.list"), within_s=40, of="a run")
        if "an open stream" in hindrances:
            client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
            await stack.enter_async_context(client.stream("GET", f"{address}live", timeout=WITHIN_S * 2))
        if "a slow answer" in hindrances:
            slack.faults.fail("response_url", slow_seconds=60, times=None)
            await slack.types(ada, "/usersync help")
        if "a locked database" in hindrances:
            await stack.enter_async_context(locked(database_url))
        talk.goes_on(50)
        last = slack.envelope(slack.opens_home(ada))
        await slack.until(lambda: last.acks, timeout=10)
        if "a deaf socket" in hindrances:
            slack.goes_deaf()
        begun = time.monotonic()
        program.tell(signal.SIGTERM)
        code = await program.ended(WITHIN_S * 3)
        took = time.monotonic() - begun

    assert 0 == code
    assert took < WITHIN_S
    assert "left behind" not in program.output, "the last resort was not needed"
    assert "Traceback" not in program.output
    assert [None if "a deaf socket" in hindrances else 1000] == [ending.close_code for ending in slack.endings]
    assert [] == await missing(talk, slack, database_url)


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_database_that_fell_silent_is_left_behind(slack: Simulator, database_url: str, tmp_path: Path) -> None:
    talk = Talk(slack, random.Random(1))
    ada = slack.adds("Ada Lovelace")
    async with serving(slack, database_url, tmp_path, USERSYNC_SOCKETS="1") as program:
        await slack.connected(1, timeout=60)
        await eventually(lambda: _is_read(database_url), within_s=40, of="the first run")
        async with silenced(database_url):
            talk.goes_on(50)
            last = slack.envelope(slack.opens_home(ada))
            await slack.until(lambda: last.acks, timeout=10)
            program.tell(signal.SIGTERM)
            code = await program.ended(WITHIN_S)

    assert 0 == code
    assert [1000] == [ending.close_code for ending in slack.endings]
    assert {} == talk.acked()
