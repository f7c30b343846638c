"""/readyz: 503 with every reason while something is amiss, 200 once people are whole and fresh."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from bot.service import Service
from bot.simulator import Simulator
from tests.stories.test_starting import get
from tests.support.locks import held, written
from tests.support.waiting import eventually

Start = Callable[..., Any]


async def readiness(service: Service) -> httpx.Response:
    return await get(f"{service.url}readyz")


async def is_ready(service: Service) -> bool:
    return (await readiness(service)).status_code == 200


async def test_it_is_not_ready_while_slack_is_away_and_says_why(slack: Simulator, start: Start) -> None:
    slack.faults.fail("*", http_status=503, times=None)

    service: Service = await start()
    answer = await readiness(service)

    assert 503 == answer.status_code
    assert "no-store" == answer.headers["Cache-Control"]
    assert not answer.json()["ready"]
    told = " ".join(answer.json()["reasons"])
    assert "No connection to Slack is open" in told
    assert "first run" in told


async def test_it_is_not_ready_until_everybody_was_read_once(slack: Simulator, start: Start) -> None:
    slack.faults.fail("users.list", error="internal_error", times=None)

    service: Service = await start()
    await slack.connected(1)
    answer = await eventually(
        lambda: _once_connected(service), within_s=40, of="a connection that the service knows of"
    )

    assert not answer["backfilled"]
    assert ["The first run"] == [reason[:13] for reason in answer["reasons"]]
    slack.faults.clear()
    await eventually(lambda: is_ready(service), within_s=60, of="readiness")


async def _once_connected(service: Service) -> dict[str, Any] | None:
    found: dict[str, Any] = (await readiness(service)).json()
    return found if found["sockets"] else None


async def test_it_says_so_when_the_database_does_not_answer(service: Service, database_url: str) -> None:
    assert await is_ready(service)
    await written(database_url, "ALTER TABLE workspaces RENAME TO gone")

    answer = await readiness(service)

    assert 503 == answer.status_code
    assert ["The database does not answer"] == [reason[:28] for reason in answer.json()["reasons"]]


async def test_it_is_ready_with_one_socket_of_two_and_names_nobody(slack: Simulator, service: Service) -> None:
    ada = slack.adds("Ada Lovelace")
    answer = await eventually(lambda: readiness(service), of="an answer")

    assert answer.json()["ready"]
    assert {
        "ready",
        "reasons",
        "warnings",
        "sockets",
        "sockets_wanted",
        "sockets_elsewhere",
        "backfilled",
        "last_heard_at",
        "last_run_at",
    } == set(answer.json())
    assert ada.id not in answer.text


async def test_it_is_not_ready_once_all_sockets_are_lost(slack: Simulator, service: Service) -> None:
    slack.refuses_sockets()
    slack.drops_sockets()

    await eventually(lambda: not service.status().sockets, within_s=40, of="the loss")
    answer = await readiness(service)

    assert 503 == answer.status_code
    assert answer.json()["backfilled"]


async def test_a_database_that_another_writer_holds_is_not_ready(service: Service, database_url: str) -> None:
    async with held(database_url) as lock:
        answer = await get(f"{service.url}readyz")
        lock.rollback()

    assert 503 == answer.status_code
    assert "cannot be written" in answer.json()["reasons"][0]
    assert 200 == (await get(f"{service.url}readyz")).status_code
