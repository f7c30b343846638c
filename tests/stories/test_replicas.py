"""Any number of processes on one database: they share Slack's connections, and each knows what the others do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.service import Service
from bot.settings import Settings
from bot.simulator import Simulator
from db import Store
from db.instances import ProcessRole
from db.records import AlertKind, Run, RunKind, RunState
from tests.conftest import QUICK, settings_for
from tests.stories.test_a_change_in_slack import find
from tests.support.engines import Migrated, a_database
from tests.support.html import read
from tests.support.visitor import Visitor, a_link
from tests.support.waiting import eventually

CALMER = replace(
    QUICK,
    beat_every_s=0.5,
    look_every_s=1,
    digest_look_every_s=5,
    rhythm=replace(QUICK.rhythm, rest_s=1, look_again_s=1),
)
"""Eleven services in one process, on a machine that does other things as well."""

Start = Callable[..., Any]
WEB, BOT = ProcessRole.WEB, ProcessRole.BOT


@pytest.fixture
async def slack() -> AsyncIterator[Simulator]:
    """One that sends again sooner: several processes in one are slow now and then."""
    async with Simulator(retry_delays=(0.0, 2.0, 10.0)) as simulator:
        yield simulator


@pytest.fixture(params=["postgresql", "mariadb"])
async def server_settings(
    request: pytest.FixtureRequest, slack: Simulator, tmp_path: Path, migrated: Migrated
) -> AsyncIterator[Settings]:
    """Settings that lead to the pretend Slack and to a server that several may share."""
    async with a_database(request.param, tmp_path, migrated) as url:
        yield settings_for(slack, url)


@pytest.fixture
async def shared(slack: Simulator, tmp_path: Path, migrated: Migrated) -> AsyncIterator[Settings]:
    """The same on one engine, where the engine is not the subject."""
    async with a_database("postgresql", tmp_path, migrated) as url:
        yield settings_for(slack, url)


@pytest.fixture
async def begin(start: Start) -> Start:
    """Start another process on a database."""

    async def begin(settings: Settings, role: ProcessRole = ProcessRole.ALL, **options: Any) -> Service:
        service: Service = await start(settings, role=role, **{"pace": CALMER, **options})
        return service

    return begin


def held(*services: Service) -> list[int]:
    return [service.status().sockets for service in services]


async def shared_as(slack: Simulator, expected: list[int], *services: Service) -> None:
    """Wait until each holds its share, and Slack counts no more than that."""
    await eventually(
        lambda: held(*services) == expected and slack.sockets == sum(expected),
        within_s=90,
        of=f"shares of {expected}, not {held(*services)}",
    )


async def dies(service: Service) -> None:
    """End everything a process does, without a goodbye to database or Slack, as a kill does."""
    await service._tasks.cancel_all()
    for client in tuple(service.sockets._clients):
        await client.close()


async def is_forgotten(store: Store, service: Service) -> None:
    """Let the database have heard nothing of a process for as long as one is waited for."""
    import sqlalchemy as sa

    from db.tables import instances

    async with store.transaction() as tx:
        connection = tx.instances._connection
        ours = instances.c.instance == service.house.instance
        long_ago = instances.c.heartbeat_at - sa.literal_column("interval '16 seconds'")
        await connection.execute(sa.update(instances).where(ours).values(heartbeat_at=long_ago))


async def readiness(service: Service) -> tuple[int, dict[str, Any]]:
    async with httpx.AsyncClient(base_url=service.url) as client:
        answer = await client.get("/readyz")
        return answer.status_code, answer.json()


def has_alert(service: Service) -> bool:
    return any(each.kind is AlertKind.SOCKETS for each in service.alerts.open)


def is_at_rest(service: Service) -> bool:
    """Say whether it has made its runs and is in for no other for long."""
    runs = service.runs
    return bool(runs.finished) and runs.progress is None and runs.next_reconcile_in_s > 3600


async def page(service: Service, path: str = "/") -> httpx.Response:
    async with httpx.AsyncClient(base_url=service.url, headers={"Accept": "text/html"}) as client:
        return await client.get(path)


async def test_two_replicas_share_and_the_one_that_stays_goes_on_alone(
    slack: Simulator, server_settings: Settings, begin: Start
) -> None:
    first, second = await begin(server_settings), await begin(server_settings)
    await shared_as(slack, [2, 2], first, second)
    await eventually(lambda: first.house.roster.others and second.house.roster.others, within_s=90, of="each other")
    assert (0, 1) == (first.house.roster.rank, second.house.roster.rank)

    await first.close()
    await eventually(lambda: not second.house.roster.others, within_s=90, of="the row taken out")
    ada = slack.joins("Ada Lovelace")
    await slack.eventually_acked(timeout=90)

    assert await find(second, slack, ada.id) is not None
    assert 0 == second.house.roster.rank
    assert [2] == held(second)


async def test_six_replicas_hold_eight_connections_and_lose_nothing_as_they_come_and_go(
    slack: Simulator, shared: Settings, begin: Start
) -> None:
    services: list[Service] = []
    for _ in range(6):
        services.append(await begin(shared))
        slack.joins(f"Ada {len(services)}")
    await shared_as(slack, [2, 2, 1, 1, 1, 1], *services)

    await services[0].close()
    joined = [slack.joins(f"Grace {number}") for number in range(20)]
    await shared_as(slack, [2, 2, 2, 1, 1], *services[1:])
    await slack.eventually_acked(timeout=90)

    for user in joined:
        assert await find(services[1], slack, user.id) is not None


async def test_the_eleventh_stands_by_and_takes_over_when_one_dies(
    slack: Simulator, shared: Settings, begin: Start
) -> None:
    services = [await begin(shared) for _ in range(11)]
    await shared_as(slack, [1] * 10 + [0], *services)
    last = services[-1]
    await eventually(lambda: last.status().is_backfilled, within_s=90, of="everybody read")

    async def is_ready() -> bool:  # a busy database may take its time, and a connection may be at its replacement
        status, told = await readiness(last)
        sockets = (told["sockets"], told["sockets_wanted"], told["sockets_elsewhere"])
        return status == 200 and sockets == (0, 0, 10)

    await eventually(is_ready, within_s=90, of="word that it is ready and others hold ten")
    assert last.status().is_connected
    await eventually(lambda: not has_alert(last), within_s=90, of="no alert")

    await dies(services[3])
    await is_forgotten(last.store, services[3])
    await eventually(lambda: held(last) == [1], within_s=90, of="the share of the dead one")


async def test_a_replica_that_cannot_connect_says_so_itself_while_the_others_follow(
    slack: Simulator, shared: Settings, begin: Start
) -> None:
    first = await begin(shared)
    await shared_as(slack, [2], first)
    await eventually(lambda: first.status().is_backfilled, within_s=90, of="everybody read")
    slack.faults.fail("apps.connections.open", http_status=502, times=None)
    second = await begin(shared)

    async def is_told() -> bool:
        return "Slack refuses a connection" in str((await readiness(second))[1]["warnings"])

    await eventually(is_told, within_s=90, of="a word of it")
    _, ready = await readiness(second)

    told = next(each for each in ready["warnings"] if "no connection" in each)
    assert "This usersync has no connection to Slack. Changes arrive all the same, for 2 are held by others" in told
    assert not [each for each in ready["reasons"] if "connection" in each]
    assert second.status().is_connected
    assert second.status().trouble is None
    assert not has_alert(second)


async def test_replicas_are_not_called_somebody_else(slack: Simulator, shared: Settings, begin: Start) -> None:
    services = [await begin(shared) for _ in range(2)]
    await shared_as(slack, [2, 2], *services)
    await eventually(lambda: services[0].house.roster.connections(None) == 2, within_s=90, of="the others' connections")

    slack.disconnects("warning", closes_after=1)
    await eventually(lambda: slack.hellos >= 8, within_s=90, of="other hellos")
    await shared_as(slack, [2, 2], *services)

    assert all(service.sockets.status.crowded is None for service in services)


@pytest.mark.runs_on("sqlite", because="it is about a file")
async def test_a_file_has_one_process_and_no_row(slack: Simulator, settings: Settings, begin: Start) -> None:
    service = await begin(settings)
    await shared_as(slack, [2], service)

    async with service.store.reading() as rx:
        said = await rx.instances.list_said()

    assert () == said
    assert () == service.house.roster.others


async def test_the_page_of_a_web_replica_tells_what_the_bot_does(
    slack: Simulator, server_settings: Settings, begin: Start
) -> None:
    for number in range(30):
        slack.adds(f"Ada {number}")
    bot = await begin(server_settings, BOT)
    web = await begin(server_settings.model_copy(update={"slack_app_token": None, "slack_bot_token": None}), WEB)
    await eventually(lambda: bot.runs.finished, within_s=90, of="the first run")
    await eventually(lambda: web.status().is_backfilled and web.status().is_connected, within_s=90, of="word of it")
    await eventually(lambda: web.status().sockets_elsewhere == 2, within_s=90, of="word of both connections")

    status, (code, told) = web.status(), await readiness(web)
    shown = await page(web)

    assert (0, 2) == (status.sockets, status.sockets_elsewhere)
    assert status.last_heard_at is not None
    assert status.walked_at == bot.status().walked_at
    assert (200, []) == (code, told["reasons"])
    assert "Ada 7" in shown.text
    assert not slack.calls("users.info")


async def test_a_web_replica_shows_how_far_the_run_of_the_bot_is(
    slack: Simulator, shared: Settings, begin: Start
) -> None:
    for number in range(30):
        slack.adds(f"Ada {number}")
    web = await begin(shared, WEB)
    slack.faults.fail("users.list", ratelimited=3)
    await begin(shared, BOT)

    walk = await eventually(lambda: web.status().walk, within_s=90, of="the run")

    assert walk.started_at is not None
    await eventually(lambda: web.status().walk is None and web.status().walked_at, within_s=90, of="its end")


async def test_without_a_bot_the_page_says_that_nobody_follows_slack(
    slack: Simulator, shared: Settings, begin: Start
) -> None:
    web = await begin(shared, WEB)

    code, told = await readiness(web)
    shown = await page(web)

    assert 503 == code
    assert "Nobody follows Slack right now" in told["reasons"][0]
    assert "usersync serve --only bot" in told["reasons"][0]
    assert 1 == str(told).count("so changes do not arrive")
    assert 1 == str(told).count("Nobody follows Slack right now")
    assert "Nobody follows Slack right now" in shown.text
    figures = (await page(web, "/metrics")).text
    assert "usersync_followed 0.0" in figures
    assert "usersync_sockets_open" not in figures, "that is the others' to tell"


async def test_a_bot_replica_shows_no_directory_and_says_where_it_is(
    slack: Simulator, shared: Settings, begin: Start
) -> None:
    bot = await begin(shared.model_copy(update={"public_url": "https://people.example"}), BOT)
    await eventually(lambda: bot.status().is_backfilled, within_s=90, of="the first run")

    refused = await page(bot)
    code, _ = await readiness(bot)

    assert (404, 200) == (refused.status_code, code)
    assert "It is at https://people.example" in refused.text
    assert 200 == (await page(bot, "/healthz")).status_code
    assert "usersync_sockets_open 2.0" in (await page(bot, "/metrics")).text
    assert 404 == (await page(bot, "/api/v1/users")).status_code


async def test_a_resync_wished_for_on_a_web_replica_is_made_once_by_a_bot(
    slack: Simulator, server_settings: Settings, begin: Start
) -> None:
    bots = [await begin(server_settings, BOT) for _ in range(2)]
    web = await begin(server_settings, WEB)
    await eventually(lambda: all(is_at_rest(bot) for bot in bots), within_s=90, of="no run to come")
    await eventually(lambda: web.house.roster.bots and not web.status().walk, within_s=90, of="the bots")
    ada = slack.adds("Ada Lovelace")

    outcome = await web.house.deeds.resync(slack.team_id, "UASKER")
    await eventually(lambda: find(web, slack, ada.id), within_s=90, of="who was read")

    assert "asked" == outcome.word
    async with web.store.reading() as rx:
        asked = [run for run in await rx.runs.list_runs(100) if run.asked_by == "UASKER"]
        left = await rx.wishes.list_wishes(slack.team_id)
    assert 1 == len(asked)
    assert () == left


async def held_run(service: Service, slack: Simulator) -> int:
    """Let the last run be one that was held; tell its number."""
    async with service.store.transaction() as tx:
        run = await tx.runs.begin(
            slack.team_id,
            kind=RunKind.RECONCILE,
            instance="one before",
            asked_by=None,
            is_confirmed=False,
            expected=None,
            at=datetime.now(UTC),
        )
        await tx.runs.end(run.run_id, "one before", state=RunState.HELD, at=datetime.now(UTC))
    return run.run_id


async def are_confirmed(service: Service) -> list[Run]:
    async with service.store.reading() as rx:
        return [run for run in await rx.runs.list_runs(100) if run.is_confirmed]


async def bot_and_web(settings: Settings, begin: Start) -> tuple[Service, Service]:
    """Both at rest, and known to each other."""
    bot, web = await begin(settings, BOT), await begin(settings, WEB)
    await eventually(lambda: is_at_rest(bot) and web.house.roster.bots, within_s=90, of="the first run")
    await eventually(lambda: not web.status().walk, within_s=90, of="no run under way")
    return bot, web


async def test_a_confirmation_on_a_web_replica_is_asked_of_slack_by_the_bot(
    slack: Simulator, shared: Settings, begin: Start
) -> None:
    member = slack.adds("Ada Lovelace")
    _, web = await bot_and_web(shared, begin)

    outcome = await web.house.deeds.confirm(slack.team_id, member.id, run_id=await held_run(web, slack))
    await eventually(lambda: slack.calls("users.info"), within_s=90, of="the question who that is")
    await eventually(lambda: no_wishes(web, slack), within_s=90, of="the wish taken")

    assert "asked" == outcome.word
    assert not await are_confirmed(web)


async def test_a_confirmation_on_a_web_replica_is_of_the_run_that_was_shown_and_of_no_later_one(
    slack: Simulator, shared: Settings, begin: Start
) -> None:
    late, ines = (slack.adds(name, is_admin=True) for name in ("Late Comer", "Ines Carvalho"))
    _, web = await bot_and_web(shared, begin)
    shown, held = await held_run(web, slack), await held_run(web, slack)

    await web.house.deeds.confirm(slack.team_id, late.id, run_id=shown)
    await web.house.deeds.confirm(slack.team_id, ines.id, run_id=held)
    runs = await eventually(lambda: are_confirmed(web), within_s=90, of="the confirmed run")

    assert [ines.id] == [run.asked_by for run in runs]
    assert await no_wishes(web, slack)


async def no_wishes(service: Service, slack: Simulator) -> bool:
    async with service.store.reading() as rx:
        return not await rx.wishes.list_wishes(slack.team_id)


async def test_a_wish_is_refused_where_slack_refuses_the_token_of_whoever_would_take_it(
    slack: Simulator, shared: Settings, begin: Start
) -> None:
    bot = await begin(shared, BOT)
    await eventually(lambda: bot.status().is_backfilled, within_s=90, of="the first run")
    web = await begin(shared, WEB)
    slack.revokes_token()
    bot.runs.want("a test")
    await eventually(lambda: any(each.refusal for each in web.house.roster.bots), within_s=90, of="word of the refusal")

    outcome = await web.house.deeds.resync(slack.team_id, "U0ADA")

    assert "refused" == outcome.word
    assert "Another usersync" in outcome.words


async def test_a_wish_is_refused_in_words_where_no_bot_lives(slack: Simulator, shared: Settings, begin: Start) -> None:
    web = await begin(shared, WEB)

    outcome = await web.house.deeds.resync(slack.team_id, "UASKER")

    assert "refused" == outcome.word
    assert "Nobody follows Slack right now" in outcome.words


async def test_the_last_connection_of_all_that_is_lost_is_told_by_those_who_had_one(
    slack: Simulator, shared: Settings, begin: Start
) -> None:
    services = [await begin(shared) for _ in range(2)]
    await shared_as(slack, [2, 2], *services)

    await eventually(lambda: not any(map(has_alert, services)), within_s=90, of="the end of what was at the start")

    slack.faults.fail("apps.connections.open", http_status=502, times=None)
    slack.drops_sockets()

    await eventually(lambda: any(map(has_alert, services)), within_s=90, of="the alert")
    assert not any(service.status().is_connected for service in services)
    slack.faults.clear()
    await asyncio.gather(*(eventually(lambda each=each: held(each) == [2], within_s=90) for each in services))


async def test_what_is_wrong_at_the_bot_is_told_on_the_page_of_a_web_replica(
    slack: Simulator, shared: Settings, begin: Start
) -> None:
    bot, web = await begin(shared, BOT), await begin(shared, WEB)
    await eventually(lambda: is_at_rest(bot), within_s=90, of="the first run")

    slack.faults.fail("users.list", error="missing_scope", times=None)
    bot.runs.want("a test")

    told = await eventually(lambda: web.status().trouble, within_s=90, of="the trouble")
    await eventually(lambda: "the last full check failed" in web.status().amiss, within_s=90, of="the alert")
    assert told == f"Another usersync ({bot.house.instance.partition(' (')[0]}) says: {bot.status().trouble}"
    assert web.status().is_connected


async def test_an_admin_asks_for_a_resync_on_the_page_of_a_web_replica_and_is_known_at_every_other(
    slack: Simulator, shared: Settings, begin: Start
) -> None:
    ines = slack.adds("Ines Carvalho", is_admin=True)
    guarded = shared.model_copy(update={"auth": "slack", "secret_key": SecretStr("k" * 40)})
    bot, web, other = await begin(guarded, BOT), await begin(guarded, WEB), await begin(guarded, WEB)
    await eventually(lambda: is_at_rest(bot) and web.status().is_backfilled, within_s=90, of="the first run")
    await eventually(lambda: web.house.roster.bots and not web.status().walk, within_s=90, of="the bot")
    async with Visitor(web.url) as admin, Visitor(other.url) as elsewhere:
        assert 303 == (await admin.signs_in(await a_link(bot, slack.team_id, ines.id))).status_code
        elsewhere.cookies.update(admin.cookies)

        answer = await admin.post("/runs/resync", headers={"Origin": admin.origin})
        known = await elsewhere.get("/")

        async def is_told() -> bool:
            kinds = read((await elsewhere.get("/runs")).text).all(class_="entry-kind")
            return "Asked for by Ines Carvalho" in [each.text for each in kinds]

        await eventually(is_told, within_s=90, of="the run on the page")
        await admin.signs_out()
        gone = await elsewhere.get("/")

    assert "/runs?done=asked" == answer.headers["location"]
    assert (200, 401) == (known.status_code, gone.status_code)
