"""Starting: what is missing is told at once and in words; what Slack answers later is tried again, never an end."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from tests.conftest import settings_for
from tests.stories.test_a_change_in_slack import find
from tests.support.asking import rows
from tests.support.html import Element, read
from tests.support.locks import held
from tests.support.program import environment, running, serve_environment
from tests.support.waiting import eventually

Start = Callable[..., Any]


async def get(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(url)


async def test_without_settings_it_tells_all_that_is_missing_and_ends_with_2(tmp_path: Path) -> None:
    async with running("serve", env=environment(USERSYNC_SOCKETS="99", USERSYNC_COLOR="red"), cwd=tmp_path) as program:
        code = await program.ended()

    assert 2 == code
    for word in ("USERSYNC_SOCKETS", "USERSYNC_COLOR"):
        assert word in program.output


async def test_missing_and_swapped_tokens_are_told_together(tmp_path: Path) -> None:
    async with running("serve", env=environment(SLACK_BOT_TOKEN="xapp-1"), cwd=tmp_path) as program:
        code = await program.ended()

    assert 2 == code
    assert "SLACK_APP_TOKEN is missing" in program.output
    assert "swapped" in program.output
    assert "xapp-1" not in program.output


async def test_a_refused_token_ends_the_very_first_start_in_words(
    slack: Simulator, database_url: str, tmp_path: Path
) -> None:
    env = serve_environment(slack, database_url) | {"SLACK_BOT_TOKEN": "xoxb-wrong"}
    async with running("serve", env=env, cwd=tmp_path) as program:
        code = await program.ended()

    assert 2 == code
    assert "SLACK_BOT_TOKEN" in program.output
    assert "Traceback" not in program.output
    assert "xoxb-wrong" not in program.output


async def test_a_refused_app_token_ends_the_very_first_start_in_words(
    slack: Simulator, database_url: str, tmp_path: Path
) -> None:
    env = serve_environment(slack, database_url) | {"SLACK_APP_TOKEN": "xapp-wrong"}
    async with running("serve", env=env, cwd=tmp_path) as program:
        code = await program.ended()

    assert 2 == code
    assert "SLACK_APP_TOKEN" in program.output


async def test_once_it_has_run_a_refused_token_is_told_on_the_page_and_tried_again(
    slack: Simulator, settings: Settings, start: Start
) -> None:
    first: Service = await start()
    await eventually(lambda: first.runs.finished, of="the first walk")
    await first.close()

    slack.faults.fail("auth.test", error="account_inactive", times=2)
    again: Service = await start(settings)
    await eventually(lambda: again.introduction.trouble, of="the trouble in words")
    page = await get(again.url)

    assert 200 == page.status_code
    assert "account_inactive" in page.text
    await eventually(lambda: again.runs.finished, within_s=40, of="a walk once Slack answers")
    assert again.status().trouble is None


async def test_the_page_is_served_while_slack_is_away(slack: Simulator, start: Start) -> None:
    slack.faults.fail("*", http_status=503, times=None)

    service: Service = await start()
    page, health = await get(service.url), await get(f"{service.url}healthz")

    assert (200, 200) == (page.status_code, health.status_code)
    slack.faults.clear()
    await eventually(lambda: service.runs.finished, within_s=40, of="the first walk")


@pytest.mark.parametrize(
    "fault",
    [
        {"http_status": 500}, {"html": True}, {"truncated": True}, {"drop": True}, {"error": "internal_error"},
        {"ratelimited": 1}, {"error": "invalid_cursor"}, {"alter": lambda answer: [answer]},
    ],
    ids=lambda fault: next(iter(fault)) if isinstance(fault, dict) else None,
)  # fmt: skip
async def test_a_page_that_fails_once_is_asked_for_again(slack: Simulator, start: Start, fault: dict[str, Any]) -> None:
    ada = slack.adds("Ada Lovelace")
    slack.faults.fail("users.list", times=2 if "drop" in fault else 1, **fault)

    service: Service = await start()
    await eventually(lambda: service.runs.finished, within_s=40, of="the first walk")

    assert await find(service, slack, ada.id) is not None


async def test_a_missing_scope_is_told_by_its_name(slack: Simulator, start: Start) -> None:
    slack.scopes.discard("users:read")

    service: Service = await start()
    trouble = await eventually(lambda: service.runs.trouble, within_s=40, of="the trouble in words")

    assert "users:read" in str(trouble)


async def test_without_the_scope_to_read_people_the_page_says_why_nobody_is_there(
    slack: Simulator, start: Start
) -> None:
    slack.scopes.discard("users:read")
    service: Service = await start()
    await slack.connected(2)
    await eventually(lambda: service.runs.trouble, within_s=40, of="the trouble in words")

    async def between_two_tries() -> Element | None:
        page = read((await get(service.url)).text)
        return page if "Reading people from Slack" != page.one("h1").text else None

    page = await eventually(between_two_tries, of="a page that is not of a run under way")

    assert "Nobody has been read yet" == page.one("h1").text
    assert "Not read yet" == page.one(id="dot").text
    (note,) = [each.text for each in page.all(class_="note-bar")]
    assert all(word in note for word in ("users:read", "OAuth & Permissions", "Install App"))


async def test_a_walk_reads_several_pages_and_everybody_once(slack: Simulator, start: Start) -> None:
    slack.page_limit = 7
    ids = {slack.adds(f"Ada {number}").id for number in range(60)}

    service: Service = await start()
    await eventually(lambda: service.runs.finished, within_s=40, of="the first walk")

    async with service.store.reading() as rx:
        known = await rx.users.find_users(slack.team_id, ids)
    assert ids == set(known)


@pytest.mark.runs_on("sqlite", because="it compares the bytes of a file; tests/db does so with tables on every engine")
async def test_a_database_of_somebody_else_is_refused_untouched(slack: Simulator, tmp_path: Path) -> None:
    file = tmp_path / "theirs.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER)")
        connection.commit()
    before = hashlib.sha256(file.read_bytes()).hexdigest()

    async with running("serve", env=serve_environment(slack, f"sqlite:///{file}"), cwd=tmp_path) as program:
        code = await program.ended()

    assert 1 == code
    assert "orders" in program.output
    assert before == hashlib.sha256(file.read_bytes()).hexdigest()


async def test_a_taken_port_is_told_in_words(slack: Simulator, database_url: str, tmp_path: Path) -> None:
    port = slack.url.rpartition(":")[2]
    env = serve_environment(slack, database_url) | {"USERSYNC_PORT": port}
    async with running("serve", env=env, cwd=tmp_path) as program:
        code = await program.ended()

    assert 1 == code
    assert "USERSYNC_PORT" in program.output
    assert "Traceback" not in program.output


@pytest.mark.parametrize(("auth", "status_code"), [("slack", 401), ("none", 200)])
async def test_on_every_address_it_is_open_only_where_that_is_said_knowingly(
    slack: Simulator, database_url: str, tmp_path: Path, auth: str, status_code: int
) -> None:
    env = serve_environment(slack, database_url, USERSYNC_HOST="0.0.0.0", USERSYNC_AUTH=auth)
    async with running("serve", env=env, cwd=tmp_path) as program:
        url = await program.url()
        assert url.startswith("http://localhost:")
        assert status_code == (await get(url)).status_code


@pytest.mark.runs_on("sqlite", because="only beside a file there is a file with the key")
async def test_a_key_file_that_cannot_be_used_ends_the_start_in_words(
    slack: Simulator, database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "usersync.sqlite3.key").mkdir()
    env = serve_environment(slack, database_url, USERSYNC_AUTH="slack")
    async with running("serve", env=env, cwd=tmp_path) as program:
        code = await program.ended()

    assert 2 == code
    assert "usersync.sqlite3.key" in program.output
    assert "USERSYNC_SECRET_KEY" in program.output
    assert "Traceback" not in program.output


async def test_no_token_and_no_name_is_in_the_log(slack: Simulator, database_url: str, tmp_path: Path) -> None:
    env = serve_environment(slack, database_url)
    async with running("serve", env=env, cwd=tmp_path) as program:
        await slack.connected(2, timeout=60)
        slack.joins("Ada Lovelace", email="ada@meridian.example")
        slack.sends({"type": "user_change", "user": {"id": "U9", "real_name": 5, "profile": {"email": "x@y.example"}}})
        slack.sends_frame("{not json: Ada Lovelace}")
        slack.disconnects("warning")
        await slack.eventually_acked(timeout=60)
        program.tell(15)
        await program.ended()

    for secret in (slack.bot_token, slack.app_token, "Lovelace", "meridian.example", "y.example", "ticket="):
        assert secret not in program.output


async def test_a_second_start_on_the_same_database_needs_no_token_check(
    slack: Simulator, database_url: str, start: Start
) -> None:
    url = database_url
    first: Service = await start(settings_for(slack, url))
    await eventually(lambda: first.runs.finished, of="the first walk")
    await first.close()

    second: Service = await start(settings_for(slack, url))
    await slack.connected(1)

    assert [slack.team_id] == [each.team_id for each in second.installations.list_workspaces()]


async def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    env = environment(USERSYNC_HOTS="1", USERSYNC_SOCKETS="many", USERSYNC_AUTH="proxy", DATABASE_URL="oracle://x/y")
    async with running("serve", env=env, cwd=tmp_path) as program:
        code = await program.ended()

    told = (
        "USERSYNC_HOTS",
        "USERSYNC_SOCKETS",
        "USERSYNC_AUTH_HEADER is missing",
        "oracle",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
    )
    assert 2 == code
    assert [] == [name for name in told if name not in program.output]


async def test_a_workspace_that_was_only_fed_gets_nobody_elses_people(
    slack: Simulator, settings: Settings, start: Start, tmp_path: Path
) -> None:
    ada = slack.adds("Ada Lovelace")
    event = '{"user": {"id": "U5", "real_name": "Grace Hopper"}}'
    (tmp_path / "event.json").write_text(event, encoding="utf-8")
    env = environment(DATABASE_URL=settings.database_url.get_secret_value())
    async with running("feed", "event.json", "--team", "T0FED", env=env, cwd=tmp_path) as program:
        assert 0 == await program.ended()

    service: Service = await start()
    await eventually(lambda: service.runs.finished, of="the first walk")

    async with service.store.reading() as rx:
        assert await rx.users.find_user("T0FED", ada.id) is None
        assert await rx.users.find_user(slack.team_id, ada.id) is not None


async def test_a_database_that_was_only_fed_has_not_run_yet(
    slack: Simulator, database_url: str, tmp_path: Path
) -> None:
    url = database_url
    (tmp_path / "event.json").write_text('{"user": {"id": "U5"}}', encoding="utf-8")
    async with running("feed", "event.json", "--team", "T0FED", env=environment(DATABASE_URL=url), cwd=tmp_path) as fed:
        assert 0 == await fed.ended()

    env = serve_environment(slack, url) | {"SLACK_BOT_TOKEN": "xoxb-wrong"}
    async with running("serve", env=env, cwd=tmp_path) as program:
        assert 2 == await program.ended()


async def test_every_address_of_this_machine_is_answered_under_its_name(
    slack: Simulator, settings: Settings, start: Start
) -> None:
    service: Service = await start(settings.model_copy(update={"host": "127.0.0.2"}))

    assert "http://127.0.0.2:" in service.url
    assert 200 == (await get(service.url)).status_code


@pytest.mark.parametrize(
    ("host", "public_url", "shown"),
    [
        ("127.0.0.1", None, "http://localhost:"),
        ("0.0.0.0", None, "http://localhost:"),
        ("127.0.0.2", None, "http://127.0.0.2:"),
        ("127.0.0.2", "https://people.example/", "https://people.example/"),
    ],
)
async def test_the_address_that_is_shown_is_the_one_that_links_begin_with_and_that_answers(
    settings: Settings, start: Start, host: str, public_url: str | None, shown: str
) -> None:
    service: Service = await start(settings.model_copy(update={"host": host, "public_url": public_url}))

    assert service.shown_url.startswith(shown)
    assert service.shown_url.endswith("/")
    if not public_url:
        assert 200 == (await get(service.shown_url)).status_code


@pytest.mark.parametrize("auth", ["slack", "none"])
async def test_a_page_of_elsewhere_cannot_point_its_own_name_at_the_directory(
    settings: Settings, start: Start, auth: str
) -> None:
    service: Service = await start(settings.model_copy(update={"auth": auth}))

    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(service.url, headers={"Host": "evil.example"})

    assert 400 == answer.status_code


def nested(_answer: Any) -> Any:
    deep: Any = []
    for _ in range(900):
        deep = [deep]
    return deep


@pytest.mark.parametrize(
    "fault",
    [
        {"alter": lambda answer: [answer]}, {"alter": lambda _: None}, {"alter": lambda _: {"ok": True}},
        {"alter": nested}, {"html": True}, {"truncated": True},
    ],
    ids=["a list", "null", "an empty yes", "deep nesting", "a page", "half an answer"],
)  # fmt: skip
async def test_once_it_has_run_no_rubbish_of_slacks_ends_it(
    slack: Simulator, settings: Settings, start: Start, fault: dict[str, Any]
) -> None:
    first: Service = await start()
    await eventually(lambda: first.runs.finished, of="the first walk")
    await first.close()
    for method in ("auth.test", "apps.connections.open", "users.list"):
        slack.faults.fail(method, times=2, **fault)

    again: Service = await start(settings)
    await eventually(lambda: again.runs.finished or again.failed.done(), within_s=30, of="a walk in spite of it")

    assert not again.failed.done()
    assert again.status().trouble is None


@pytest.mark.parametrize("metadata", [{"next_cursor": 5}, {"next_cursor": ["x"]}, "soon", 7])
async def test_a_broken_cursor_is_no_end_of_the_list(slack: Simulator, start: Start, metadata: object) -> None:
    slack.page_limit = 5
    for number in range(20):
        slack.adds(f"Ada {number}")
    slack.faults.fail("users.list", alter=lambda answer: {**answer, "response_metadata": metadata}, times=6)

    service: Service = await start()
    trouble = await eventually(lambda: service.runs.trouble or service.runs.finished, within_s=40, of="the first walk")

    assert "does not tell whether another follows" in str(trouble)
    await eventually(lambda: service.runs.finished, within_s=40, of="the walk that follows")


async def test_a_database_that_is_busy_as_a_walk_ends_does_not_end_the_service(
    slack: Simulator, start: Start, database_url: str
) -> None:
    service: Service = await start()
    await eventually(lambda: service.runs.finished, of="the first walk")
    async with held(database_url) as lock:
        service.runs.want("a test")
        await eventually(lambda: service.runs.trouble, within_s=40, of="the trouble in words")
        lock.rollback()

    await eventually(lambda: service.runs.finished > 1, within_s=40, of="a walk once the database is back")
    assert not service.failed.done()


async def test_slack_asking_for_a_wait_without_end_is_told(slack: Simulator, start: Start) -> None:
    slack.faults.fail("users.list", ratelimited=9_999, times=1)

    service: Service = await start()

    assert "asks to wait" in str(await eventually(lambda: service.runs.trouble, within_s=40, of="the trouble"))


@pytest.mark.parametrize(
    "setting",
    [
        {"SLACK_API_URL": "http://[bad"}, {"SLACK_API_URL": "ftp://slack.com"}, {"USERSYNC_HISTORY_KEEP": "999999d"},
        {"USERSYNC_AUTH": "none", "USERSYNC_HOST": f"{'a' * 70}.b"},
    ],
    ids=str,
)  # fmt: skip
async def test_a_setting_that_makes_no_sense_is_told_in_words(
    slack: Simulator, database_url: str, tmp_path: Path, setting: dict[str, str]
) -> None:
    env = serve_environment(slack, database_url) | setting
    async with running("serve", env=env, cwd=tmp_path) as program:
        code = await program.ended()

    assert code in (1, 2)
    assert next(reversed(setting)) in program.output
    assert "Traceback" not in program.output


async def test_an_output_that_nobody_reads_does_not_end_the_service(
    slack: Simulator, database_url: str, tmp_path: Path
) -> None:
    env = serve_environment(slack, database_url, PYTHONIOENCODING="ascii")
    read_end, write_end = os.pipe()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "serve", env=env, cwd=tmp_path, stdout=write_end, stderr=asyncio.subprocess.DEVNULL
    )
    os.close(write_end)
    os.close(read_end)
    await slack.connected(1, timeout=60)

    def has_ended_a_run() -> bool:
        return bool(rows(database_url, "SELECT 1 FROM runs WHERE state = 'done'"))

    await eventually(has_ended_a_run, within_s=40, of="the first run")
    ada = slack.joins("Ada Lovelace")
    await slack.eventually_acked(timeout=60)

    assert ada
    assert process.returncode is None
    process.terminate()
    await process.wait()
