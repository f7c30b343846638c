"""The doctor: each thing amiss is one line that fails, none hides another, and nothing is changed or given away."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.doctor import Doctor, check_door, check_scopes, judge_answer
from bot.doctor_report import WIDTH, Verdict, failed, report
from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from db import Store
from db.posting import AlertPost, Place, Purpose
from db.records import Alert, AlertKind, Workspace
from tests.conftest import settings_for
from tests.support.engines import WHOLE
from tests.support.program import NOWHERE, environment, running, serve_environment
from tests.support.schemas import make_older, set_revision
from tests.support.strangers import NEEDS_ROOT, STRANGER, public_folder, running_as_a_stranger

NAMES = [
    "settings", "Slack", "bot token", "app token", "same app", "scopes", "socket", "database", "workspace", "door",
    "sign-in", "alerts",
]  # fmt: skip


on_both = pytest.mark.runs_on(*WHOLE, because="what the doctor finds in a database must not depend on where it lies")


async def examined(slack: Simulator, where: Path | str, **more: str) -> tuple[int, str]:
    """Examine a database, or the file that would lie in a folder."""
    url = where if isinstance(where, str) else f"sqlite:///{where / 'usersync.sqlite3'}"
    async with running("doctor", env=serve_environment(slack, url) | more, cwd=NOWHERE) as program:
        code = await program.ended()
    assert "Traceback" not in program.output
    assert [] == [line for line in program.output.splitlines() if len(line) > WIDTH]
    for secret in (slack.bot_token, slack.app_token, *(value for name, value in more.items() if "TOKEN" in name)):
        assert secret not in program.output
    return code, program.output


def line_of(check: str, output: str) -> str:
    (line,) = [line for line in output.splitlines() if f" {check} " in line[:23]]
    return line


async def test_wrong_settings_are_told_as_ever_with_2(tmp_path: Path) -> None:
    async with running("doctor", env=environment(USERSYNC_SOCKETS="many"), cwd=tmp_path) as program:
        assert 2 == await program.ended()

    for name in ("USERSYNC_SOCKETS", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        assert name in program.output


async def test_refused_tokens_fail_and_hide_no_other_check(slack: Simulator, tmp_path: Path) -> None:
    wrong = {"SLACK_BOT_TOKEN": "xoxb-wrong", "SLACK_APP_TOKEN": "xapp-wrong"}
    code, output = await examined(slack, tmp_path, **wrong)

    assert 1 == code
    assert "failed" in line_of("bot token", output)
    assert "failed" in line_of("app token", output)
    assert "ok" in line_of("Slack", output)
    assert all(line_of(name, output) for name in NAMES)


async def test_a_slack_out_of_reach_fails_in_words(slack: Simulator, tmp_path: Path) -> None:
    code, output = await examined(slack, tmp_path, SLACK_API_URL="http://127.0.0.1:9/api/")

    assert 1 == code
    assert "cannot be reached" in output
    assert "warning" in line_of("database", output)


async def test_a_slack_that_never_answers_keeps_no_check_waiting(slack: Simulator, tmp_path: Path) -> None:
    slack.faults.fail("*", slow_seconds=60, times=None)
    settings = settings_for(slack, f"sqlite:///{tmp_path / 'usersync.sqlite3'}")

    async with asyncio.timeout(30):
        found = {each.check: each for each in await Doctor(settings, patience_s=0.3).examine()}

    assert NAMES == list(found)
    assert "no answer within 0.3 s" in found["bot token"].words
    assert "no answer within 0.3 s" in found["socket"].words
    assert "None exists yet" in found["database"].words


@on_both
async def test_where_alerts_go_is_told_and_no_address_of_theirs(slack: Simulator, empty_url: str) -> None:
    urls = "json://127.0.0.1:9/planted json://usersync:planted@127.0.0.1:9/"
    nowhere = (await examined(slack, empty_url))[1]
    preset = (await examined(slack, empty_url, USERSYNC_ALERT_CHANNEL="C0PRESET01", USERSYNC_ALERT_URLS=urls))[1]
    store = await Store.open(empty_url)
    async with store.transaction() as tx:
        await tx.places.put(Place(slack.team_id, Purpose.ALERTS, "C0TYPED001"))
    await store.close()
    slack.scopes.discard("chat:write")
    code, typed = await examined(slack, empty_url, USERSYNC_ALERT_CHANNEL="C0PRESET01")

    assert "posted nowhere" in line_of("alerts", nowhere)
    assert "C0PRESET01, as USERSYNC_ALERT_CHANNEL says, and to 2 addresses of" in " ".join(preset.split())
    assert "planted" not in preset
    assert "warning" in line_of("alerts", preset)
    assert "type /usersync alerts here in that channel" in " ".join(preset.split())
    assert 0 == code
    assert "warning" in line_of("alerts", typed)
    assert "C0TYPED001, as /usersync alerts here decided" in " ".join(typed.split())
    assert "chat:write was not granted" in " ".join(typed.split())


@on_both
async def test_a_channel_of_the_settings_was_tried_once_a_message_of_an_alert_stood_there(
    slack: Simulator, empty_url: str
) -> None:
    store = await Store.open(empty_url)
    async with store.transaction() as tx:
        alert_id = await tx.alerts.begin(Alert(0, AlertKind.LAG, "Late.", datetime.now(UTC)))
        await tx.alert_posts.put(AlertPost(alert_id, slack.team_id, "C0PRESET01", "1.5", "Late.", True))
    await store.close()

    tried = (await examined(slack, empty_url, USERSYNC_ALERT_CHANNEL="C0PRESET01"))[1]
    other = (await examined(slack, empty_url, USERSYNC_ALERT_CHANNEL="C0PRESET02"))[1]

    assert "ok" in line_of("alerts", tried)
    assert "warning" in line_of("alerts", other)


async def test_tokens_of_two_apps_fail_naming_both(slack: Simulator, tmp_path: Path) -> None:
    slack.knows_app(app_id="A0OTHER0001", app_token="xapp-1-A0OTHER0001-1-abc")
    code, output = await examined(slack, tmp_path, SLACK_APP_TOKEN="xapp-1-A0OTHER0001-1-abc")

    assert 1 == code
    assert "failed" in line_of("same app", output)
    assert "A0OTHER0001" in output
    assert slack.app_id in output


@on_both
async def test_a_database_of_another_workspace_fails(slack: Simulator, empty_url: str) -> None:
    store = await Store.open(empty_url)
    async with store.transaction() as tx:
        await tx.workspaces.save_workspace(Workspace("T0ACME", name="Acme", bot_user_id="U1"))
    await store.close()

    code, output = await examined(slack, empty_url)

    assert 1 == code
    assert "failed" in line_of("workspace", output)
    assert "Acme (T0ACME)" in output


async def test_a_database_that_is_none_fails(slack: Simulator, tmp_path: Path) -> None:
    (tmp_path / "usersync.sqlite3").write_text("this is no database at all, whatever its name says" * 40)
    code, output = await examined(slack, tmp_path)

    assert 1 == code
    assert "failed" in line_of("database", output)


@on_both
async def test_a_database_of_an_older_shape_is_not_said_to_be_of_nobody(slack: Simulator, empty_url: str) -> None:
    await make_older(empty_url, "0003")
    code, output = await examined(slack, empty_url)

    assert 0 == code
    assert "warning" in line_of("workspace", output)
    assert "was not looked at" in line_of("workspace", output)
    assert "None is stored" not in output


@NEEDS_ROOT
async def test_a_folder_of_somebody_else_is_told_with_the_command_that_helps(slack: Simulator) -> None:
    with public_folder() as place:
        folder = place / "data"
        folder.mkdir()
        env = serve_environment(slack, f"sqlite:///{folder / 'usersync.sqlite3'}")
        async with running_as_a_stranger("doctor", env=env, cwd=place) as program:
            assert 1 == await program.ended()

    assert f"chown -R {STRANGER} {folder}" in " ".join(program.output.split())
    assert "server" not in program.output


async def test_what_mends_itself_by_no_server_is_not_sent_to_one(slack: Simulator, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "usersync.sqlite3")) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER)")
    foreign = (await examined(slack, tmp_path))[1]
    (tmp_path / "usersync.sqlite3").unlink()
    url = f"sqlite:///{tmp_path / 'usersync.sqlite3'}"
    await (await Store.open(url)).close()
    await set_revision(url, "9999")
    newer = (await examined(slack, tmp_path))[1]

    assert "empty database of its own" in foreign
    assert "9999" in newer
    assert "server" not in foreign + newer


async def test_a_server_that_is_away_is_told_with_what_to_look_at(slack: Simulator, tmp_path: Path) -> None:
    _, output = await examined(slack, tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")

    assert "failed" in line_of("database", output)
    assert "that the server runs" in output


async def test_an_address_where_something_else_answers_is_not_taken_for_slack(
    slack: Simulator, service: Service, tmp_path: Path
) -> None:
    code, output = await examined(slack, tmp_path, SLACK_API_URL=f"{service.url}api/")

    assert 1 == code
    assert "failed" in line_of("Slack", output)
    assert "What answers there is not Slack (HTTP 40" in line_of("Slack", output)
    assert "Check proxy and SLACK_API_URL." in output
    assert "in a while" not in output


async def test_an_app_token_that_may_open_no_connection_is_told_on_both_lines_with_its_scope(
    slack: Simulator, tmp_path: Path
) -> None:
    slack.faults.fail("apps.connections.open", error="missing_scope", times=None)
    code, output = await examined(slack, tmp_path)

    assert 1 == code
    assert all("failed" in line_of(name, output) for name in ("app token", "socket"))
    assert 2 == " ".join(output.split()).count("Make one with the scope connections:write")
    assert "in a while" not in output


async def test_a_connection_that_slack_ends_at_once_hides_no_other_check(
    slack: Simulator, settings: Settings, start: Callable[..., Any], tmp_path: Path
) -> None:
    await start(settings.model_copy(update={"sockets": 10}))
    await slack.connected(10)
    code, output = await examined(slack, tmp_path)

    assert 1 == code
    assert "too_many_websockets" in line_of("socket", output)
    assert all(line_of(name, output) for name in NAMES)


async def test_without_a_database_none_is_made_and_that_is_a_warning(slack: Simulator, tmp_path: Path) -> None:
    slack.scopes.discard("team:read")
    code, output = await examined(slack, tmp_path)

    assert 0 == code
    assert "warning" in line_of("database", output)
    assert "warning" in line_of("scopes", output)
    assert "team:read" in output
    assert not os.listdir(tmp_path)  # noqa: PTH208


@on_both
async def test_when_all_is_well_every_line_says_ok(slack: Simulator, empty_url: str) -> None:
    await (await Store.open(empty_url)).close()
    code, output = await examined(slack, empty_url, USERSYNC_AUTH="slack")

    assert 0 == code
    assert all("ok" in line_of(name, output) for name in NAMES)
    assert "Meridian" in output


def test_a_door_that_stands_open_is_a_warning() -> None:
    assert Verdict.WARNING is check_door(is_open=True).verdict
    assert Verdict.OK is check_door(is_open=False).verdict


@pytest.mark.parametrize(
    ("granted", "verdict"),
    [
        (None, Verdict.WARNING),
        (frozenset(), Verdict.FAILED),
        (frozenset({"users:read"}), Verdict.FAILED),
        (frozenset({"users:read", "commands"}), Verdict.WARNING),
        (frozenset({"users:read", "commands", "users:read.email", "team:read", "chat:write"}), Verdict.OK),
    ],
)
def test_a_missing_scope_fails_only_where_nothing_works_without_it(
    granted: frozenset[str] | None, verdict: Verdict
) -> None:
    assert verdict is check_scopes(granted).verdict


@pytest.mark.parametrize(
    ("status", "date", "is_slack", "verdict"),
    [
        (503, None, True, Verdict.FAILED),
        (200, "Mon, 23 Nov 2026 16:42:30 GMT", False, Verdict.FAILED),
        (200, "Mon, 23 Nov 2026 16:44:00 GMT", True, Verdict.WARNING),
        (200, "Mon, 23 Nov 2026 16:42:30 GMT", True, Verdict.OK),
        (200, "yesterday", True, Verdict.OK),
        (200, None, True, Verdict.OK),
    ],
)
def test_slacks_answer_is_judged_by_what_it_is_and_by_its_clock(
    status: int, date: str | None, is_slack: bool, verdict: Verdict
) -> None:
    now_s = 1_795_452_120.0  # 2026-11-23 16:42:00 UTC

    assert verdict is judge_answer(status, date, is_slack=is_slack, took_s=0.1, now_s=now_s).verdict


def test_long_and_odd_words_stay_within_the_page() -> None:
    printed = report([failed("database", f"\x1b[31m{'word ' * 60}", cost="much", remedy="mend it")])

    assert "\x1b" not in printed
    assert all(len(line) <= WIDTH for line in printed.splitlines())
