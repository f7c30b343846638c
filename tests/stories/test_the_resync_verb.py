"""`usersync resync` in a process of its own: progress, one line at the end, a code; and a `serve` killed midway."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from db import Store
from db.records import Run, RunKind, RunState
from tests.support.asking import rows
from tests.support.program import NOWHERE, environment, running, serve_environment
from tests.support.terminal import on_a_terminal
from tests.support.waiting import eventually

Start = Callable[..., Any]


def resync_environment(slack: Simulator, url: str) -> dict[str, str]:
    return environment(SLACK_BOT_TOKEN=slack.bot_token, SLACK_API_URL=slack.api_url, DATABASE_URL=url)


async def resynced(slack: Simulator, url: str, *options: str) -> tuple[int, str]:
    async with running("resync", *options, env=resync_environment(slack, url), cwd=NOWHERE) as program:
        return await program.ended(), program.output


async def runs_of(settings: Settings) -> tuple[Run, ...]:
    store = await Store.open(settings.database_url.get_secret_value())
    async with store.reading() as rx:
        found = await rx.runs.list_runs(10)
    await store.close()
    return found


async def test_it_reads_everybody_with_the_bot_token_alone_and_says_so_in_one_line(database_url: str) -> None:
    async with Simulator(team_name="Acme Inc") as slack:
        for number in range(12):
            slack.adds(f"Ada {number}")
        guest, gone = slack.adds("Guest", is_restricted=True), slack.adds("Gone")
        slack.deactivates(gone, quietly=True)

        code, output = await resynced(slack, database_url)

    last = output.strip().splitlines()[-1]
    assert 0 == code
    assert re.fullmatch(r"Acme Inc: 12 people, 1 guest, 2 bots, 1 deactivated · 1 call, \d+\.\d s", last), output
    assert guest.id in {row[0] for row in rows(database_url, "SELECT id FROM users")}


async def test_what_a_dry_run_shows_is_what_a_run_then_does(slack: Simulator, database_url: str) -> None:
    ada, grace = slack.adds("Ada Lovelace"), slack.adds("Grace Hopper")
    await resynced(slack, database_url)
    slack.changes(ada, title="Countess", quietly=True)
    slack.removes(grace)
    alan = slack.adds("Alan Turing")
    before = rows(database_url, "SELECT * FROM users ORDER BY id"), rows(database_url, "SELECT run_id FROM runs")

    code, output = await resynced(slack, database_url, "--dry-run")

    assert 0 == code
    assert before == (
        rows(database_url, "SELECT * FROM users ORDER BY id"),
        rows(database_url, "SELECT run_id FROM runs"),
    )
    assert re.search(rf"would be new:\n  {alan.id} Alan Turing\n", output), output
    assert re.search(rf"would change:\n  {ada.id} Ada Lovelace: .*title", output), output
    assert re.search(rf"would be marked as missing:\n  {grace.id} Grace Hopper\n", output), output
    assert "1 would be new, 1 would change, 1 would be marked as missing · no row was written · 2 calls" in output

    await resynced(slack, database_url)
    assert [(alan.id,), (ada.id,), (grace.id,)] == [
        *rows(database_url, "SELECT id FROM users WHERE real_name = 'Alan Turing'"),
        *rows(database_url, "SELECT id FROM users WHERE title = 'Countess'"),
        *rows(database_url, "SELECT id FROM users WHERE state = 'missing'"),
    ]


async def test_a_list_that_fails_ends_with_1_in_words(slack: Simulator, database_url: str) -> None:
    slack.scopes.discard("users:read")

    code, output = await resynced(slack, database_url)

    assert 1 == code
    assert "users:read" in output
    assert "Traceback" not in output
    assert [("failed",)] == rows(database_url, "SELECT state FROM runs")


@pytest.mark.parametrize("verb", ["resync", "serve"])
async def test_in_a_pipe_it_tells_in_plain_lines_how_far_it_is(
    slack: Simulator, database_url: str, tmp_path: Path, verb: str
) -> None:
    slack.page_limit = 1
    slack.adds("Ada Lovelace")
    slack.faults.fail("users.list", after=1, slow_seconds=2.6, times=1)
    env = serve_environment(slack, database_url)
    async with running(verb, env=env, cwd=tmp_path) as program:
        words = "Reading people from Slack: 1 person so far."
        await eventually(lambda: words in program.output.splitlines(), within_s=40, of="a line of progress")

    assert "━" not in program.output


@pytest.mark.slow
async def test_a_held_run_ends_with_1_and_confirm_ends_it(database_url: str) -> None:
    async with Simulator(crowd=150) as slack:
        await resynced(slack, database_url)
        people = [slack.user(user["id"]) for user in slack.users() if not user["is_bot"] and user["id"] != "USLACKBOT"]
        for user in people[:70]:
            slack.removes(user)

        held = await resynced(slack, database_url)
        dry = await resynced(slack, database_url, "--dry-run")
        confirmed = await resynced(slack, database_url, "--confirm")

    assert 1 == held[0]
    assert "70 users are no longer in Slack's list" in held[1]
    assert "--confirm" in held[1]
    assert "would be held" in dry[1]
    assert 0 == confirmed[0]
    assert "70 missing" in confirmed[1] or "people are no longer listed" in confirmed[1]


@pytest.mark.parametrize("token", ["", "xoxp-1", "'xoxb-1'"])
async def test_a_token_of_the_wrong_kind_ends_with_2(
    slack: Simulator, database_url: str, tmp_path: Path, token: str
) -> None:
    env = resync_environment(slack, database_url) | {"SLACK_BOT_TOKEN": token}
    async with running("resync", env=env, cwd=tmp_path) as program:
        assert 2 == await program.ended()
    assert "SLACK_BOT_TOKEN" in program.output


async def test_a_refused_token_ends_with_2(slack: Simulator, database_url: str, tmp_path: Path) -> None:
    env = resync_environment(slack, database_url) | {"SLACK_BOT_TOKEN": "xoxb-wrong"}
    async with running("resync", env=env, cwd=tmp_path) as program:
        assert 2 == await program.ended()
    assert "Install App" in program.output


async def test_slack_out_of_reach_ends_with_1(database_url: str, tmp_path: Path) -> None:
    async with Simulator() as slack:
        env = resync_environment(slack, database_url)
    with closing(socket.socket()) as deaf:  # bound and not listening, so that nobody else answers there meanwhile
        deaf.bind(("127.0.0.1", 0))
        env |= {"SLACK_API_URL": f"http://127.0.0.1:{deaf.getsockname()[1]}/api/"}
        async with running("resync", env=env, cwd=tmp_path) as program:
            assert 1 == await program.ended()
    assert "cannot be reached" in program.output


async def test_beside_a_running_service_it_says_who_runs_and_waits(
    slack: Simulator, settings: Settings, start: Start, database_url: str, tmp_path: Path
) -> None:
    slack.page_limit = 1
    for number in range(40):
        slack.adds(f"Ada {number}")
    slack.faults.fail("users.list", slow_seconds=0.5, times=None)
    service: Service = await start()
    await eventually(lambda: service.runs.progress, of="the run of the service")

    env = resync_environment(slack, database_url)
    async with running("resync", env=env, cwd=tmp_path) as program:
        await eventually(lambda: "Ctrl+C ends the waiting" in program.output, within_s=40, of="who runs")
        slack.faults.clear()
        slack.page_limit = 1000  # at Slack's own pace forty pages would take two minutes
        assert 0 == await program.ended()

    assert f"process {os.getpid()}" in program.output
    async with service.store.reading() as rx:
        kinds = [run.kind for run in await rx.runs.list_runs(2)]
    assert [RunKind.RESYNC, RunKind.BACKFILL] == kinds


async def test_on_a_terminal_it_draws_a_bar(slack: Simulator, database_url: str, tmp_path: Path) -> None:
    slack.page_limit = 1
    for number in range(5):
        slack.adds(f"Ada {number}")
    slack.faults.fail("users.list", slow_seconds=0.4, times=3)

    code, text = await on_a_terminal("resync", env=resync_environment(slack, database_url), cwd=tmp_path)

    assert 0 == code
    assert "━" in text
    assert "Reading people from Slack:" in text
    assert "· 7 calls," in text


async def test_an_interrupted_one_is_gone_on_with(slack: Simulator, database_url: str, tmp_path: Path) -> None:
    slack.page_limit = 1
    for number in range(5):
        slack.adds(f"Ada {number}")
    slack.faults.fail("users.list", after=3, slow_seconds=60, times=None)
    async with running("resync", env=resync_environment(slack, database_url), cwd=tmp_path) as program:
        await eventually(lambda: len(slack.calls("users.list")) >= 3, within_s=40, of="three pages")
        await eventually(lambda: len(rows(database_url, "SELECT id FROM users")) >= 3, of="three rows")
        program.tell(signal.SIGINT)
        assert 1 == await program.ended()
    assert "Interrupted" in program.output
    assert "Traceback" not in program.output
    slack.faults.clear()

    code, output = await resynced(slack, database_url)

    assert 0 == code
    assert "cut short" in output
    assert [("backfill", 7), ("resync", 7)] == rows(database_url, "SELECT kind, seen FROM runs ORDER BY run_id")


async def test_a_service_killed_in_mid_run_takes_over_at_once_and_ends_complete(
    slack: Simulator, settings: Settings, database_url: str, tmp_path: Path
) -> None:
    slack.page_limit = 10
    for number in range(95):
        slack.adds(f"Ada {number}")
    slack.faults.fail("users.list", after=4, slow_seconds=60, times=None)
    env = serve_environment(slack, settings.database_url.get_secret_value())
    async with running("serve", env=env, cwd=tmp_path) as program:
        await eventually(lambda: len(slack.calls("users.list")) >= 4, within_s=40, of="four pages")
        await eventually(lambda: len(rows(database_url, "SELECT number FROM run_pages")) >= 4, of="four pages written")
        program.tell(signal.SIGKILL)
        await program.ended()
    slack.faults.clear()
    calls = len(slack.calls("users.list"))

    async with running("serve", env=env, cwd=tmp_path) as program:
        await eventually(
            lambda: len(rows(database_url, "SELECT run_id FROM runs WHERE state = 'done'")) >= 1,
            within_s=40,
            of="the end",
        )
        assert 97 == len(rows(database_url, "SELECT id FROM users WHERE state = 'active'"))
        assert "Meridian: 95 people, 0 guests, 2 bots, 0 deactivated · 10 calls" in await eventually(
            lambda: program.output if "· following changes on" in program.output else "", of="the line at its end"
        )
        program.tell(signal.SIGTERM)
        assert 0 == await program.ended()

    first = (await runs_of(settings))[-1]
    assert (RunState.DONE, RunKind.BACKFILL, 97) == (first.state, first.kind, first.seen)
    assert 6 == len([call for call in slack.calls("users.list")[calls:] if call.args.get("cursor")][:6])
    assert slack.calls("users.list")[calls].args.get("cursor"), "it goes on where the dead process stood"
