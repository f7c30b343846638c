"""The SQLite file is locked, its disk is full or refuses writes: nothing is acked, and all is made good later."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from bot.service import Service
from bot.simulator import Simulator
from tests.conftest import QUICK, settings_for
from tests.support.disks import Disk, a_disk_that_fails, a_small_disk
from tests.support.joining import join, kept_in
from tests.support.locks import held
from tests.support.outages import Outage, an_eager_slack, outlast
from tests.support.program import Program, running, serve_environment
from tests.support.visitor import Visitor, a_link
from tests.support.waiting import eventually
from tests.support.words import answer_to, buttons_of

pytestmark = pytest.mark.runs_on("sqlite", because="test_postgres_away.py tells of a server")

Serve = Callable[..., Awaitable[Service]]


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """A pretend Slack that sends again soon."""
    async with an_eager_slack() as slack:
        yield slack


@pytest.fixture
def small_disk() -> Iterator[Disk]:
    """A disk that can be filled."""
    with a_small_disk() as disk:
        yield disk


@pytest.fixture
def failing_disk() -> Iterator[Disk]:
    """A disk that can refuse every write."""
    with a_disk_that_fails() as disk:
        yield disk


@pytest.fixture
async def serve(slack: Simulator) -> AsyncIterator[Serve]:
    """Start the whole service on a file in a folder; it is closed after the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def begin(folder: Path, *, auth: str = "none") -> Service:
            settings = settings_for(slack, f"sqlite:///{folder / 'usersync.sqlite3'}", auth=auth)
            service = await stack.enter_async_context(Service(settings, pace=QUICK))
            await eventually(lambda: service.runs.finished, within_s=40, of="the first run")
            return service

        yield begin


async def test_a_file_that_is_locked_for_longer_than_the_budget(slack: Simulator, serve: Serve, tmp_path: Path) -> None:
    service = await serve(tmp_path)
    async with contextlib.AsyncExitStack() as stack:
        await outlast(
            Outage(slack, service),
            begin=lambda: stack.enter_async_context(held(tmp_path / "usersync.sqlite3")),
            end=stack.aclose,
            words="Something else holds the database",
            page=200,
        )


async def test_a_full_disk(slack: Simulator, serve: Serve, small_disk: Disk) -> None:
    service = await serve(small_disk.folder)

    await outlast(
        Outage(slack, service),
        begin=small_disk.fill,
        end=small_disk.free,
        words="The disk of the database is full",
        page=200,
    )


async def test_a_disk_that_refuses_writes_for_a_while(slack: Simulator, serve: Serve, failing_disk: Disk) -> None:
    service = await serve(failing_disk.folder)

    await outlast(
        Outage(slack, service),
        begin=failing_disk.refuse_writes,
        end=failing_disk.take_writes,
        words="The database refuses every write",
        page=200,
    )


async def test_runs_that_the_database_cut_short_are_tried_again_without_growing_pauses(
    slack: Simulator, serve: Serve, failing_disk: Disk, capsys: pytest.CaptureFixture[str]
) -> None:
    service = await serve(failing_disk.folder)
    await Outage(slack, service).before()
    failing_disk.refuse_writes()
    slack.joins("Ada Lovelace")
    failed = 0

    def have_failed(times: int) -> bool:
        nonlocal failed
        failed += capsys.readouterr().out.count("a run failed")
        return failed >= times

    await eventually(lambda: have_failed(6), within_s=30, of="runs that failed")

    assert service.runs.next_in_s <= QUICK.rhythm.retry_s


async def test_under_a_disk_that_turned_read_only_nothing_is_acked_and_a_start_on_the_mended_disk_makes_it_good(
    slack: Simulator, failing_disk: Disk, tmp_path: Path
) -> None:
    """Its journal is mapped into memory, so the kernel may kill whoever writes there; that must lose nothing either."""
    file = failing_disk.folder / "usersync.sqlite3"
    env = serve_environment(slack, f"sqlite:///{file}")
    async with running("serve", env=env, cwd=tmp_path) as program:
        await eventually(lambda: "following changes" in program.output, within_s=30, of="the first run")
        before = join(slack, 20)
        await slack.eventually_acked(timeout=60)
        failing_disk.turn_read_only()
        after = join(slack, 3)
        await eventually(lambda: _is_refused_or_killed(program), within_s=40, of="an event refused, or an end")
        acked = set(slack.acked())
    failing_disk.mount_again()
    kept = kept_in(file)

    async with running("serve", env=env, cwd=tmp_path) as program:
        await slack.eventually_acked(timeout=40)

    assert acked == set(before)
    assert set(before.values()) <= kept
    assert set(after.values()) <= kept_in(file)
    assert "Traceback" not in program.output


def _is_refused_or_killed(program: Program) -> bool:
    return "refuses every write" in program.output or program.process.returncode is not None


async def test_on_a_full_disk_reading_goes_on_and_signing_in_says_why_it_cannot(
    slack: Simulator, serve: Serve, small_disk: Disk
) -> None:
    ada, grace = slack.adds("Ada Lovelace"), slack.adds("Grace Hopper")
    service = await serve(small_disk.folder, auth="slack")
    inside, outside = Visitor(service.url), Visitor(service.url)
    await inside.signs_in(await a_link(service, slack.team_id, ada.id))
    link = await a_link(service, slack.team_id, grace.id)
    small_disk.fill()

    people = await inside.get("/")
    question = await outside.opens(link)
    answer = await outside.confirms(question)
    opened = await slack.types(grace, "/usersync open")
    told = await answer_to(opened)

    assert (200, True) == (people.status_code, "Grace Hopper" in people.text)
    assert 200 == question.status_code
    assert 503 == answer.status_code
    assert "You could not be signed in" in answer.text
    assert "The disk of the database is full" in answer.text
    assert "set-cookie" not in answer.headers
    assert "The disk of the database is full" in told
    assert [] == buttons_of(opened.visible[0])
    small_disk.free()
    assert 303 == (await outside.confirms(question)).status_code
