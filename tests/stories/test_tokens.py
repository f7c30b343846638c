"""Tokens that are wrong: told in a sentence with the token and its screen; an end only at the very first start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from tests.conftest import QUICK
from tests.stories.test_starting import get
from tests.support.program import running, serve_environment
from tests.support.waiting import eventually

Start = Callable[..., Any]
OTHER_APP = {"app_id": "A0OTHER0001", "app_token": "xapp-1-A0OTHER0001-1-abc"}


@pytest.fixture
async def begun(slack: Simulator, start: Start) -> None:
    """A database that has met its workspace."""
    first: Service = await start()
    await eventually(lambda: first.runs.finished, of="the first walk")
    await first.close()


async def test_tokens_of_two_apps_end_the_very_first_start_naming_both(
    slack: Simulator, database_url: str, tmp_path: Path
) -> None:
    slack.knows_app(**OTHER_APP)
    env = serve_environment(slack, database_url)
    async with running("serve", env=env | {"SLACK_APP_TOKEN": OTHER_APP["app_token"]}, cwd=tmp_path) as program:
        code = await program.ended()

    assert 2 == code
    assert slack.app_id in program.output
    assert OTHER_APP["app_id"] in program.output
    assert OTHER_APP["app_token"] not in program.output


async def test_two_apps_later_open_no_socket_and_the_page_is_served(
    slack: Simulator, settings: Settings, start: Start, begun: None
) -> None:
    slack.knows_app(**OTHER_APP)
    hellos = slack.hellos

    service: Service = await start(settings.model_copy(update={"slack_app_token": SecretStr(OTHER_APP["app_token"])}))
    trouble = str(await eventually(lambda: service.status().trouble, of="the trouble in words"))

    assert slack.app_id in trouble
    assert OTHER_APP["app_id"] in trouble
    assert trouble[:40] in (await get(service.url)).text
    assert hellos == slack.hellos


async def test_a_hello_of_another_app_is_no_connection(slack: Simulator, settings: Settings, start: Start) -> None:
    slack.knows_app(**OTHER_APP)
    service: Service = await start()
    await eventually(lambda: service.runs.finished, of="the first walk")
    await service.close()
    slack.faults.fail(
        "apps.connections.open",
        alter=lambda answer: {**answer, "url": answer["url"].partition("&app_id")[0]},
        times=None,
    )

    again: Service = await start(settings.model_copy(update={"slack_app_token": SecretStr("xapp-pretend-other")}))
    assert 0 == again.status().sockets
    slack.knows_app(app_id=OTHER_APP["app_id"], app_token="xapp-pretend-other")

    trouble = str(await eventually(lambda: _of_two_apps(again), within_s=40, of="the trouble in words"))
    assert OTHER_APP["app_id"] in trouble
    assert 0 == again.status().sockets


def _of_two_apps(service: Service) -> str | None:
    trouble = service.status().trouble
    return trouble if trouble and "two different apps" in trouble else None


async def test_the_token_of_another_workspace_is_told_and_nothing_of_it_is_written(
    slack: Simulator, settings: Settings, start: Start, begun: None
) -> None:
    beta = slack.installs(team_id="T0BETA0001", team_name="Beta", bot_token="xoxb-beta")
    grace = beta.adds("Grace Hopper")

    service: Service = await start(settings.model_copy(update={"slack_bot_token": SecretStr("xoxb-beta")}))
    trouble = str(await eventually(lambda: service.status().trouble, of="the trouble in words"))
    ready = await get(f"{service.url}readyz")

    for word in ("Meridian", slack.team_id, "Beta", "T0BETA0001", "DATABASE_URL"):
        assert word in trouble
    assert 503 == ready.status_code
    assert trouble in ready.json()["reasons"]
    assert 200 == (await get(service.url)).status_code
    beta.changes(grace, title="Rear Admiral")
    assert 0 == slack.sockets
    async with service.store.reading() as rx:
        assert [slack.team_id] == [each.team_id for each in await rx.workspaces.list_workspaces()]
        assert await rx.users.find_user("T0BETA0001", grace.id) is None


@pytest.mark.parametrize("word", ["account_inactive", "token_revoked", "invalid_auth"])
async def test_a_bot_token_rejected_later_is_served_told_and_tried_again(
    slack: Simulator, start: Start, begun: None, word: str
) -> None:
    slack.faults.fail("auth.test", error=word, times=2)

    again: Service = await start()
    await eventually(lambda: again.status().rejected, of="the trouble in words")
    page, ready = await get(again.url), await get(f"{again.url}readyz")

    assert 200 == page.status_code
    assert f"Slack refuses SLACK_BOT_TOKEN ({word})" in page.text
    assert 503 == ready.status_code
    assert word in " ".join(ready.json()["reasons"])
    await eventually(lambda: again.runs.finished, within_s=40, of="a walk once Slack answers")
    assert again.status().trouble is None


async def test_a_bot_token_revoked_in_the_middle_of_life_is_told_in_the_same_words(
    slack: Simulator, service: Service
) -> None:
    slack.faults.fail("users.list", error="token_revoked", times=None)
    service.runs.want("a test")

    await eventually(lambda: service.status().rejected, of="the rejection")
    ready = await get(f"{service.url}readyz")

    assert "Slack refuses SLACK_BOT_TOKEN (token_revoked)" in str(service.status().trouble)
    assert 503 == ready.status_code
    slack.faults.clear()
    service.runs.want("a test")
    await eventually(lambda: service.status().rejected is None, within_s=40, of="a token that is good again")


async def test_an_app_token_revoked_in_the_middle_of_life_names_that_token(slack: Simulator, service: Service) -> None:
    slack.faults.fail("apps.connections.open", error="invalid_auth", times=None)
    slack.drops_sockets()

    trouble = await eventually(lambda: service.status().rejected, within_s=40, of="the rejection")

    assert "SLACK_APP_TOKEN (invalid_auth)" in str(trouble)
    assert "Basic Information" in str(trouble)


async def test_an_app_token_refused_at_the_first_start_names_that_token(
    slack: Simulator, settings: Settings, start: Start
) -> None:
    service: Service = await start(settings.model_copy(update={"slack_app_token": SecretStr("xapp-1-A0-1-worthless")}))

    await eventually(lambda: service.failed.done(), of="an end: at the first start somebody is there to mend it")

    assert "SLACK_APP_TOKEN (invalid_auth)" in str(service.failed.exception())
    assert "SLACK_BOT_TOKEN" not in f"{service.failed.exception()} {service.status().trouble}"


async def test_a_slack_that_never_answers_is_told_at_the_very_first_start(
    slack: Simulator, settings: Settings, start: Start
) -> None:
    slack.faults.fail("auth.test", slow_seconds=60, times=None)

    service: Service = await start()
    trouble = await eventually(lambda: service.status().trouble, within_s=40, of="the trouble in words")

    assert "Slack cannot be reached (no answer within 10 s)" in str(trouble)
    assert not service.failed.done()


async def test_a_strange_word_of_slacks_does_no_harm(slack: Simulator, start: Start) -> None:
    slack.faults.fail("auth.test", error=f"<script>alert(1)</script>{'x' * 5000}", times=None)

    service: Service = await start()
    await eventually(lambda: service.status().trouble, of="the trouble in words")
    page = await get(service.url)

    assert "<script>alert" not in page.text
    assert "x" * 100 not in page.text


async def test_a_hiccup_of_slacks_does_not_hide_that_the_tokens_are_of_two_apps(
    slack: Simulator, database_url: str, tmp_path: Path
) -> None:
    slack.knows_app(**OTHER_APP)
    slack.faults.fail("bots.info", http_status=503, times=1)
    env = serve_environment(slack, database_url)
    async with running("serve", env=env | {"SLACK_APP_TOKEN": OTHER_APP["app_token"]}, cwd=tmp_path) as program:
        assert 2 == await program.ended()

    assert OTHER_APP["app_id"] in program.output


async def test_a_token_that_is_revoked_in_a_quiet_hour_is_noticed(slack: Simulator, settings: Settings) -> None:
    async with Service(settings, pace=replace(QUICK, watch_s=0.2)) as service:
        await eventually(lambda: service.runs.finished, of="the first run")
        slack.uninstalls()

        rejected = await eventually(lambda: service.status().rejected, of="the refusal")

    assert "SLACK_BOT_TOKEN" in str(rejected)
